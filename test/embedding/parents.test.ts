/** Charts of every shape that have a connection in them, over real sockets. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, setup, stopChild, waitFor } from 'xstate';
import {
  type Address,
  AsyncProtocol,
  ClosedError,
  ConnectError,
  createProtocolMachine,
  lines,
  type ProtocolActorRef,
  type SessionOutcome,
} from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { inbox, rawPeer } from '../support/peers.ts';
import { closing } from '../support/sockets.ts';
import { houseOf, politePair, startHouse } from './support.ts';

expectIdleAfterEach();

const CLEAN: SessionOutcome = { suppressed: [], undelivered: 0 };

/** A peer at a UNIX socket, that hangs up when it is hung up on. */
const somebody = async () =>
  rawPeer((socket) => socket.resume().on('end', () => socket.end()), {
    path: `${await tempDir()}/somebody.sock`,
  });

describe('a line that is given an address', () => {
  it('connects as soon as it starts, and its parent sees every state and tag of it', async () => {
    const { address } = await somebody();
    const { house, line, tell } = startHouse({ address });
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    expect(line.getSnapshot().matches('RUNNING')).toBe(true);
    expect(line.getSnapshot().matches({ RUNNING: 'open' })).toBe(true);
    tell({ type: 'DISCONNECT' });
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
    expect(house.getSnapshot().context.seen).toEqual([
      'CONNECTING.dialing busy',
      'RUNNING.open up',
      'DISCONNECTING.closing busy',
      'IDLE',
    ]);
  });

  it('does not connect a second time by itself, and does when it is told where to', async () => {
    const first = await somebody();
    const second = await somebody();
    const { line, tell } = startHouse({ address: first.address });
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    tell({ type: 'DISCONNECT' });
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
    tell({ type: 'CONNECT', address: second.address });
    await second.connected;
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    expect(first.sockets).toHaveLength(1);
    expect(line.getSnapshot().context.session).toBe(2);
  });

  it('is IDLE without one, until it is told', async () => {
    const { address } = await somebody();
    const { house, line, tell } = startHouse();
    expect(line.getSnapshot().value).toBe('IDLE');
    tell({ type: 'CONNECT', address });
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    expect(house.getSnapshot().context.seen[0]).toBe('IDLE');
  });

  it('is given anew to each actor: who comes back connects again', async () => {
    const { address, sockets } = await somebody();
    const { house, line, lineNow } = startHouse({ address });
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    house.send({ type: 'LEAVE' });
    house.send({ type: 'RETURN' });
    expect(lineNow()).not.toBe(line);
    await waitFor(lineNow(), (snapshot) => snapshot.hasTag('up'));
    expect(sockets).toHaveLength(2);
  });
});

describe('what a line emits', () => {
  it('is heard by type, in order, by who has its actor', async () => {
    const path = `${await tempDir()}/here.sock`;
    const { line, tell, emitted } = startHouse();
    const heard: unknown[] = [];
    line.on('runstate', ({ runstate, session }) => heard.push([runstate, session]));
    line.on('listening', ({ address }) => heard.push(address));
    line.on('closed', ({ outcome, session }) => heard.push([outcome, session]));
    tell({ type: 'LISTEN', address: path });
    await waitFor(line, (snapshot) => snapshot.matches({ CONNECTING: { listening: 'bound' } }));
    tell({ type: 'ACCEPT' });
    const guest = new AsyncProtocol({ codec: lines() });
    await guest.connect(path);
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    const gone = guest.closed;
    tell({ type: 'DISCONNECT' });
    await waitFor(line, (snapshot) => snapshot.matches('IDLE'));
    await gone;
    expect(heard).toEqual([
      ['CONNECTING', 1],
      { path },
      ['RUNNING', 1],
      ['DISCONNECTING', 1],
      [CLEAN, 1],
      ['IDLE', 1],
    ]);
    expect(emitted.map(({ type }) => type)).toEqual([
      'runstate',
      'listening',
      'runstate',
      'runstate',
      'closed',
      'runstate',
    ]);
  });
});

