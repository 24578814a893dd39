/** Guests and peers by themselves, in turns of the event loop that no socket can be brought to hit. */

import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AsyncProtocol, lines, streamPair } from '../../src/index.ts';
import { PeerSession } from '../../src/server/peer-session.ts';
import { Peers } from '../../src/server/peers.ts';
import type { PendingConnection, Listener } from '../../src/machines/server-port.ts';
import { resolveServerDeadlines, resolveServerLimits } from '../../src/server/options.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { rejection, turn } from '../support/signal.ts';

expectHomeAfterEach();

const NEVER = new Promise<void>(() => undefined);

/** Somebody who is let in at once, whatever the signal says. */
function arrivalOf(stream: Duplex): PendingConnection {
  return { gone: NEVER, open: () => Promise.resolve(stream), close: () => stream.destroy() };
}

const createProtocol = () => new AsyncProtocol({ codec: lines() });

describe('a guest', () => {
  it('that is asked to leave in the turn in which it came has left', async () => {
    const [stream] = streamPair();
    const options = { createProtocol, handshakeTimeout: 100, clock: undefined };
    const guest = new PeerSession(1, arrivalOf(stream), options);
    const established = rejection(guest.establish());
    guest.leave(false);
    expect(await established).toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    expect(stream.destroyed).toBe(true);
    expect(guest.protocol).toBeUndefined();
  });

  it('has no deadline any more once it is there', async () => {
    const clock = new CountingClock();
    const options = { createProtocol, handshakeTimeout: 100, clock };
    const guest = new PeerSession(1, arrivalOf(streamPair()[0]), options);
    const established = guest.establish();
    expect(clock.delays).toEqual([100]);
    const protocol = await established;
    expect(clock.timers).toBe(0);
    await protocol.disconnect({ force: true });
  });
});

/** Peers behind a door that the test plays. */
function setUp() {
  const journal: string[] = [];
  let arrive: (arrival: PendingConnection) => void = () => undefined;
  const service: Listener = {
    address: { path: '/run/fake.sock' },
    accept: (onArrival) => {
      journal.push('accept');
      arrive = onArrival;
    },
    close: () => void journal.push('close'),
  };
  const peers = new Peers<string, string>({
    serve: () => Promise.resolve(service),
    createProtocol,
    deadlines: resolveServerDeadlines(),
    bounds: resolveServerLimits(),
    clock: undefined,
    onPeerError: undefined,
    logger: undefined,
    loggerOf: () => undefined,
  });
  const bind = (signal = new AbortController().signal) => peers.bind('/run/fake.sock', signal);
  return {
    peers,
    journal,
    bind,
    arrive: (arrival: PendingConnection) => {
      arrive(arrival);
    },
  };
}

describe('peers', () => {
  it('that were bound and never let in leave no service behind when they are evicted', async () => {
    const { peers, journal, bind } = setUp();
    await bind();
    await peers.destroyAll();
    expect(journal).toEqual(['close']);
  });

  it('that were bound too late leave none either, and destroyAll() waits for that', async () => {
    const { peers, journal, bind } = setUp();
    const bound = rejection(bind(AbortSignal.abort('late')));
    await peers.destroyAll();
    expect(journal).toEqual(['close']);
    expect(await bound).toBe('late');
    peers.open();
    expect(journal).toEqual(['close']);
  });

  it('that are released are gone, with all that waits for them', async () => {
    const { peers, journal, bind, arrive } = setUp();
    await bind();
    peers.open();
    const [stream] = streamPair();
    const values = peers.values();
    arrive(arrivalOf(stream));
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
});
