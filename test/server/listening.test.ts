/** listen() of a server, and the server's options. */

import { describe, expect, it } from 'vitest';
import {
  type Address,
  ConnectError,
  lines,
  ProtocolServer,
  StateError,
  streamPair,
} from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import { createTestServer, dialLines, echo, numberOf, take } from '../support/servers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describe('listen()', () => {
  it('rejects with a StateError that says what to do in a wrong state, and changes nothing', async () => {
    const { server } = createTestServer();
    const binding = server.listen({ port: 0 });
    expect(await rejection(server.listen({ port: 0 }))).toMatchObject({
      code: 'ERR_STATE',
      state: 'BINDING',
      required: 'IDLE',
    });
    const client = await dialLines(await binding);
    const error = await rejection(server.listen({ port: 0 }));
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ state: 'LISTENING', message: /Call close\(\) first/ });
    expect(await numberOf(client)).toBe(1);
    const closed = server.close();
    expect(await rejection(server.listen({ port: 0 }))).toMatchObject({ state: 'CLOSING' });
    await closed;
    await server.listen({ port: 0 });
  });

  it('rejects the second of two calls in the turn in which the server is IDLE again', async () => {
    const outcomes: Promise<PromiseSettledResult<unknown>[]>[] = [];
    const { logger } = recordingLogger();
    const debug = (text: string): void => {
      const listenTwice = () => [server.listen({ port: 0 }), server.listen({ port: 0 })];
      if (text === 'IDLE' && outcomes.length === 0)
        outcomes.push(Promise.allSettled(listenTwice()));
    };
    const { server } = createTestServer(echo, { logger: { ...logger, debug } });
    await server.listen({ port: 0 });
    await server.close();
    expect(await outcomes[0]).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'ERR_STATE', state: 'BINDING' } },
    ]);
  });

  it('rejects with a ConnectError when the address is in use, and can be retried', async () => {
    const [first, second] = [createTestServer().server, createTestServer().server];
    const address = await first.listen({ port: 0 });
    const error = await rejection(second.listen(address));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'connection', cause: { code: 'EADDRINUSE' } });
    expect(second.state).toBe('IDLE');
    await first.close();
    await second.listen(address);
  });

  it.each<[string, Address, object]>([
    ['with a path that is too long', 'x'.repeat(200), { code: 'ERR_ARGUMENT' }],
    ['in a directory that does not exist', '/nowhere/at/all/socket', { code: 'ENOENT' }],
    ['at a regular file', import.meta.filename, { code: 'EADDRINUSE' }],
    ['at a stream', { stream: streamPair()[0] }, { code: 'ERR_ARGUMENT' }],
    ['with invalid TLS options', { port: 0, tls: { key: 'no key' } }, { code: 'ERR_ARGUMENT' }],
  ])('%s rejects with a ConnectError, and leaves nothing open', async (_, address, cause) => {
    const { server } = createTestServer();
    expect(await rejection(server.listen(address))).toMatchObject({ code: 'ERR_CONNECT', cause });
    expect(server.state).toBe('IDLE');
  });

  it('rejects with the reason of its signal; once it has resolved, the signal has no effect', async () => {
    const { server } = createTestServer();
    const path = `${await tempDir()}/socket`;
    for (const reason of [new Error('no'), 'a text']) {
      expect(await rejection(server.listen(path, { signal: AbortSignal.abort(reason) }))).toBe(
        reason,
      );
      expect(server.state).toBe('IDLE');
      const controller = new AbortController();
      const bound = rejection(server.listen(path, { signal: controller.signal }));
      controller.abort(reason);
      expect(await bound).toBe(reason);
      expect(server.state).toBe('IDLE');
    }
    const controller = new AbortController();
    await server.listen(path, { signal: controller.signal });
    controller.abort();
    await numberOf(await dialLines(path));
  });
});

describe('options', () => {
  it.each([
    [{ limits: { maxPeers: 0 } }, /limits\.maxPeers must be a number above 0, not 0/],
    [{ limits: { maxHandshakes: -1 } }, /limits\.maxHandshakes/],
    [{ limits: { maxWaiting: NaN } }, /limits\.maxWaiting/],
    [{ limits: { maxBacklog: -1 } }, /limits\.maxBacklog must be a number of 0 or more/],
    [{ limits: { maxMessageBytes: 0 } }, /limits\.maxMessageBytes/],
    [{ timeouts: { drain: 0 } }, /timeouts\.drain/],
    [{ timeouts: { shutdown: 0 } }, /timeouts\.shutdown/],
    [{ timeouts: { backlog: 0 } }, /timeouts\.backlog/],
    [{ timeouts: { flush: 0 } }, /timeouts\.flush/],
  ])('%o throw in the constructor', (options, message) => {
    expect(() => new ProtocolServer({ codec: lines() }, options)).toThrow(message);
  });

  it('apply to every peer', async () => {
    const { server } = createTestServer(echo, { limits: { maxQueuedBytes: 10, maxPeers: 5 } });
    await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    expect(await rejection(peer?.send('x'.repeat(11)) ?? Promise.resolve())).toMatchObject({
      code: 'ERR_LIMIT',
    });
  });
});
