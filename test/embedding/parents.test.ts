/** Parent charts of every shape that contain a connection, over real sockets. */

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
import { parentOf, discardingPair, startParent } from './support.ts';

expectIdleAfterEach();

const CLEAN: SessionOutcome = { suppressed: [], undelivered: 0 };

/** A peer at a UNIX socket, which ends its side when the client does. */
const startPeer = async () =>
  rawPeer((socket) => socket.resume().on('end', () => socket.end()), {
    path: `${await tempDir()}/peer.sock`,
  });

describe('a connection with an address as input', () => {
  it('connects as soon as it starts, and its parent gets every state and tag', async () => {
    const { address } = await startPeer();
    const { parent, connection, send } = startParent({ address });
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    expect(connection.getSnapshot().matches('RUNNING')).toBe(true);
    expect(connection.getSnapshot().matches({ RUNNING: 'open' })).toBe(true);
    send({ type: 'DISCONNECT' });
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    expect(parent.getSnapshot().context.seen).toEqual([
      'CONNECTING.dialing busy',
      'RUNNING.open up',
      'DISCONNECTING.closing busy',
      'IDLE idle',
    ]);
  });

  it('does not connect a second time by itself, but on CONNECT with an address', async () => {
    const first = await startPeer();
    const second = await startPeer();
    const { connection, send } = startParent({ address: first.address });
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    send({ type: 'DISCONNECT' });
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    send({ type: 'CONNECT', address: second.address });
    await second.connected;
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    expect(first.sockets).toHaveLength(1);
    expect(connection.getSnapshot().context.session).toBe(2);
  });

  it('is IDLE until CONNECT when it has none', async () => {
    const { address } = await startPeer();
    const { parent, connection, send } = startParent();
    expect(connection.getSnapshot().value).toBe('IDLE');
    send({ type: 'CONNECT', address });
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    expect(parent.getSnapshot().context.seen[0]).toBe('IDLE idle');
  });

  it('connects again when the parent enters the invoking state again', async () => {
    const { address, sockets } = await startPeer();
    const { parent, connection, currentConnection } = startParent({ address });
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    parent.send({ type: 'LEAVE' });
    parent.send({ type: 'RETURN' });
    expect(currentConnection()).not.toBe(connection);
    await waitFor(currentConnection(), (snapshot) => snapshot.hasTag('up'));
    expect(sockets).toHaveLength(2);
  });
});

