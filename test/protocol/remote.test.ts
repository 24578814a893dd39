/** `remote`: who the peer of a session is, and `listen()` on an inherited descriptor. */

import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Address, lines, type Remote, streamPair } from '../../src/index.ts';
import { makeCertificates } from '../support/certificates.ts';
import { createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const { ca, server, client } = await makeCertificates();

/** A protocol whose handshake keeps who the peer is. */
function create() {
  const seen: Remote[] = [];
  const protocol = createProtocol<string>({
    codec: lines(),
    handshake: (session) => {
      seen.push(session.remote);
      return Promise.resolve();
    },
  });
  return { protocol, seen };
}

const KINDS: [string, () => Promise<[listen: Address, tls?: object]>][] = [
  ['a UNIX socket', async () => [`${await tempDir()}/socket`]],
  ['TCP', () => Promise.resolve([{ port: 0 }])],
  [
    'TLS',
    () =>
      Promise.resolve([
        { port: 0, tls: { ...server, ca, requestCert: true, rejectUnauthorized: true } },
        { ca, ...client },
      ]),
  ],
];

describe.each(KINDS)('over %s', (_, addresses) => {
  it('is known in the handshake and after the end, on both sides', async () => {
    const [listening, dialing] = [create(), create()];
    const [address, tls] = await addresses();
    const bound = await listening.protocol.listen(address);
    expect(listening.protocol.remote).toBeUndefined();
    const accepted = listening.protocol.accept();
    await dialing.protocol.connect(tls === undefined ? bound : { ...tcp(bound), tls });
    await accepted;
    const [near, far] = [dialing.protocol.remote, listening.protocol.remote];
    expect([dialing.seen, listening.seen]).toEqual([[near], [far]]);
    const authorized = tls === undefined ? {} : { authorized: true };
    if ('path' in bound) {
      expect([near, far]).toEqual([bound, bound]);
    } else {
      expect(near).toEqual({ address: bound.host, port: bound.port, ...authorized });
      expect(far).toEqual({
        address: '127.0.0.1',
        port: expect.any(Number) as number,
        ...authorized,
      });
    }
    await Promise.all([dialing.protocol.disconnect(), listening.protocol.closed]);
    expect([dialing.protocol.remote, listening.protocol.remote]).toEqual([near, far]);
    const certificates = [near?.certificate, far?.certificate];
    expect(certificates.every((certificate) => certificate?.subject.CN === 'localhost')).toBe(
      tls !== undefined,
    );
  });
});

const tcp = (bound: object): { readonly host: string; readonly port: number } => {
  if ('host' in bound && 'port' in bound)
    return { host: String(bound.host), port: Number(bound.port) };
  throw new Error('It has no port');
};

it('is forgotten by the next attempt, and unknown of a stream in memory', async () => {
  const { protocol } = create();
  const path = `${await tempDir()}/socket`;
  const listening = create().protocol;
  await listening.listen(path);
  const accepted = listening.accept();
  await protocol.connect(path);
  await accepted;
  await Promise.all([protocol.disconnect(), listening.closed]);
  expect(protocol.remote).toEqual({ path });
  await rejection(protocol.connect('/nowhere/at/all'));
  expect(protocol.remote).toBeUndefined();
  await protocol.connect({ stream: streamPair()[0] });
  expect(protocol.remote).toEqual({});
  await protocol.disconnect({ force: true });
});

describe('{ fd }', () => {
  it('cannot be dialed', async () => {
    const { protocol } = create();
    const address: Address = JSON.parse('{"fd":3}') as never;
    expect(await rejection(protocol.connect(address))).toMatchObject({
      cause: { code: 'ERR_ARGUMENT', message: /^\{ fd \} is for listen\(\)/ },
    });
  });

  it('that is not a socket rejects listen(), with the number', async () => {
    const { protocol } = create();
    const fd = openSync(import.meta.filename, 'r');
    const error = await rejection(protocol.listen({ fd }));
    expect(error).toMatchObject({
      code: 'ERR_CONNECT',
      retryable: false,
      cause: { code: 'ERR_ARGUMENT', cause: { code: 'EINVAL' } },
    });
    expect(String(error)).toContain(`The file descriptor ${String(fd)} cannot be listened on`);
    expect(protocol.runstate).toBe('IDLE');
    closeSync(fd);
  });
});
