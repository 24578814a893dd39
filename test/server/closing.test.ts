/** close() of a server in every state, with peers in every state. */

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { LimitError, lines, TimeoutError } from '../../src/index.ts';
import { expectNoHandles } from '../support/handles.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createTestServer,
  dialLines,
  dialSocket,
  echo,
  echoAfterHandshake,
  disconnected,
  numberOf,
  take,
} from '../support/servers.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const NEVER = new Promise<void>(() => undefined);
/** More than the buffers of a socket hold. */
const LARGE_LINE = 'x'.repeat(1_000_000);

/** A server with a peer that does not read, and a large line sent to it. */
async function withStuckPeer(options = {}) {
  const fixture = createTestServer(echo, options);
  const address = await fixture.server.listen(`${await tempDir()}/socket`);
  const socket = await dialSocket(address);
  socket.pause();
  const [peer] = await take(fixture.server, 1);
  if (peer === undefined) throw new Error('There is no peer');
  const sent = peer.send(LARGE_LINE);
  void sent.catch(() => undefined);
  return { ...fixture, socket, peer, address };
}

describe('close()', () => {
  it('resolves in IDLE any number of times, and changes nothing', async () => {
    const { server } = createTestServer();
    await Promise.all([server.close(), server.close({ force: true })]);
    expect(server.state).toBe('IDLE');
    await server.listen({ port: 0 });
    await server.close();
    await server.close();
    expect(server.state).toBe('IDLE');
  });

  it('delivers what was sent, and ends every session without a failure', async () => {
    const { server, errors } = createTestServer();
    const address = await server.listen(`${await tempDir()}/socket`);
    const clients = await Promise.all(Array.from({ length: 5 }, () => dialLines(address)));
    const peers = await take(server, 5);
    for (const peer of peers) void peer.send(LARGE_LINE);
    await server.close();
    expect(server.state).toBe('IDLE');
    for (const { count } of clients) expect(await count(1)).toEqual([LARGE_LINE]);
    expect(peers.map(({ outcome }) => outcome)).toEqual(
      peers.map(() => ({ suppressed: [], undelivered: 0 })),
    );
    expect(errors).toEqual([]);
  });

  it('may be called several times at once', async () => {
    const { server } = createTestServer();
    await numberOf(await dialLines(await server.listen({ port: 0 })));
    await Promise.all([server.close(), server.close(), server.close({ force: true })]);
    expect(server.state).toBe('IDLE');
  });

  it('rejects a pending listen(), and leaves nothing open', async () => {
    const { server } = createTestServer();
    const path = `${await tempDir()}/socket`;
    const bound = rejection(server.listen(path));
    expect(server.state).toBe('BINDING');
    await server.close();
    expect(await bound).toMatchObject({ code: 'ERR_CONNECT_ABORTED', retryable: false });
    expect(existsSync(path)).toBe(false);
    await expectNoHandles();
    await server.listen(path);
  });

  it('leaves nothing open when it is called around the microtask in which the server is bound', async () => {
    for (let turns = 0; turns < 30; turns += 1) {
      const { server } = createTestServer();
      const bound = Promise.allSettled([server.listen({ port: 0 })]);
      for (let i = 0; i < turns; i += 1) await Promise.resolve();
      if (turns > 20) await bound;
      await server.close();
      expect(server.state).toBe('IDLE');
    }
    await expectNoHandles();
  });

  it('aborts pending handshakes at once, and reports no failure', async () => {
    const { server, errors } = createTestServer(echoAfterHandshake);
    const address = await server.listen({ port: 0 });
    const stalled = await dialSocket(address);
    await once(stalled, 'data');
    await Promise.all([server.close(), disconnected(stalled)]);
    expect(errors).toEqual([]);
  });

  it('closes the peers in the backlog', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeers: 1 } });
    const address = await server.listen(`${await tempDir()}/socket`);
    await numberOf(await dialLines(address));
    const waiting = await dialSocket(address);
    await turn();
    await Promise.all([server.close(), disconnected(waiting)]);
    expect(server.refused).toBe(0);
  });

  it('accepts no further peer', async () => {
    const path = `${await tempDir()}/socket`;
    const { server } = createTestServer();
    await server.listen(path);
    const closed = server.close();
    expect(existsSync(path)).toBe(false);
    expect(await rejection(dialLines(path))).toMatchObject({ phase: 'connection' });
    await closed;
  });

  it('continues when its signal is aborted, also when it was aborted before the call', async () => {
    const clock = new SimulatedClock();
    const { server } = await withStuckPeer({ clock, timeouts: { flush: 1_000, shutdown: 500 } });
    const controller = new AbortController();
    const closed = rejection(server.close({ signal: controller.signal }));
    controller.abort('enough');
    expect(await closed).toBe('enough');
    expect(server.state).toBe('CLOSING');
    expect(await rejection(server.close({ signal: controller.signal }))).toBe('enough');
    await server.close({ force: true });
  });

  it('is called by `await using` at the end of its block', async () => {
    const { server } = createTestServer();
    {
      await using scoped = server;
      await numberOf(await dialLines(await scoped.listen({ port: 0 })));
    }
    expect(server.state).toBe('IDLE');
  });
});

