/** TLS: its handshake has the bounds and the deadline of the protocol's handshake. */

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

/** A listening TLS server, its bound address, and the address for its clients. */
async function createTlsServer(options: ProtocolServerOptions = {}, tls: object = {}) {
  const fixture = createTestServer(echo, options);
  const address = await fixture.server.listen({ port: 0, tls: { ...identity, ...tls } });
  if (!('port' in address)) throw new Error('It has no port');
  return { ...fixture, address, clientAddress: { ...address, tls: { ca } } };
}

/** A raw TLS client whose errors are ignored. */
function dialTls(address: BoundAddress, options: ConnectionOptions) {
  const socket = connect({ ...address, ca, ...options });
  cleanUp(() => socket.destroy());
  return socket.on('error', () => undefined).resume();
}

describe('the TLS handshake', () => {
  it('is aborted at the deadline when it stalls, and blocks no other peer', async () => {
    const clock = new SimulatedClock();
    const { errors, failed, address, clientAddress } = await createTlsServer({ clock });
    const stalled = await dialSocket(address);
    // Half of a handshake's first record: the server waits for the rest.
    stalled.write(Buffer.from([0x16, 0x03, 0x01]));
    expect(await numberOf(await dialLines(clientAddress))).toBe(2);
    clock.increment(9_999);
    expect(errors).toEqual([]);
    clock.increment(1);
    await Promise.all([failed(1), disconnected(stalled)]);
    expect(errors).toMatchObject([
      { number: 1, error: { phase: 'connection', cause: { phase: 'handshake', ms: 10_000 } } },
    ]);
  });

  it('takes one of the slots for handshakes', async () => {
    const clock = new SimulatedClock();
    const limits = { maxHandshakes: 1 };
    const { failed, address, clientAddress } = await createTlsServer({ clock, limits });
    const stalled = await dialSocket(address);
    const good = createClient();
    const connected = good.protocol.connect(clientAddress);
    expect(await hasSettled(connected)).toBe(false);
    clock.increment(10_000);
    await Promise.all([failed(1), disconnected(stalled), connected]);
    expect(await numberOf(good)).toBe(2);
  });

  it('begins when a slot is free, also when the client has sent its hello before', async () => {
    const { server, clientAddress } = await createTlsServer({ limits: { maxPeers: 1 } });
    const first = await dialLines(clientAddress);
    const second = createClient();
    const connected = second.protocol.connect(clientAddress);
    expect(await hasSettled(connected)).toBe(false);
    await first.protocol.disconnect();
    await connected;
    expect(await numberOf(second)).toBe(2);
    expect(server.refused).toBe(0);
  });

  it.each<[string, (address: BoundAddress) => Promise<unknown>, RegExp]>([
    [
      'by another protocol',
      async (address) => (await dialSocket(address)).write('GET / HTTP/1.0\r\n\r\n'),
      /http request/,
    ],
    [
      'by a reset',
      async (address) => (await dialSocket(address)).resetAndDestroy(),
      /left|hang up|ECONNRESET/,
    ],
    [
      'without a certificate',
      (address) => Promise.resolve(dialTls(address, {})),
      /did not return a certificate/,
    ],
    [
      'with a certificate that the server refuses',
      (address) => Promise.resolve(dialTls(address, { ...untrusted })),
      /certificate was refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
    ],
  ])('is reported and logged with the reason when it fails %s', async (_, fail, reason) => {
    const { logger, records } = recordingLogger();
    const tls = { ca, requestCert: true, rejectUnauthorized: true };
    const { errors, failed, address, clientAddress } = await createTlsServer({ logger }, tls);
    await fail(address);
    await failed(1);
    expect(errors).toMatchObject([{ number: 1, error: { code: 'ERR_CONNECT' } }]);
    expect(errors[0]?.error.message).toMatch(reason);
    expect(records.filter((record) => record.startsWith('warn #1: '))).toHaveLength(1);
    const good = await dialLines({ ...clientAddress, tls: { ca, ...client } });
    expect(await numberOf(good)).toBe(2);
  });

  it.each([true, false])('is aborted by close({ force: %j }), and not reported', async (force) => {
    const { server, errors, address } = await createTlsServer();
    const stalled = await dialSocket(address);
    stalled.write(Buffer.from([0x16, 0x03, 0x01]));
    await turn();
    await Promise.all([server.close({ force }), disconnected(stalled)]);
    expect(errors).toEqual([]);
  });
});
