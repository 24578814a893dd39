/** How a chart waits for a connection, and gets to know its end: tags, `onDone`, `onError`, `toPromise()`. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, raise, setup, toPromise, waitFor } from 'xstate';
import {
  ArgumentError,
  AsyncProtocol,
  ConnectError,
  createProtocolMachine,
  lines,
  type MachineOptions,
  type ProtocolInput,
  type SessionOutcome,
} from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { turn } from '../support/signal.ts';

expectIdleAfterEach();

const NOWHERE = '/nonexistent/socket';

async function startPeer() {
  const path = `${await tempDir()}/peer.sock`;
  const peer = await rawPeer((socket) => socket.resume().on('end', () => socket.end()), { path });
  return { ...peer, address: path };
}

/** An actor of a connection, as a root of its own. */
function start(input: ProtocolInput, options: MachineOptions = {}) {
  const actor = createActor(createProtocolMachine({ codec: lines() }, options), { input });
  // A root whose error is not observed reports it as uncaught.
  actor.subscribe({ error: () => undefined });
  actor.start();
  onTestFinished(() => {
    actor.stop();
  });
  return actor;
}
type Ref = ReturnType<typeof start>;

const settled = (ref: Ref) =>
  waitFor(ref, (snapshot) => snapshot.hasTag('up') || snapshot.hasTag('failed'));
const tagsOf = (ref: Ref) => [...ref.getSnapshot().tags].sort();

describe('waiting for `up` or `failed`', () => {
  it('ends when the session is up', async () => {
    const { address } = await startPeer();
    const ref = start({ address });
    await settled(ref);
    expect(tagsOf(ref)).toEqual(['up']);
  });

  it('ends when the address is refused, and the outcome says why', async () => {
    const ref = start({ address: NOWHERE });
    await settled(ref);
    expect(tagsOf(ref)).toEqual(['failed', 'idle']);
    expect(AsyncProtocol.attach(ref).outcome?.cause).toBeInstanceOf(ConnectError);
  });

  it('ends when the address is invalid', async () => {
    const ref = start({ address: '' });
    await settled(ref);
    expect(AsyncProtocol.attach(ref).outcome?.cause?.cause).toBeInstanceOf(ArgumentError);
  });

  it('ends with a single-use actor, too', async () => {
    const ref = start({ address: NOWHERE }, { once: true });
    expect((await settled(ref)).status).toBe('done');
    expect(tagsOf(ref)).toEqual(['failed', 'idle']);
  });

  it('begins anew with the next attempt', async () => {
    const { address } = await startPeer();
    const ref = start({ address: NOWHERE });
    await settled(ref);
    ref.send({ type: 'CONNECT', address });
    expect(tagsOf(ref)).toEqual(['busy']);
    await settled(ref);
    expect(tagsOf(ref)).toEqual(['up']);
    ref.send({ type: 'DISCONNECT' });
    await waitFor(ref, (snapshot) => snapshot.hasTag('idle'));
    expect(tagsOf(ref)).toEqual(['idle']);
  });

  it('tells a session that is lost from one that ends cleanly', async () => {
    const { address, connected } = await startPeer();
    const ref = start({ address });
    await settled(ref);
    (await connected).destroy();
    await waitFor(ref, (snapshot) => snapshot.hasTag('idle'));
    expect(tagsOf(ref)).toEqual(['failed', 'idle']);
  });

  it('is `idle` and not `failed` before the first attempt', () => {
    expect(tagsOf(start({}))).toEqual(['idle']);
  });
});

interface Input {
  readonly address: string;
}

/** A parent that raises an event when its connection is up, or has failed. */
const waiting = setup({
  types: {
    input: {} as Input,
    context: {} as Input,
    events: {} as { type: 'UP' | 'FAILED' | 'PAUSE' },
    children: {} as { connection: 'connection' },
  },
  actors: { connection: createProtocolMachine({ codec: lines() }, { forward: true }) },
}).createMachine({
  context: ({ input }) => input,
  invoke: {
    id: 'connection',
    src: 'connection',
    input: ({ context }) => context,
    onSnapshot: [
      {
        guard: ({ event }) => event.snapshot.hasTag('up'),
        actions: raise({ type: 'UP' }),
      },
      { guard: ({ event }) => event.snapshot.hasTag('failed'), actions: raise({ type: 'FAILED' }) },
    ],
  },
  initial: 'connecting',
  states: {
    connecting: { on: { UP: 'up', FAILED: 'failed' } },
    up: { initial: 'running', states: { running: { on: { PAUSE: 'paused' } }, paused: {} } },
    failed: {},
  },
});

