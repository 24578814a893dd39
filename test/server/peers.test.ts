/** Peers and their sessions by themselves, in turns of the event loop that no socket can be made to hit. */

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
import { turn } from '../support/signal.ts';

expectIdleAfterEach();

const NEVER = new Promise<void>(() => undefined);

/** A connection that is open at once, whatever the signal says. */
function connectionOf(stream: Duplex, isTls = false): PendingConnection {
  return { isTls, gone: NEVER, open: () => Promise.resolve(stream), close: () => stream.destroy() };
}

const createProtocol = () => new AsyncProtocol({ codec: lines() });

/** A session that has just begun, and what its chart emits. */
function arrived(stream: Duplex, isTls = false) {
  const clock = new CountingClock();
  const causes: (WirechartError | undefined)[] = [];
  const session = new PeerSession<string, string>(connectionOf(stream, isTls), {
    createProtocol,
    deadlines: resolveServerDeadlines({ backlog: 1_000, handshake: 100 }),
    createActor: peerActors({ clock }, undefined),
    onEmitted: (_, emitted) => {
      if (emitted.type === 'gone') causes.push(emitted.cause);
    },
  });
  return { session, clock, causes };
}

describe('the session of a peer', () => {
  it.each([true, false])(
    'that is asked to leave as soon as it is admitted has left (TLS: %s)',
    async (isTls) => {
      const [stream] = streamPair();
      const { session, causes } = arrived(stream, isTls);
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
    'that is asked to leave when its stream has just opened has left (TLS: %s)',
    async (isTls) => {
      const [stream] = streamPair();
      const { session, causes } = arrived(stream, isTls);
      session.admit(1);
      // The stream is there one microtask earlier than the chart hears of it.
      await Promise.resolve();
      session.leave(true);
      await turn();
      expect(stream.destroyed).toBe(true);
      expect(causes).toHaveLength(1);
    },
  );

  it('has one deadline at a time, and none once it runs', async () => {
    const { session, clock, causes } = arrived(streamPair()[0], true);
    expect(clock.delays).toEqual([]);
    session.queue();
    expect(clock.delays).toEqual([1_000]);
    session.admit(1);
    expect(clock.delays).toEqual([1_000, 100]);
    expect(clock.timers).toBe(1);
    await turn();
    expect(session.isRunning).toBe(true);
    // Its protocol measures its own deadlines by a clock of its own.
    expect(clock.timers).toBe(0);
    session.leave(true);
    await turn();
    expect(causes).toEqual([undefined]);
  });
});

/** Peers behind a listener that the test plays. */
function setUp() {
  const journal: string[] = [];
  let connect: (connection: PendingConnection) => void = () => undefined;
  const listener: Listener = {
    address: { path: '/run/fake.sock' },
    accept: (onConnection) => {
      journal.push('accept');
      connect = onConnection;
    },
    close: () => void journal.push('close'),
  };
  const peers = new Peers<string, string>({
    serve: () => Promise.resolve(listener),
    createProtocol,
    createActor: peerActors({}, undefined),
    deadlines: resolveServerDeadlines(),
    bounds: resolveServerLimits(),
    onPeerError: undefined,
    logger: undefined,
    loggerOf: () => undefined,
  });
  const bind = (signal = new AbortController().signal) => peers.bind('/run/fake.sock', signal);
  return {
    peers,
    journal,
    bind,
    connect: (connection: PendingConnection) => {
      connect(connection);
    },
  };
}

describe('peers', () => {
  it('that were bound and never opened leave no listener behind when they are destroyed', async () => {
    const { peers, journal, bind } = setUp();
    await bind();
    await peers.destroyAll();
    expect(journal).toEqual(['close']);
  });

  it('that were bound too late leave none either, and destroyAll() waits for that', async () => {
    const { peers, journal, bind } = setUp();
    const bound = bind(AbortSignal.abort('late'));
    const rejected = expect(bound).rejects.toBe('late');
    await peers.destroyAll();
    expect(journal).toEqual(['close']);
    await rejected;
    peers.open();
    expect(journal).toEqual(['close']);
  });

  it('that are released are gone, with the loops that wait for them', async () => {
    const { peers, journal, bind, connect } = setUp();
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
    expect(journal).toEqual(['accept', 'close']);
    expect(stream.destroyed).toBe(true);
    expect(peers.running).toEqual([]);
  });

  it('drain and are destroyed side by side, and both waits end', async () => {
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
