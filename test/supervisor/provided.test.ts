/** A supervisor's machine with other actors and delays: `machine.provide()`, also in a parent's `provide()`. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { assign, createActor, fromPromise, setup, waitFor } from 'xstate';
import {
  type AddressSource,
  AsyncProtocol,
  createProtocolMachine,
  createSupervisorMachine,
  lines,
  type Located,
  type Locator,
  type ProtocolActorRef,
  type ProtocolEvent,
  type SessionOutcome,
  type SupervisorInput,
  type SupervisorMachine,
  type WirechartError,
} from '../../src/index.ts';
import { CountingClock } from '../machines/fake-link.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { withoutJitter } from './support.ts';

expectIdleAfterEach();

const supervisorMachine = createSupervisorMachine({ codec: lines() }, { backoff: withoutJitter });

/** A chart that keeps one connection up. Tests replace its supervisor by `provide()`. */
const parentMachine = setup({
  types: {
    input: {} as SupervisorInput,
    context: {} as SupervisorInput,
    children: {} as { vm: 'vm' },
  },
  actors: { vm: supervisorMachine },
}).createMachine({
  context: ({ input }) => input,
  invoke: { id: 'vm', src: 'vm', input: ({ context }) => context },
});

/** Starts a parent whose supervisor is this machine, and returns the supervisor. */
function startChild(vm: SupervisorMachine<string>, address: AddressSource, clock?: CountingClock) {
  const machine = parentMachine.provide({ actors: { vm } });
  const parent = createActor(machine, { input: { address }, ...(clock && { clock }) }).start();
  onTestFinished(() => {
    parent.stop();
  });
  const child = parent.getSnapshot().children.vm;
  if (child === undefined) throw new Error('The parent has no child');
  return child;
}

/** The types of a fake that stands in for a connection. */
const FAKE_TYPES = {
  context: {} as { readonly session: number },
  events: {} as ProtocolEvent<string>,
  output: {} as SessionOutcome,
};

const startPeer = async () =>
  rawPeer((socket) => socket.resume().on('end', () => socket.end()), {
    path: `${await tempDir()}/peer.sock`,
  });

describe('a supervisor whose machine was provided with', () => {
  it('a synchronizer runs it before it is UP, although its options have no onUp', async () => {
    const { address } = await startPeer();
    const prepared: string[] = [];
    const machine = supervisorMachine.provide({
      actors: {
        synchronizer: fromPromise<unknown, OnConnection>(({ input: { connection } }) => {
          if (connection) prepared.push(AsyncProtocol.attach(connection).runstate);
          return Promise.resolve();
        }),
      },
    });
    const child = startChild(machine, address);
    await waitFor(child, (snapshot) => snapshot.matches('UP'));
    expect(prepared).toEqual(['RUNNING']);
  });

  it('a synchronizer keeps it when it is provided with something else later', async () => {
    const { address } = await startPeer();
    let prepared = 0;
    const machine = supervisorMachine
      .provide({
        actors: {
          synchronizer: fromPromise(() => {
            prepared += 1;
            return Promise.resolve();
          }),
        },
      })
      .provide({ delays: { syncTimeout: 1_000 } });
    await waitFor(startChild(machine, address), (snapshot) => snapshot.matches('UP'));
    expect(prepared).toBe(1);
  });

  it('a locator asks it for the address, with the number of the attempt and the cause', async () => {
    const { address } = await startPeer();
    const asked: (string | undefined)[] = [];
    const machine = supervisorMachine.provide({
      actors: {
        locator: fromPromise<Located, LocatorInput>(({ input: { attempt, cause } }) => {
          asked.push(`${String(attempt)} ${String(cause?.code)}`);
          const found = attempt === 1 ? '/nowhere/peer.sock' : address;
          return Promise.resolve({ address: found, isLast: false });
        }),
      },
      delays: { backoff: 0 },
    });
    await waitFor(startChild(machine, '/unused'), (snapshot) => snapshot.matches('UP'));
    expect(asked).toEqual(['1 undefined', '2 ERR_CONNECT']);
  });

  it('another connection dials with that', async () => {
    const { address, sockets } = await startPeer();
    const connection = createProtocolMachine<string>({
      codec: lines(),
      handshake: ({ send }) => send('hello'),
    });
    const child = startChild(supervisorMachine.provide({ actors: { connection } }), address);
    await waitFor(child, (snapshot) => snapshot.matches('UP'));
    expect(sockets).toHaveLength(1);
  });

  it('a fake connection follows it, also when that is IDLE at once after RUNNING', async () => {
    const connection = setup({
      types: FAKE_TYPES,
    }).createMachine({
      context: { session: 0 },
      initial: 'IDLE',
      states: {
        IDLE: {
          on: {
            CONNECT: {
              target: 'RUNNING',
              actions: assign({ session: ({ context }) => context.session + 1 }),
            },
          },
        },
        RUNNING: { tags: 'up', on: { DISCONNECT: 'IDLE' } },
      },
    });
    const child = startChild(supervisorMachine.provide({ actors: { connection } }), '/unused');
    const emitted: string[] = [];
    child.on('*', ({ type }) => emitted.push(type));
    await waitFor(child, (snapshot) => snapshot.matches('UP'));
    child.getSnapshot().children.connection?.send({ type: 'DISCONNECT' });
    expect(child.getSnapshot().value).toBe('STOPPED');
    child.send({ type: 'START' });
    await waitFor(child, (snapshot) => snapshot.matches('UP'));
    child.send({ type: 'STOP' });
    expect(child.getSnapshot().value).toBe('STOPPED');
    expect(emitted).toEqual([
      'up',
      'stopping',
      'stopped',
      'connecting',
      'up',
      'stopping',
      'stopped',
    ]);
  });

  it('a fake connection misses no end that comes within the step in which it dials', async () => {
    const connection = setup({
      types: FAKE_TYPES,
    }).createMachine({
      context: { session: 0 },
      initial: 'IDLE',
      states: {
        IDLE: { on: { CONNECT: { target: 'RUNNING', actions: assign({ session: 1 }) } } },
        RUNNING: { tags: 'up', on: { DISCONNECT: 'DISCONNECTING' } },
        DISCONNECTING: { on: { EXPECT_MORE: 'IDLE' } },
      },
    });
    const child = startChild(supervisorMachine.provide({ actors: { connection } }), '/unused');
    const dialled = child.getSnapshot().children.connection;
    dialled?.subscribe((snapshot) => {
      if (snapshot.matches('RUNNING')) dialled.send({ type: 'DISCONNECT' });
    });
    await waitFor(child, (snapshot) => !snapshot.matches('CONNECTING'));
    expect(child.getSnapshot().value).toBe('STOPPING');
    dialled?.send({ type: 'EXPECT_MORE' });
    expect(child.getSnapshot().value).toBe('STOPPED');
  });

  it('other delays waits so long', async () => {
    const clock = new CountingClock();
    const machine = supervisorMachine.provide({
      delays: { backoff: ({ context }) => 1_000 * context.attempts },
    });
    const child = startChild(machine, '/nowhere/peer.sock', clock);
    await waitFor(child, (snapshot) => snapshot.matches('WAITING'));
    clock.increment(999);
    expect(child.getSnapshot().value).toBe('WAITING');
    clock.increment(1);
    expect(child.getSnapshot().value).toEqual({ CONNECTING: 'locating' });
  });
});

interface OnConnection {
  readonly connection: ProtocolActorRef<string> | undefined;
}

interface LocatorInput {
  readonly locator: Locator;
  readonly attempt: number;
  readonly cause: WirechartError | undefined;
}
