/** How a server comes to listen, and what it can be told. */

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
  it('in a wrong state is a StateError that says what to do, and changes nothing', async () => {
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

  it('twice in the turn in which it is IDLE again is still a StateError', async () => {
    const outcomes: Promise<PromiseSettledResult<unknown>[]>[] = [];
    const { logger } = recordingLogger();
    const debug = (text: string): void => {
      const twice = () => [server.listen({ port: 0 }), server.listen({ port: 0 })];
      if (text === 'IDLE' && outcomes.length === 0) outcomes.push(Promise.allSettled(twice()));
    };
    const { server } = createTestServer(echo, { logger: { ...logger, debug } });
    await server.listen({ port: 0 });
    await server.close();
    expect(await outcomes[0]).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'ERR_STATE', state: 'BINDING' } },
    ]);
  });

  it('where somebody listens already is a ConnectError, and may be tried again', async () => {
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
    ['nowhere', 'x'.repeat(200), { code: 'ERR_ARGUMENT' }],
    ['in no directory', '/nowhere/at/all/socket', { code: 'ENOENT' }],
    ['at a file', import.meta.filename, { code: 'EADDRINUSE' }],
    ['at a stream', { stream: streamPair()[0] }, { code: 'ERR_ARGUMENT' }],
    ['with TLS options of no use', { port: 0, tls: { key: 'no key' } }, { code: 'ERR_ARGUMENT' }],
  ])('%s is a ConnectError, and leaves nothing open', async (_, address, cause) => {
    const { server } = createTestServer();
    expect(await rejection(server.listen(address))).toMatchObject({ code: 'ERR_CONNECT', cause });
    expect(server.state).toBe('IDLE');
  });

  it('of which somebody tells an AbortSignal rejects with its reason', async () => {
    const { server } = createTestServer();
    const path = `${await tempDir()}/socket`;
    for (const reason of [new Error('no'), 'a text']) {
      expect(await rejection(server.listen(path, { signal: AbortSignal.abort(reason) }))).toBe(
        reason,
      );
      expect(server.state).toBe('IDLE');
      const abort = new AbortController();
      const bound = rejection(server.listen(path, { signal: abort.signal }));
      abort.abort(reason);
      expect(await bound).toBe(reason);
      expect(server.state).toBe('IDLE');
    }
    const abort = new AbortController();
    await server.listen(path, { signal: abort.signal });
    abort.abort();
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
    [{ timeouts: { backlog: 0 } }, /timeouts\.backlog/],
    [{ timeouts: { flush: 0 } }, /timeouts\.flush/],
  ])('%o are refused at once', (options, message) => {
    expect(() => new ProtocolServer({ codec: lines() }, options)).toThrow(message);
  });

  it('reach every peer', async () => {
    const { server } = createTestServer(echo, { limits: { maxQueuedBytes: 10, maxPeers: 5 } });
    await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    expect(await rejection(peer?.send('x'.repeat(11)) ?? Promise.resolve())).toMatchObject({
      code: 'ERR_LIMIT',
    });
  });
});
