/** A parent leaves while its child has real sockets open: they are closed at once, in every state. */

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
import { type HouseOptions, startHouse } from './support.ts';

expectIdleAfterEach();

/** A house whose timers are counted, and a facade of its line. */
function start(options: HouseOptions = {}) {
  const clock = new CountingClock();
  const made = startHouse({ ...options, clock });
  const until = (state: string) =>
    waitFor(made.line, (snapshot) => pathOf(snapshot.value) === state);
  /** The parent leaves; what must be so at once, is. */
  const leave = (): Promise<SessionOutcome> => {
    const { closed } = protocol;
    made.house.send({ type: 'LEAVE' });
    expect(made.line.getSnapshot().status).toBe('stopped');
    expect(clock.timers).toBe(0);
    expect(protocol.runstate).toBe('IDLE');
    return closed;
  };
  const protocol = AsyncProtocol.attach(made.line);
  return { ...made, protocol, until, leave };
}

/** A peer at a UNIX socket. */
const peerAt = async (script: Script) => {
  const ended = gate();
  const path = `${await tempDir()}/peer.sock`;
  const { address, sockets, connected } = await rawPeer(
    (socket) => {
      socket.on('end', ended.open).on('close', ended.open);
      script(socket);
    },
    { path },
  );
  return { address, sockets, connected, hungUp: ended.opened };
};

const listens = (socket: Socket) => {
  socket.resume();
};

describe('the stream is closed, and the peer hears of it,', () => {
  it('in CONNECTING.dialing', async () => {
    const { address, peer } = await hangingPeer();
    const { protocol, until, leave } = start();
    const connected = rejection(protocol.connect(address));
    await until('CONNECTING.dialing');
    const socket = await peer.connected;
    const gone = gate();
    socket.resume().on('end', gone.open).on('close', gone.open);
    await leave();
    expect(await connected).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_CLOSED' } });
    await gone.opened;
  });

  it('in CONNECTING.establishing', async () => {
    const peer = await peerAt(listens);
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
    await peer.hungUp;
  });

  it.each(['RUNNING.open', 'RUNNING.ending'])('in %s', async (state) => {
    const peer = await peerAt(listens);
    const { tell, until, leave } = start({ address: peer.address });
    await until('RUNNING.open');
    if (state === 'RUNNING.ending') tell({ type: 'EXPECT_END' });
    await until(state);
    expect((await leave()).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await peer.hungUp;
  });

  it('in DISCONNECTING.flushing, and what was not sent is given up', async () => {
    const peer = await peerAt((socket) => socket.pause());
    const { protocol, until, leave } = start({ address: peer.address });
    await until('RUNNING.open');
    const room = rejection(protocol.send('x'.repeat(4_000_000)));
    const flushed = rejection(protocol.flush());
    const left = rejection(protocol.disconnect());
    await until('DISCONNECTING.flushing.twoway');
    await leave();
    for (const error of await Promise.all([room, flushed, left])) {
      expect(error).toMatchObject({ code: 'ERR_CLOSED' });
    }
    (await peer.connected).resume();
    await peer.hungUp;
  });

  it('in DISCONNECTING.closing, also if the peer stays', async () => {
    const peer = await peerAt(listens);
    const { protocol, until, leave } = start({ address: peer.address });
    await until('RUNNING.open');
    const left = rejection(protocol.disconnect());
    await until('DISCONNECTING.closing');
    await peer.hungUp;
    const before = peer.sockets.map(({ destroyed }) => destroyed);
    await leave();
    expect(before).toEqual([false]);
    expect(await left).toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('the listener is closed, and nobody can call any more,', () => {
  /** What a client finds at a path. */
  const callAt = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const client = connect(path);
      cleanUp(() => client.destroy());
      client.on('connect', () => {
        resolve('somebody');
      });
      client.on('error', () => {
        resolve('nobody');
      });
    });

  it.each(['CONNECTING.listening.bound', 'CONNECTING.accepting'])('in %s', async (state) => {
    const path = `${await tempDir()}/line.sock`;
    const { protocol, until, leave } = start();
    await protocol.listen(path);
    const accepted = state === 'CONNECTING.accepting' ? rejection(protocol.accept()) : undefined;
    await until(state);
    expect(existsSync(path)).toBe(true);
    await leave();
    expect(await callAt(path)).toBe('nobody');
    expect(existsSync(path)).toBe(false);
    if (accepted) expect(await accepted).toMatchObject({ code: 'ERR_CONNECT' });
  });

  it('in CONNECTING.listening.binding', async () => {
    const path = `${await tempDir()}/line.sock`;
    const { protocol, until, leave } = start();
    const bound = rejection(protocol.listen(path));
    await until('CONNECTING.listening.binding');
    await leave();
    expect(await bound).toMatchObject({ code: 'ERR_CONNECT' });
    await turn();
    expect(await callAt(path)).toBe('nobody');
  });

  it('and a guest who has called, and was not taken in yet, is sent away', async () => {
    const path = `${await tempDir()}/line.sock`;
    const { protocol, leave } = start();
    await protocol.listen(path);
    const guest = new AsyncProtocol({ codec: lines() });
    await guest.connect(path);
    const { closed } = guest;
    await leave();
    expect((await closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
  });
});
