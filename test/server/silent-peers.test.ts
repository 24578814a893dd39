/** Silent peers of a server: the kernel probes them, and `timeouts.idle` ends them. */

import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { BoundTcp } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { secondsToProbe } from '../support/keep-alive.ts';
import { until } from '../support/listeners.ts';
import {
  createTestServer,
  dialLines,
  dialSocket,
  disconnected,
  numberOf,
} from '../support/servers.ts';

expectIdleAfterEach();

const certificates = await makeCertificates();

function dialTls(address: BoundTcp): Socket {
  const socket = connectTls({ ...address, ca: certificates.ca });
  socket.on('error', () => undefined);
  cleanUp(() => socket.destroy());
  return socket;
}

it.each([
  ['TCP', {}, dialSocket],
  ['TLS', { tls: certificates.server }, dialTls],
] as const)('the kernel probes them after 30 s by default, with %s', async (_, options, dial) => {
  const { server } = createTestServer();
  const address = await server.listen({ port: 0, ...options });
  const socket = await dial(address);
  await until(() => server.peers.length === 1);
  // While bytes are not acknowledged, the kernel has another timer.
  let seconds: number | undefined;
  await until(() => {
    seconds = secondsToProbe(address.port, socket.localPort ?? 0);
    return seconds !== undefined;
  });
  expect(seconds).toBeGreaterThan(25);
  expect(seconds).toBeLessThanOrEqual(30);
});

it('timeouts.idle ends those of a server, each by itself', async () => {
  const clock = new SimulatedClock();
  const { server, errors, failed } = createTestServer(undefined, {
    clock,
    timeouts: { idle: 8_000 },
  });
  const address = await server.listen({ port: 0 });
  const [talking, silent] = [await dialLines(address), await dialSocket(address)];
  await numberOf(talking);
  await until(() => server.peers.length === 2);
  // The session looks four times in the deadline whether anything has arrived.
  for (let at = 0; at < 5; at += 1) {
    expect(errors).toEqual([]);
    await numberOf(talking);
    clock.increment(2_000);
  }
  await failed(1);
  await disconnected(silent);
  expect(errors).toMatchObject([{ number: 2, error: { code: 'ERR_TIMEOUT', phase: 'idle' } }]);
  expect(await numberOf(talking)).toBe(1);
});