describe('a line for once', () => {
  it('ends with its session, and its outcome is its output', async () => {
    const { address } = await somebody();
    const { house, line, tell, emitted } = startHouse({ address, once: true });
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    tell({ type: 'DISCONNECT' });
    const { context, value } = await waitFor(house, ({ status }) => status === 'done');
    expect(value).toBe('told');
    expect(context.outcome).toEqual(CLEAN);
    expect(line.getSnapshot()).toMatchObject({ value: 'ENDED', status: 'done', output: CLEAN });
    // For a facade, and for whoever listens, it is IDLE.
    expect(emitted.slice(-2)).toMatchObject([
      { type: 'closed', outcome: CLEAN },
      { type: 'runstate', runstate: 'IDLE' },
    ]);
  });

  it('ends with an attempt that fails', async () => {
    const { house } = startHouse({ address: '/nonexistent/socket', once: true });
    const { context } = await waitFor(house, ({ status }) => status === 'done');
    const cause = context.outcome?.cause;
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause).toMatchObject({ phase: 'connection', retryable: true });
    expect(cause?.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('ends with a session that fails', async () => {
    const { address } = await rawPeer((socket) => socket.end());
    const { house } = startHouse({ address, once: true });
    const { context } = await waitFor(house, ({ status }) => status === 'done');
    expect(context.outcome?.cause).toBeInstanceOf(ClosedError);
    expect(context.outcome?.cause).toMatchObject({ expected: false });
  });

  it('need not be given its address at the start', async () => {
    const { house, line, tell } = startHouse({ once: true });
    tell({ type: 'DISCONNECT' });
    expect(line.getSnapshot().value).toBe('IDLE');
    tell({ type: 'CONNECT', address: '/nonexistent/socket' });
    const { context } = await waitFor(house, ({ status }) => status === 'done');
    expect(context.outcome?.cause).toBeInstanceOf(ConnectError);
  });

  it('refuses an address that is none as every attempt does', async () => {
    const { house } = startHouse({ address: '', once: true });
    const { context } = await waitFor(house, ({ status }) => status === 'done');
    expect(context.outcome?.cause).toMatchObject({
      code: 'ERR_CONNECT',
      retryable: false,
      cause: { code: 'ERR_ARGUMENT' },
    });
  });
});

describe('two lines in one parent', () => {
  it('know nothing of each other', async () => {
    const [left, right] = [inbox(), inbox()];
    const machine = setup({
      types: {
        context: {} as { ended: readonly string[] },
        children: {} as { left: 'left'; right: 'right' },
      },
      actors: {
        left: createProtocolMachine(left.definition, { once: true }),
        right: createProtocolMachine(right.definition),
      },
    }).createMachine({
      context: { ended: [] },
      invoke: [
        {
          id: 'left',
          src: 'left',
          onDone: { actions: assign({ ended: ({ event }) => [event.output.cause?.code ?? ''] }) },
        },
        { id: 'right', src: 'right' },
      ],
    });
    const parent = createActor(machine).start();
    onTestFinished(() => {
      parent.stop();
    });
    const { children } = parent.getSnapshot();
    const [leftLine, rightLine] = [children.left, children.right];
    if (!leftLine || !rightLine) throw new Error('A child was not invoked');
    const [nearLeft, farLeft] = politePair();
    const [nearRight, farRight] = politePair();
    leftLine.send({ type: 'CONNECT', address: { stream: nearLeft } });
    rightLine.send({ type: 'CONNECT', address: { stream: nearRight } });
    farLeft.write('to the left\n');
    farRight.write('to the right\n');
    expect(await left.count(1)).toEqual(['to the left']);
    expect(await right.count(1)).toEqual(['to the right']);

    farLeft.destroy();
    await waitFor(parent, ({ context }) => context.ended.length > 0);
    expect(parent.getSnapshot().context.ended).toEqual(['ERR_CLOSED']);
    expect(leftLine.getSnapshot().status).toBe('done');
    farRight.write('still there\n');
    expect(await right.count(2)).toEqual(['to the right', 'still there']);
    parent.stop();
    expect(nearRight.destroyed).toBe(true);
  });
});

describe('a parent in a parent', () => {
  it('is told by its line, and is left together with it', async () => {
    const { address, connected } = await somebody();
    const street = setup({
      types: { children: {} as { house: 'house' } },
      actors: { house: houseOf({ address }) },
    }).createMachine({
      initial: 'awake',
      states: {
        awake: { invoke: { id: 'house', src: 'house' }, on: { SLEEP: 'asleep' } },
        asleep: {},
      },
    });
    const top = createActor(street).start();
    const house = top.getSnapshot().children.house;
    const line = house?.getSnapshot().children.line;
    if (!house || !line) throw new Error('Nobody is at home');
    await waitFor(house, ({ context }) => context.seen.at(-1) === 'RUNNING.open up');
    const peer = await connected;
    const protocol = AsyncProtocol.attach(line);
    const { closed } = protocol;
    top.send({ type: 'SLEEP' });
    expect((await closed).cause).toBeInstanceOf(ClosedError);
    await closing(peer);
    expect(house.getSnapshot().status).toBe('stopped');
    expect(line.getSnapshot().status).toBe('stopped');
  });
});

describe('a line that is spawned', () => {
  const machine = setup({
    types: {
      context: {} as { line: ProtocolActorRef<string> | undefined; given: Address },
      input: {} as { address: Address },
      events: {} as { type: 'CALL' } | { type: 'HANG_UP' },
    },
    actors: { line: createProtocolMachine({ codec: lines() }) },
  }).createMachine({
    context: ({ input }) => ({ line: undefined, given: input.address }),
    on: {
      CALL: {
        actions: assign({
          line: ({ context, spawn }) => spawn('line', { input: { address: context.given } }),
        }),
      },
      HANG_UP: { actions: stopChild(({ context }) => context.line ?? 'none') },
    },
  });

  it('works as one that is invoked, and is freed at once when it is stopped', async () => {
    const { address, connected } = await somebody();
    const parent = createActor(machine, { input: { address } }).start();
    onTestFinished(() => {
      parent.stop();
    });
    parent.send({ type: 'CALL' });
    const { line } = parent.getSnapshot().context;
    if (line === undefined) throw new Error('Nobody called');
    await waitFor(line, (snapshot) => snapshot.hasTag('up'));
    const protocol = AsyncProtocol.attach(line);
    expect(protocol.runstate).toBe('RUNNING');
    const peer = await connected;
    parent.send({ type: 'HANG_UP' });
    expect(protocol.runstate).toBe('IDLE');
    await closing(peer);
  });
});
