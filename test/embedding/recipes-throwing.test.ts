/**
 * An action that throws in the parent of a connection. XState gives the parent the status `error` and
 * stops none of its children, so the socket stays open. `docs/embedding.md` shows remedies; the first of
 * them is tested in `recipes-beside.test.ts`.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, sendTo, setup, waitFor } from 'xstate';
import {
  AsyncProtocol,
  createProtocolMachine,
  createSupervisorMachine,
  lines,
  type ProtocolActorRef,
} from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { closing } from '../support/sockets.ts';
import { turn } from '../support/signal.ts';
import { invoked, startPeer, THROWN, throwError } from './throwing-support.ts';

expectIdleAfterEach();

/** Each place of a chart in which code of the user runs, and an event that makes it throw. */
const parent = setup({
  types: {
    input: {} as { address: string },
    context: {} as { address: string; count: number },
    events: {} as { type: 'ACTION' | 'ASSIGN' | 'GUARD' | 'LEAVE' | 'REENTER' },
    children: {} as { connection: 'connection' },
  },
  actors: { connection: createProtocolMachine({ codec: lines() }) },
  actions: { throwError },
  guards: { throwError },
}).createMachine({
  context: ({ input }) => ({ ...input, count: 0 }),
  initial: 'inside',
  states: {
    inside: {
      invoke: {
        id: 'connection',
        src: 'connection',
        input: ({ context }) => ({ address: context.address }),
      },
      on: {
        ACTION: { actions: 'throwError' },
        ASSIGN: { actions: assign({ count: throwError }) },
        GUARD: { guard: 'throwError', target: 'outside' },
        LEAVE: 'outside',
        REENTER: { target: 'inside', reenter: true, actions: 'throwError' },
      },
    },
    outside: { entry: 'throwError' },
  },
});

/** A parent with a session, and what its error observer got. */
async function startRunning(onError: (error: unknown) => void = () => undefined) {
  const peer = await startPeer();
  const actor = createActor(parent, { input: { address: peer.address } });
  const errors: unknown[] = [];
  actor.subscribe({
    error: (error) => {
      errors.push(error);
      onError(error);
    },
  });
  actor.start();
  const connection = invoked(actor.getSnapshot().children.connection);
  // Nothing else frees the socket.
  onTestFinished(() => {
    connection.send({ type: 'DISCONNECT', force: true });
  });
  await waitFor(connection, (snapshot) => snapshot.hasTag('up'));
  const socket = await peer.connected;
  return { actor, connection, socket, errors, sockets: peer.sockets };
}

const PLACES = ['ACTION', 'ASSIGN', 'GUARD', 'LEAVE', 'REENTER'] as const;

describe('a parent whose own code throws', () => {
  it.each(PLACES)('has failed, and its connection goes on: %s', async (type) => {
    const { actor, connection, errors, socket, sockets } = await startRunning();
    const protocol = AsyncProtocol.attach(connection);
    actor.send({ type });
    // XState wraps what a guard throws.
    const message = expect.stringContaining(THROWN.message) as unknown;
    expect(errors).toMatchObject([{ message }]);
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: { message } });

    // That has no effect any more.
    actor.stop();
    await turn();
    expect(connection.getSnapshot()).toMatchObject({ status: 'active' });
    expect(connection.getSnapshot().hasTag('up')).toBe(true);
    expect(protocol.runstate).toBe('RUNNING');
    expect(socket.destroyed).toBe(false);
    // The parent that was to invoke it anew has not done so.
    expect(sockets).toHaveLength(1);
  });
});

describe('an error observer that disconnects the children', () => {
  it.each(PLACES)('frees the socket: %s', async (type) => {
    const { actor, connection, socket } = await startRunning(() => {
      for (const child of Object.values(actor.getSnapshot().children)) {
        child.send({ type: 'DISCONNECT', force: true });
      }
    });
    actor.send({ type });
    await closing(socket);
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
  });

  it('frees the socket of a parent whose first entry action throws', async () => {
    const { address, connected } = await startPeer();
    const machine = setup({
      types: { children: {} as { connection: 'connection' } },
      actors: { connection: createProtocolMachine({ codec: lines() }) },
    }).createMachine({
      invoke: { id: 'connection', src: 'connection', input: { address } },
      entry: throwError,
    });
    const actor = createActor(machine);
    const errors: unknown[] = [];
    actor.subscribe({
      error: (error) => {
        errors.push(error);
        actor.getSnapshot().children.connection?.send({ type: 'DISCONNECT', force: true });
      },
    });
    actor.start();
    expect(errors).toEqual([THROWN]);
    const connection = invoked(actor.getSnapshot().children.connection);
    await waitFor(connection, (snapshot) => snapshot.matches('IDLE'));
    await closing(await connected);
  });
});

describe('an error observer of a parent that has a supervisor', () => {
  it('frees the socket by STOP', async () => {
    const { address, connected } = await startPeer();
    const machine = setup({
      types: { children: {} as { vm: 'vm' }, events: {} as { type: 'GO' } },
      actors: { vm: createSupervisorMachine({ codec: lines() }) },
    }).createMachine({
      invoke: { id: 'vm', src: 'vm', input: { address } },
      on: { GO: { actions: throwError } },
    });
    const actor = createActor(machine);
    actor.subscribe({
      error: () => {
        actor.getSnapshot().children.vm?.send({ type: 'STOP', force: true });
      },
    });
    actor.start();
    const vm = invoked(actor.getSnapshot().children.vm);
    await waitFor(vm, (snapshot) => snapshot.hasTag('up'));
    const socket = await connected;
    actor.send({ type: 'GO' });
    await waitFor(vm, (snapshot) => snapshot.matches('STOPPED'));
    await closing(socket);
  });
});

describe('a chart that invokes a parent whose own code throws', () => {
  it('frees the socket in its onError, by the systemId of the connection', async () => {
    const { address, connected } = await startPeer();
    const middle = setup({
      types: { events: {} as { type: 'GO' } },
      actors: { connection: createProtocolMachine({ codec: lines() }) },
    }).createMachine({
      invoke: { src: 'connection', systemId: 'connection', input: { address } },
      on: { GO: { actions: throwError } },
    });
    const top = setup({
      types: { children: {} as { middle: 'middle' } },
      actors: { middle },
    }).createMachine({
      invoke: {
        id: 'middle',
        src: 'middle',
        onError: {
          target: '.failed',
          actions: sendTo(({ system }) => system.get('connection') as ProtocolActorRef<string>, {
            type: 'DISCONNECT',
            force: true,
          }),
        },
      },
      initial: 'on',
      states: { on: {}, failed: {} },
    });
    const actor = createActor(top).start();
    onTestFinished(() => {
      actor.stop();
    });
    const ref = actor.system.get('connection') as ProtocolActorRef<string>;
    await waitFor(ref, (snapshot) => snapshot.hasTag('up'));
    const socket = await connected;
    actor.getSnapshot().children.middle?.send({ type: 'GO' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'active', value: 'failed' });
    await waitFor(ref, (snapshot) => snapshot.matches('IDLE'));
    await closing(socket);
  });
});
