/** `limits.maxBufferedBytes`: what all peers of a server hold together is bounded, wherever it is held. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  jsonStream,
  lengthPrefixed,
  lines,
  ProtocolServer,
  streamPair,
} from '../../src/index.ts';
import { resolveServerLimits } from '../../src/server/options.ts';
import { makeCertificates } from '../support/certificates.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import {
  createTestServer,
  dialLines,
  dialSocket,
  disconnected,
  echo,
  numberOf,
} from '../support/servers.ts';
import { gate, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const MB = 1_000_000;
const LIMIT = { limit: 4 * MB, code: 'ERR_LIMIT' };
const limits = { maxBufferedBytes: 4 * MB };

/** Writes so many bytes of a line that does not end. */
const writePart = (socket: Socket, bytes: number): void => {
  socket.write('x'.repeat(bytes));
};

describe('limits.maxBufferedBytes', () => {
  it('fails the peer that holds the most, and no other, when lines do not end', async () => {
    const { server, errors, failed } = createTestServer(echo, { limits });
    const address = await server.listen({ port: 0 });
    const good = await dialLines(address);
    const [some, most, last] = [
      await dialSocket(address),
      await dialSocket(address),
      await dialSocket(address),
    ];
    writePart(some, MB);
    await until(() => server.stats.bufferedBytes === MB);
    writePart(most, 2 * MB);
    await until(() => server.stats.bufferedBytes === 3 * MB);
    writePart(last, 1.5 * MB);
    await failed(1);
    await disconnected(most);
    expect(errors).toMatchObject([{ number: 3, error: LIMIT }]);
    expect(errors[0]?.error).toHaveProperty('message', expect.stringContaining('maxBufferedBytes'));
    await until(() => server.stats.bufferedBytes === 2.5 * MB);
    expect(server.stats).toMatchObject({ running: 3, failed: 1, refused: 0 });
    expect(await numberOf(good)).toBe(1);
    // What is freed can be used: the message of one that was let be arrives.
    some.write('\n');
    await once(some, 'data');
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['lengthPrefixed()', lengthPrefixed(), Buffer.of(0, 0x80, 0, 0)],
    ['jsonStream()', jsonStream(), Buffer.from('{"execute": "')],
    [
      'a codec that does not tell how much it holds',
      {
        encode: () => '',
        createDecoder: () => ({ write: () => 0, read: () => undefined, end: () => 0 }),
      },
      Buffer.alloc(0),
    ],
  ])('bounds messages that do not end of %s', async (_, codec, beginning) => {
    const errors: unknown[] = [];
    const server = new ProtocolServer<unknown, never>(
      { codec },
      { limits, onPeerError: (error) => errors.push(error) },
    );
    cleanUp(() => server.close({ force: true }));
    const address = await server.listen({ port: 0 });
    for (let count = 0; count < 5; count += 1) {
      const socket = await dialSocket(address);
      socket.write(beginning);
      writePart(socket, 0.9 * MB); // so that four of them fit
    }
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([LIMIT]);
    expect(server.stats.running).toBe(4);
  });

  it('bounds what is queued for peers that do not read, when no send() is awaited', async () => {
    const { server, errors, failed } = createTestServer(
      (_number, peer) => ({
        codec: lines(),
        onMessage: (line) => {
          for (let count = Number(line); count > 0; count -= 1) void peer().send('x'.repeat(MB));
        },
      }),
      { limits },
    );
    const address = await server.listen({ port: 0 });
    const [small, large] = [await dialSocket(address), await dialSocket(address)];
    small.pause().write('1\n');
    await until(() => server.stats.messagesIn === 1);
    large.pause().write('9\n');
    await failed(1);
    await disconnected(large);
    expect(errors).toMatchObject([{ number: 2, error: LIMIT }]);
    let length = 0;
    small.on('data', (chunk: Buffer) => (length += chunk.length)).resume();
    await until(() => length === MB + 1);
    await until(() => server.stats.bufferedBytes === 0);
  });

  it('rejects the send() that exceeds it, and is no unhandled rejection without await', async () => {
    const { server } = createTestServer(echo, { limits });
    const [near] = streamPair();
    const peer = await server.adopt(near);
    void peer.send('x'.repeat(5 * MB));
    const [other] = streamPair();
    const second = await server.adopt(other);
    expect(await rejection(second.send('x'.repeat(5 * MB)))).toMatchObject(LIMIT);
    expect(await Promise.all([peer.closed, second.closed])).toMatchObject([
      { cause: LIMIT },
      { cause: LIMIT },
    ]);
    expect(await rejection(second.send('x'))).toMatchObject({ code: 'ERR_STATE' });
  });

  it("counts a message until its handler has finished, and ends a peer whose handler doesn't", async () => {
    const { opened, open } = gate();
    const { server, errors, failed } = createTestServer(
      { codec: lines(), onMessage: () => opened },
      { limits },
    );
    const address = await server.listen({ port: 0 });
    const [first, second] = [await dialSocket(address), await dialSocket(address)];
    first.write(`${'x'.repeat(2 * MB)}\n`);
    await until(() => server.stats.messagesIn === 1);
    expect(server.stats.bufferedBytes).toBe(2 * MB + 1);
    writePart(second, 2.5 * MB);
    await failed(1);
    open();
    await until(() => server.stats.bufferedBytes <= 2.5 * MB);
    expect(errors).toMatchObject([{ number: expect.any(Number) as number, error: LIMIT }]);
    first.destroy();
    second.destroy();
    await until(() => server.peers.length === 0);
    expect(server.stats.bufferedBytes).toBe(0);
  });

  it('bounds what peers hold in the handshake, both ways', async () => {
    const { server, errors, failed } = createTestServer(
      (number) => ({
        codec: lines(),
        handshake: async (session) => {
          if (number === 1) await session.send('x'.repeat(3 * MB));
          await session.receive();
        },
      }),
      { limits },
    );
    // Nothing reads from the other end, and a pair has no buffers of the kernel.
    server.adopt(streamPair()[0]).catch(() => undefined);
    await until(() => server.stats.bufferedBytes > 3 * MB);
    const [near, far] = streamPair();
    server.adopt(near).catch(() => undefined);
    far.write('x'.repeat(MB));
    await failed(1);
    expect(errors).toMatchObject([{ number: 1, error: { code: 'ERR_CONNECT', cause: LIMIT } }]);
    far.write('x'.repeat(3.1 * MB));
    await failed(2);
    expect(errors[1]).toMatchObject({ number: 2, error: { code: 'ERR_CONNECT', cause: LIMIT } });
  });

  it('bounds peers with TLS, too', async () => {
    const certificates = await makeCertificates();
    const { server, errors, failed } = createTestServer(echo, { limits });
    const address = await server.listen({ port: 0, tls: certificates.server });
    for (let count = 0; count < 5; count += 1) {
      const socket = connectTls({ ...address, ca: certificates.ca });
      socket.on('error', () => undefined);
      cleanUp(() => socket.destroy());
      await once(socket, 'secureConnect');
      writePart(socket, MB);
    }
    await failed(1);
    expect(errors).toMatchObject([{ error: LIMIT }]);
  });

  it('bounds streams that were adopted, and counts nothing any more when they have gone', async () => {
    const { server, errors, failed } = createTestServer(echo, { limits });
    const pairs = [streamPair(), streamPair(), streamPair()] as const;
    const peers = await Promise.all(pairs.map(([near]) => server.adopt(near)));
    for (const [, far] of pairs) {
      far.on('error', () => undefined);
      far.write('x'.repeat(1.5 * MB));
    }
    await failed(1);
    expect(errors).toMatchObject([{ error: LIMIT }]);
    await until(() => server.stats.bufferedBytes === 3 * MB);
    await Promise.all(peers.map((peer) => peer.disconnect({ force: true }).catch(() => undefined)));
    await until(() => server.peers.length === 0);
    await turn();
    expect(server.stats.bufferedBytes).toBe(0);
  });

  it('is 256 MiB by default, and may be Infinity', () => {
    expect(resolveServerLimits().maxBufferedBytes).toBe(256 * 1024 * 1024);
    expect(resolveServerLimits({ maxBufferedBytes: Infinity }).maxBufferedBytes).toBe(Infinity);
  });

  it.each([0, -1, NaN, '1'])('cannot be %j', (maxBufferedBytes) => {
    const wrong = { limits: { maxBufferedBytes: maxBufferedBytes as number } };
    expect(() => new ProtocolServer({ codec: lines() }, wrong)).toThrow(ArgumentError);
  });
});