describe('a parent that raises an event for a tag', () => {
  const startParent = (input: Input) => {
    const parent = createActor(waiting, { input }).start();
    onTestFinished(() => {
      parent.stop();
    });
    return parent;
  };

  it('gets to know that the connection is up, and stays where it is at later snapshots', async () => {
    const { address, connected } = await startPeer();
    const parent = startParent({ address });
    await waitFor(parent, (snapshot) => snapshot.matches('up'));
    parent.send({ type: 'PAUSE' });
    const { connection } = parent.getSnapshot().children;
    if (connection === undefined) throw new Error('The parent has not invoked the connection');
    const forwarded = new Promise((resolve) => connection.on('message', resolve));
    (await connected).write('one\n');
    await forwarded;
    await turn();
    expect(parent.getSnapshot().value).toEqual({ up: 'paused' });
  });

  it('gets to know that it has failed', async () => {
    const parent = startParent({ address: NOWHERE });
    await waitFor(parent, (snapshot) => snapshot.matches('failed'));
  });
});

/** A parent of a single session, which keeps the output or the error that it got. */
const ending = (failWith?: 'output' | 'error') =>
  setup({
    types: {
      input: {} as Input,
      context: {} as Input & { output?: SessionOutcome; error?: unknown },
      children: {} as { connection: 'connection' },
    },
    actors: { connection: createProtocolMachine({ codec: lines() }, { once: true, failWith }) },
  }).createMachine({
    context: ({ input }) => input,
    initial: 'on',
    states: {
      on: {
        invoke: {
          id: 'connection',
          src: 'connection',
          input: ({ context }) => context,
          onDone: { target: 'done', actions: assign({ output: ({ event }) => event.output }) },
          onError: { target: 'error', actions: assign({ error: ({ event }) => event.error }) },
        },
      },
      done: { type: 'final' },
      error: { type: 'final' },
    },
  });

function endOf(failWith: 'output' | 'error' | undefined, input: Input) {
  const parent = createActor(ending(failWith), { input }).start();
  onTestFinished(() => {
    parent.stop();
  });
  const { connection } = parent.getSnapshot().children;
  if (connection === undefined) throw new Error('The parent has not invoked the connection');
  return { parent, connection, ended: waitFor(parent, ({ status }) => status === 'done') };
}

describe('the end of a single session', () => {
  it.each([undefined, 'output'] as const)(
    'is `onDone` when the attempt fails, with failWith: %s',
    async (failWith) => {
      const { ended } = endOf(failWith, { address: NOWHERE });
      const { value, context } = await ended;
      expect(value).toBe('done');
      expect(context.output?.cause).toBeInstanceOf(ConnectError);
    },
  );

  it('is `onError` when the attempt fails, with failWith: error', async () => {
    const { ended } = endOf('error', { address: NOWHERE });
    const { value, context } = await ended;
    expect(value).toBe('error');
    expect(context.error).toBeInstanceOf(ConnectError);
  });

  it('is `onError` when the session is lost, with failWith: error', async () => {
    const { address, connected } = await startPeer();
    const { connection, ended } = endOf('error', { address });
    await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
    (await connected).destroy();
    const { value, context } = await ended;
    expect(value).toBe('error');
    expect(context.error).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it.each([undefined, 'output', 'error'] as const)(
    'is `onDone` when it ends cleanly, with failWith: %s',
    async (failWith) => {
      const { address } = await startPeer();
      const { connection, ended } = endOf(failWith, { address });
      await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
      connection.send({ type: 'DISCONNECT' });
      const { value, context } = await ended;
      expect(value).toBe('done');
      expect(context.output).toEqual({ suppressed: [], undelivered: 0 });
    },
  );

  it('rejects toPromise() with failWith: error, and resolves it otherwise', async () => {
    const failing = start({ address: NOWHERE }, { once: true, failWith: 'error' });
    await expect(toPromise(failing)).rejects.toBeInstanceOf(ConnectError);
    const resolving = start({ address: NOWHERE }, { once: true });
    expect((await toPromise(resolving)).cause).toBeInstanceOf(ConnectError);
  });
});