describe('the emitted events of a connection', () => {
  it('reach listeners of each type, in order', async () => {
    const path = `${await tempDir()}/here.sock`;
    const { connection, send, emitted } = startParent();
    const received: unknown[] = [];
    connection.on('runstate', ({ runstate, session }) => received.push([runstate, session]));
    connection.on('listening', ({ address }) => received.push(address));
    connection.on('closed', ({ outcome, session }) => received.push([outcome, session]));
    send({ type: 'LISTEN', address: path });
    await waitFor(connection, (snapshot) =>
      snapshot.matches({ CONNECTING: { listening: 'bound' } }),
    );
    send({ type: 'ACCEPT' });
    const client = new AsyncProtocol({ codec: lines() });
    await client.connect(path);
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    const clientClosed = client.closed;
    send({ type: 'DISCONNECT' });
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    await clientClosed;
    expect(received).toEqual([
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

describe('a connection for a single session', () => {
  it('ends with its session, and its outcome is its output', async () => {
    const { address } = await startPeer();
    const { parent, connection, send, emitted } = startParent({ address, once: true });
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    send({ type: 'DISCONNECT' });
    const { context, value } = await waitFor(parent, ({ status }) => status === 'done');
    expect(value).toBe('done');
    expect(context.outcome).toEqual(CLEAN);
    expect(connection.getSnapshot()).toMatchObject({
      value: 'ENDED',
      status: 'done',
      output: CLEAN,
    });
    // Facades and listeners still get IDLE.
    expect(emitted.slice(-2)).toMatchObject([
      { type: 'closed', outcome: CLEAN },
      { type: 'runstate', runstate: 'IDLE' },
    ]);
  });

  it('ends with an attempt that fails', async () => {
    const { parent } = startParent({ address: '/nonexistent/socket', once: true });
    const { context } = await waitFor(parent, ({ status }) => status === 'done');
    const cause = context.outcome?.cause;
    expect(cause).toBeInstanceOf(ConnectError);
    expect(cause).toMatchObject({ phase: 'connection', retryable: true });
    expect(cause?.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('ends with a session that fails', async () => {
    const { address } = await rawPeer((socket) => socket.end());
    const { parent } = startParent({ address, once: true });
    const { context } = await waitFor(parent, ({ status }) => status === 'done');
    expect(context.outcome?.cause).toBeInstanceOf(ClosedError);
    expect(context.outcome?.cause).toMatchObject({ expected: false });
  });

  it('may get its address later', async () => {
    const { parent, connection, send } = startParent({ once: true });
    send({ type: 'DISCONNECT' });
    expect(connection.getSnapshot().value).toBe('IDLE');
    send({ type: 'CONNECT', address: '/nonexistent/socket' });
    const { context } = await waitFor(parent, ({ status }) => status === 'done');
    expect(context.outcome?.cause).toBeInstanceOf(ConnectError);
  });

  it('rejects an invalid address as every attempt does', async () => {
    const { parent } = startParent({ address: '', once: true });
    const { context } = await waitFor(parent, ({ status }) => status === 'done');
    expect(context.outcome?.cause).toMatchObject({
      code: 'ERR_CONNECT',
      retryable: false,
      cause: { code: 'ERR_ARGUMENT' },
    });
  });
});

describe('two connections in one parent', () => {
  it('are independent', async () => {
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
    const [leftConnection, rightConnection] = [children.left, children.right];
    if (!leftConnection || !rightConnection) throw new Error('A child was not invoked');
    const [nearLeft, farLeft] = discardingPair();
    const [nearRight, farRight] = discardingPair();
    leftConnection.send({ type: 'CONNECT', address: { stream: nearLeft } });
    rightConnection.send({ type: 'CONNECT', address: { stream: nearRight } });
    farLeft.write('to the left\n');
    farRight.write('to the right\n');
    expect(await left.count(1)).toEqual(['to the left']);
    expect(await right.count(1)).toEqual(['to the right']);

    farLeft.destroy();
    await waitFor(parent, ({ context }) => context.ended.length > 0);
    expect(parent.getSnapshot().context.ended).toEqual(['ERR_CLOSED']);
    expect(leftConnection.getSnapshot().status).toBe('done');
    farRight.write('still there\n');
    expect(await right.count(2)).toEqual(['to the right', 'still there']);
    parent.stop();
    expect(nearRight.destroyed).toBe(true);
  });
});

describe('a parent that is itself invoked', () => {
  it('gets the states of its connection, and is stopped together with it', async () => {
    const { address, connected } = await startPeer();
    const grandparent = setup({
      types: { children: {} as { parent: 'parent' } },
      actors: { parent: parentOf({ address }) },
    }).createMachine({
      initial: 'inside',
      states: {
        inside: { invoke: { id: 'parent', src: 'parent' }, on: { LEAVE: 'outside' } },
        outside: {},
      },
    });
    const top = createActor(grandparent).start();
    const parent = top.getSnapshot().children.parent;
    const connection = parent?.getSnapshot().children.connection;
    if (!parent || !connection) throw new Error('A child was not invoked');
    await waitFor(parent, ({ context }) => context.seen.at(-1) === 'RUNNING.open up');
    const peer = await connected;
    const protocol = AsyncProtocol.attach(connection);
    const { closed } = protocol;
    top.send({ type: 'LEAVE' });
    expect((await closed).cause).toBeInstanceOf(ClosedError);
    await closing(peer);
    expect(parent.getSnapshot().status).toBe('stopped');
    expect(connection.getSnapshot().status).toBe('stopped');
  });
});

describe('a connection that is spawned', () => {
  const machine = setup({
    types: {
      context: {} as { connection: ProtocolActorRef<string> | undefined; address: Address },
      input: {} as { address: Address },
      events: {} as { type: 'SPAWN' } | { type: 'STOP' },
    },
    actors: { connection: createProtocolMachine({ codec: lines() }) },
  }).createMachine({
    context: ({ input }) => ({ connection: undefined, address: input.address }),
    on: {
      SPAWN: {
        actions: assign({
          connection: ({ context, spawn }) =>
            spawn('connection', { input: { address: context.address } }),
        }),
      },
      STOP: { actions: stopChild(({ context }) => context.connection ?? 'none') },
    },
  });

  it('works as an invoked one, and frees its socket at once when it is stopped', async () => {
    const { address, connected } = await startPeer();
    const parent = createActor(machine, { input: { address } }).start();
    onTestFinished(() => {
      parent.stop();
    });
    parent.send({ type: 'SPAWN' });
    const { connection } = parent.getSnapshot().context;
    if (connection === undefined) throw new Error('The connection was not spawned');
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    const protocol = AsyncProtocol.attach(connection);
    expect(protocol.runstate).toBe('RUNNING');
    const peer = await connected;
    parent.send({ type: 'STOP' });
    expect(protocol.runstate).toBe('IDLE');
    await closing(peer);
  });
});