describe('a peer that does not read', () => {
  it('is destroyed at the shutdown deadline, and its outcome has the TimeoutError', async () => {
    const clock = new SimulatedClock();
    const { logger, records } = recordingLogger();
    const timeouts = { flush: 60_000, shutdown: 500 };
    const { server, peer, socket, errors } = await withStuckPeer({ clock, timeouts, logger });
    const closed = server.close();
    expect(await hasSettled(closed)).toBe(false);
    clock.increment(499);
    expect(await hasSettled(closed)).toBe(false);
    clock.increment(1);
    await Promise.all([closed, disconnected(socket)]);
    expect(peer.outcome?.cause).toBeInstanceOf(TimeoutError);
    expect(peer.outcome).toMatchObject({ cause: { phase: 'shutdown', ms: 500 }, undelivered: 1 });
    expect(errors).toMatchObject([{ number: 1, error: { phase: 'shutdown' } }]);
    expect(records).toContain('warn The shutdown deadline of 500 ms passed');
  });

  it('is disconnected at its own flush deadline if that is earlier', async () => {
    const clock = new SimulatedClock();
    const { server, peer } = await withStuckPeer({ clock });
    const closed = server.close();
    clock.increment(5_000);
    await closed;
    expect(peer.outcome).toMatchObject({ cause: { phase: 'flush' }, undelivered: 1 });
  });

  it('is destroyed at once when close({ force: true }) follows, without a failure', async () => {
    const { server, peer, errors } = await withStuckPeer();
    const closed = server.close();
    expect(await hasSettled(closed)).toBe(false);
    await Promise.all([closed, server.close({ force: true })]);
    expect(peer.outcome).toEqual({ suppressed: [], undelivered: 1 });
    expect(errors).toEqual([]);
  });

  it('is destroyed at once by close({ force: true })', async () => {
    const { server, peer, socket } = await withStuckPeer();
    await Promise.all([server.close({ force: true }), disconnected(socket)]);
    expect(peer.runstate).toBe('IDLE');
  });
});

describe('a peer on which the program calls disconnect()', () => {
  it('rejects that call when it fails, although the server closes meanwhile', async () => {
    // There is room for the message, so that no pending send() is told of the failure.
    const limits = { highWaterMark: 2_000_000 };
    const { server, peer } = await withStuckPeer({ limits, timeouts: { flush: 60_000 } });
    const disconnected = peer.disconnect();
    const closed = server.close();
    peer.fail(new Error('unbearable'));
    await server.close({ force: true });
    await closed;
    expect(await rejection(disconnected)).toMatchObject({ code: 'ERR_REFUSED' });
  });

  it('and then connect() no longer belongs to the server', async () => {
    const elsewhere = createTestServer();
    const { server } = createTestServer();
    const client = await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    await Promise.all([peer?.disconnect(), client.protocol.closed]);
    await peer?.connect(await elsewhere.server.listen({ port: 0 }));
    await server.close();
    expect(peer?.runstate).toBe('RUNNING');
    await peer?.disconnect();
  });
});

describe('the failure of a session', () => {
  it('still rejects disconnect() when it is ending while the server closes', async () => {
    const { server } = createTestServer(echo, { limits: { maxMessageBytes: 10 } });
    const socket = await dialSocket(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    socket.write('x'.repeat(20));
    await disconnected(socket);
    expect(peer?.runstate).toBe('DISCONNECTING');
    const closed = server.close();
    socket.end();
    await closed;
    expect(await rejection(peer?.disconnect() ?? NEVER)).toBeInstanceOf(LimitError);
  });

  it('still rejects disconnect() when it has ended just before the server closes', async () => {
    let closed: Promise<void> | undefined;
    const { logger } = recordingLogger();
    const debug = (text: string): void => {
      if (text === '#1: IDLE (session 1)') closed = server.close();
    };
    const { server } = createTestServer(echo, { logger: { ...logger, debug } });
    await dialLines(await server.listen({ port: 0 }));
    const [peer] = await take(server, 1);
    peer?.fail(new LimitError('too much', 1, 2));
    await peer?.closed;
    expect(server.state).toBe('CLOSING');
    await closed;
    expect(await rejection(peer?.disconnect() ?? NEVER)).toBeInstanceOf(LimitError);
  });
});

describe('a callback whose promise never settles', () => {
  it('does not keep the server from closing', async () => {
    const { server } = createTestServer({
      codec: lines(),
      handshake: async (session) => {
        if ((await session.receive()) === 'stay') await NEVER;
      },
      onMessage: () => NEVER,
    });
    const address = await server.listen({ port: 0 });
    const [shaking, handling] = [await dialSocket(address), await dialSocket(address)];
    shaking.write('stay\n');
    handling.write('go\nhello\n');
    await until(() => server.peers.length === 1);
    await Promise.all([
      server.close(),
      disconnected(shaking),
      disconnected(handling).then(() => handling.end()),
    ]);
  });
});
