/**
 * A parent leaves the invoking state while its child has real sockets open, which are closed at
 * once.
 */

import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from 'xstate';
import { AsyncProtocol, lines, type SessionOutcome } from '../../src/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { hangingPeer, rawPeer, type Script } from '../support/peers.ts';
import { gate, rejection, turn } from '../support/signal.ts';
import { type ParentOptions, startParent } from './support.ts';

expectIdleAfterEach();

/** A parent with a clock that counts its timers, and a facade of its connection. */
function start(options: ParentOptions = {}) {
  const clock = new CountingClock();
  const fixture = startParent({ ...options, clock });
  const until = (state: string) =>
    waitFor(fixture.connection, (snapshot) => pathOf(snapshot.value) === state);
  /** Lets the parent leave, and asserts what must hold at once. */
  const leave = (): Promise<SessionOutcome> => {
    const { closed } = protocol;
    fixture.parent.send({ type: 'LEAVE' });
    expect(fixture.connection.getSnapshot().status).toBe('stopped');
    expect(clock.timers).toBe(0);
    expect(protocol.runstate).toBe('IDLE');
    return closed;
  };
  const protocol = AsyncProtocol.attach(fixture.connection);
  return { ...fixture, protocol, until, leave };
}

/** A peer at a UNIX socket, and a promise for the end of its connection. */
const startPeer = async (script: Script) => {
  const ended = gate();
  const path = `${await tempDir()}/peer.sock`;
  const { address, sockets, connected } = await rawPeer(
    (socket) => {
      socket.on('end', ended.open).on('close', ended.open);
      script(socket);
    },
    { path },
  );
  return { address, sockets, connected, ended: ended.opened };
};

const discard = (socket: Socket) => {
  socket.resume();
};

describe('the stream is closed, and the peer notices it,', () => {
  it('in CONNECTING.dialing', async () => {
    const { address, peer } = await hangingPeer();
    const { protocol, until, leave } = start();
    const connected = rejection(protocol.connect(address));
    await until('CONNECTING.dialing');
    const socket = await peer.connected;
    const ended = gate();
    socket.resume().on('end', ended.open).on('close', ended.open);
    await leave();
    expect(await connected).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_CLOSED' } });
    await ended.opened;
  });

  it('in CONNECTING.establishing', async () => {
    const peer = await startPeer(discard);
    const signals: AbortSignal[] = [];
    const { until, leave } = start({
      address: peer.address,
      definition: {
        handshake: async (session) => {
          signals.push(session.signal);
          await session.receive();
        },
      },
    });
    await until('CONNECTING.establishing');
    const { cause } = await leave();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(cause).toMatchObject({ code: 'ERR_CONNECT', phase: 'session' });
    await peer.ended;
  });

  it.each(['RUNNING.open', 'RUNNING.ending'])('in %s', async (state) => {
    const peer = await startPeer(discard);
    const { send, until, leave } = start({ address: peer.address });
    await until('RUNNING.open');
    if (state === 'RUNNING.ending') send({ type: 'EXPECT_END' });
    await until(state);
    expect((await leave()).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await peer.ended;
  });

  it('in DISCONNECTING.flushing, and unsent messages are discarded', async () => {
    const peer = await startPeer((socket) => socket.pause());
    const { protocol, until, leave } = start({ address: peer.address });
    await until('RUNNING.open');
    const sent = rejection(protocol.send('x'.repeat(4_000_000)));
    const flushed = rejection(protocol.flush());
    const disconnected = protocol.disconnect();
    await until('DISCONNECTING.flushing.twoway');
    await leave();
    for (const error of await Promise.all([sent, flushed])) {
      expect(error).toMatchObject({ code: 'ERR_CLOSED' });
    }
    // The failure has rejected the others.
    await disconnected;
    (await peer.connected).resume();
    await peer.ended;
  });

  it('in DISCONNECTING.closing, also if the peer does not end', async () => {
    const peer = await startPeer(discard);
    const { protocol, until, leave } = start({ address: peer.address });
    await until('RUNNING.open');
    const disconnected = rejection(protocol.disconnect());
    await until('DISCONNECTING.closing');
    await peer.ended;
    const before = peer.sockets.map(({ destroyed }) => destroyed);
    await leave();
    expect(before).toEqual([false]);
    expect(await disconnected).toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('the listener is closed, and connections are refused,', () => {
  /** Whether a connection to the path succeeds. */
  const isReachable = (path: string): Promise<boolean> =>
    new Promise((resolve) => {
      const client = connect(path);
      cleanUp(() => client.destroy());
      client.on('connect', () => {
        resolve(true);
      });
      client.on('error', () => {
        resolve(false);
      });
    });

  it.each(['CONNECTING.listening.bound', 'CONNECTING.accepting'])('in %s', async (state) => {
    const path = `${await tempDir()}/socket`;
    const { protocol, until, leave } = start();
    await protocol.listen(path);
    const accepted = state === 'CONNECTING.accepting' ? rejection(protocol.accept()) : undefined;
    await until(state);
    expect(existsSync(path)).toBe(true);
    await leave();
    expect(await isReachable(path)).toBe(false);
    expect(existsSync(path)).toBe(false);
    if (accepted) expect(await accepted).toMatchObject({ code: 'ERR_CONNECT' });
  });

  it('in CONNECTING.listening.binding', async () => {
    const path = `${await tempDir()}/socket`;
    const { protocol, until, leave } = start();
    const bound = rejection(protocol.listen(path));
    await until('CONNECTING.listening.binding');
    await leave();
    expect(await bound).toMatchObject({ code: 'ERR_CONNECT' });
    await turn();
    expect(await isReachable(path)).toBe(false);
  });

  it('and a client that was not accepted yet is disconnected', async () => {
    const path = `${await tempDir()}/socket`;
    const { protocol, leave } = start();
    await protocol.listen(path);
    const client = new AsyncProtocol({ codec: lines() });
    await client.connect(path);
    const { closed } = client;
    await leave();
    expect((await closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
  });
});
