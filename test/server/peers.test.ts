/**
 * `Peers` and `PeerSession` without sockets, in orders of events that sockets cannot produce
 * reliably.
 */

import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AsyncProtocol, lines, streamPair, type WirechartError } from '../../src/index.ts';
import type { Listener, PendingConnection } from '../../src/machines/server-port.ts';
import { peerActors } from '../../src/server/machine.ts';
import { resolveServerDeadlines, resolveServerLimits } from '../../src/server/options.ts';
import { Peers } from '../../src/server/peers.ts';
import { PeerSession } from '../../src/server/peer-session.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

const NEVER = new Promise<void>(() => undefined);

/** A connection that opens at once and ignores the signal. */
function connectionOf(stream: Duplex, isTls = false): PendingConnection {
  return {
    isTls,
    remote: {},
    gone: NEVER,
    open: () => Promise.resolve(stream),
    close: () => stream.destroy(),
  };
}

const createProtocol = () => new AsyncProtocol({ codec: lines() });

/** A session that has just begun, its clock, and the causes in the `gone` events of its chart. */
function createSession(stream: Duplex, isTls = false) {
  const clock = new CountingClock();
  const causes: (WirechartError | undefined)[] = [];
  const session = new PeerSession<string, string>(connectionOf(stream, isTls), {
    createProtocol,
    nameOf: String,
    deadlines: resolveServerDeadlines({ backlog: 1_000, handshake: 100 }),
    createActor: peerActors({ clock }, undefined),
    onEmitted: (_, emitted) => {
      if (emitted.type === 'gone') causes.push(emitted.cause);
    },
  });
  return { session, clock, causes };
}

describe("a peer's session", () => {
  it.each([true, false])(
    'ends when leave() is called as soon as it is admitted (TLS: %s)',
    async (isTls) => {
      const [stream] = streamPair();
      const { session, causes } = createSession(stream, isTls);
      session.admit(1);
      session.leave(false);
      await turn();
      expect(stream.destroyed).toBe(true);
      expect(session.protocol).toBeUndefined();
      expect(causes).toEqual([
        isTls ? expect.objectContaining({ code: 'ERR_CONNECT_ABORTED' }) : undefined,
      ]);
    },
  );

  it.each([true, false])(
    'ends when leave() is called as soon as its stream is open (TLS: %s)',
    async (isTls) => {
      const [stream] = streamPair();
      const { session, causes } = createSession(stream, isTls);
      session.admit(1);
      // The stream is open one microtask before the chart handles that.
      await Promise.resolve();
      session.leave(true);
      await turn();
      expect(stream.destroyed).toBe(true);
      expect(causes).toHaveLength(1);
    },
  );

  it('shows an inspector who the peer is', () => {
    const [stream] = streamPair();
    const { session } = createSession(stream);
    session.admit(7);
    expect(session.toJSON()).toMatchObject({ number: 7, remote: expect.any(String) as string });
    session.leave(true);
  });

  it('has one deadline at a time, and none once it runs', async () => {
    const { session, clock, causes } = createSession(streamPair()[0], true);
    expect(clock.delays).toEqual([]);
    session.queue();
    expect(clock.delays).toEqual([1_000]);
    session.admit(1);
    expect(clock.delays).toEqual([1_000, 100]);
    expect(clock.timers).toBe(1);
    await turn();
    expect(session.isRunning).toBe(true);
    // Its protocol has its own clock for its own deadlines.
    expect(clock.timers).toBe(0);
    session.leave(true);
    await turn();
    expect(causes).toEqual([undefined]);
  });
});

/** Peers behind a fake listener, through which the test connects them. */
function setUp() {
  const calls: string[] = [];
  let connect: (connection: PendingConnection) => void = () => undefined;
  const listener: Listener = {
    address: { path: '/run/fake.sock' },
    accept: (onConnection) => {
      calls.push('accept');
      connect = onConnection;
    },
    close: () => void calls.push('close'),
  };
  const peers = new Peers<string, string>({
    serve: () => Promise.resolve(listener),
    createProtocol,
    createActor: peerActors({}, undefined),
    nameOf: String,
    deadlines: resolveServerDeadlines(),
    bounds: resolveServerLimits(),
    onPeerError: undefined,
    logger: undefined,
    loggerOf: () => undefined,
  });
  const bind = (signal = new AbortController().signal) => peers.bind('/run/fake.sock', signal);
  return {
    peers,
    calls,
    bind,
    connect: (connection: PendingConnection) => {
      connect(connection);
    },
  };
}

describe('peers', () => {
  it('close their listener in destroyAll() when they were bound and never opened', async () => {
    const { peers, calls, bind } = setUp();
    await bind();
    await peers.destroyAll();
    expect(calls).toEqual(['close']);
  });

  it('close a listener that was bound too late, and destroyAll() waits for that', async () => {
    const { peers, calls, bind } = setUp();
    const bound = bind(AbortSignal.abort('late'));
    const rejected = expect(bound).rejects.toBe('late');
    await peers.destroyAll();
    expect(calls).toEqual(['close']);
    await rejected;
    peers.open();
    expect(calls).toEqual(['close']);
  });

  it('are destroyed by release(), which also ends the loops over them', async () => {
    const { peers, calls, bind, connect } = setUp();
    await bind();
    peers.open();
    const [stream] = streamPair();
    const values = peers.values();
    connect(connectionOf(stream));
    await values.next();
    expect(peers.running).toHaveLength(1);
    const next = values.next();
    peers.release();
    expect(await next).toEqual({ done: true, value: undefined });
    await turn();
    expect(calls).toEqual(['accept', 'close']);
    expect(stream.destroyed).toBe(true);
    expect(peers.running).toEqual([]);
  });

  it('answer an adoption that the machine was stopped before, in release()', async () => {
    const { peers } = setUp();
    const [stream] = streamPair();
    const adopted = rejection(peers.adopted(connectionOf(stream)));
    peers.release();
    expect(await adopted).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    expect(stream.destroyed).toBe(true);
  });

  it('may be drained and destroyed at the same time, and both calls resolve', async () => {
    const { peers, bind, connect } = setUp();
    await bind();
    peers.open();
    connect(connectionOf(streamPair()[0]));
    await turn();
    const ends = [peers.drain(), peers.destroyAll()];
    await Promise.all(ends);
    expect(peers.running).toEqual([]);
  });
});
