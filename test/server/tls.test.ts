/** TLS: a handshake before the handshake, with the same bounds and the same deadline. */

import { connect, type ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { BoundAddress, ProtocolServerOptions } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createClient,
  createTestServer,
  dialLines,
  dialSocket,
  echo,
  disconnected,
  numberOf,
} from '../support/servers.ts';
import { hasSettled, turn } from '../support/signal.ts';

expectIdleAfterEach();

const { ca, server: identity, client, untrusted } = await makeCertificates();

/** A server of TLS, and how a client reaches it. */
async function secureHouse(options: ProtocolServerOptions = {}, tls: object = {}) {
  const house = createTestServer(echo, options);
  const address = await house.server.listen({ port: 0, tls: { ...identity, ...tls } });
  if (!('port' in address)) throw new Error('It has no port');
  return { ...house, address, reach: { ...address, tls: { ca } } };
}

/** A client of TLS whose errors do not matter. */
function dialTls(address: BoundAddress, options: ConnectionOptions) {
  const socket = connect({ ...address, ca, ...options });
  cleanUp(() => socket.destroy());
  return socket.on('error', () => undefined).resume();
}

describe('the handshake of TLS', () => {
  it('that never ends is ended by the deadline, and blocks nobody', async () => {
    const clock = new SimulatedClock();
    const { errors, failed, address, reach } = await secureHouse({ clock });
    const mute = await dialSocket(address);
    // Half of a handshake's first record: the server waits for the rest.
    mute.write(Buffer.from([0x16, 0x03, 0x01]));
    expect(await numberOf(await dialLines(reach))).toBe(2);
    clock.increment(9_999);
    expect(errors).toEqual([]);
    clock.increment(1);
    await Promise.all([failed(1), disconnected(mute)]);
    expect(errors).toMatchObject([
      { number: 1, error: { phase: 'connection', cause: { phase: 'handshake', ms: 10_000 } } },
    ]);
  });

  it('takes a place of those for handshakes', async () => {
    const clock = new SimulatedClock();
    const limits = { maxHandshakes: 1 };
    const { failed, address, reach } = await secureHouse({ clock, limits });
    const mute = await dialSocket(address);
    const good = createClient();
    const connected = good.protocol.connect(reach);
    expect(await hasSettled(connected)).toBe(false);
    clock.increment(10_000);
    await Promise.all([failed(1), disconnected(mute), connected]);
    expect(await numberOf(good)).toBe(2);
  });

  it('begins when there is a place, also for who has said hello before', async () => {
    const { server, reach } = await secureHouse({ limits: { maxPeers: 1 } });
    const first = await dialLines(reach);
    const second = createClient();
    const connected = second.protocol.connect(reach);
    expect(await hasSettled(connected)).toBe(false);
    await first.protocol.disconnect();
    await connected;
    expect(await numberOf(second)).toBe(2);
    expect(server.refused).toBe(0);
  });

  it.each<[string, (address: BoundAddress) => Promise<unknown>, RegExp]>([
    [
      'by something else',
      async (address) => (await dialSocket(address)).write('GET / HTTP/1.0\r\n\r\n'),
      /http request/,
    ],
    [
      'by leaving',
      async (address) => (await dialSocket(address)).resetAndDestroy(),
      /left|hang up|ECONNRESET/,
    ],
    [
      'without a certificate',
      (address) => Promise.resolve(dialTls(address, {})),
      /did not return a certificate/,
    ],
    [
      'with a certificate that we refuse',
      (address) => Promise.resolve(dialTls(address, { ...untrusted })),
      /certificate was refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
    ],
  ])('that fails %s is reported with the reason, and logged', async (_, fail, reason) => {
    const { logger, records } = recordingLogger();
    const tls = { ca, requestCert: true, rejectUnauthorized: true };
    const { errors, failed, address, reach } = await secureHouse({ logger }, tls);
    await fail(address);
    await failed(1);
    expect(errors).toMatchObject([{ number: 1, error: { code: 'ERR_CONNECT' } }]);
    expect(errors[0]?.error.message).toMatch(reason);
    expect(records.filter((record) => record.startsWith('warn #1: '))).toHaveLength(1);
    const good = await dialLines({ ...reach, tls: { ca, ...client } });
    expect(await numberOf(good)).toBe(2);
  });

  it.each([true, false])(
    'is ended by close({ force: %j }), and reported by nobody',
    async (force) => {
      const { server, errors, address } = await secureHouse();
      const mute = await dialSocket(address);
      mute.write(Buffer.from([0x16, 0x03, 0x01]));
      await turn();
      await Promise.all([server.close({ force }), disconnected(mute)]);
      expect(errors).toEqual([]);
    },
  );
});
