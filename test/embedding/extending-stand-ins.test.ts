/** Machines of `protocolSetup()` where one of the library was: in a supervisor, and in the `provide()` of a parent. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import { type AnyActorRef, createActor, setup, type SnapshotFrom, waitFor } from 'xstate';
import {
  type Address,
  AsyncProtocol,
  createSupervisorMachine,
  lines,
  type ProtocolEvent,
  type ProtocolMachine,
  type ProtocolValue,
  protocolSetup,
  RefusedError,
  type SessionOutcome,
  type SupervisorMachine,
} from '../../src/index.ts';
import {
  createQmpMachine,
  QmpClient,
  type QmpCommand,
  type QmpMachine,
} from '../../src/qmp/index.ts';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import type { machine as authenticating } from './extended.ts';

expectIdleAfterEach();

const qmp = protocolSetup(QmpClient);
const plainQmp = qmp.complete(qmp.setup.createMachine(qmp.config));
const line = protocolSetup({ codec: lines() }, { forward: true });
const plainLines = line.complete(line.setup.createMachine(line.config));

const pausing = protocolSetup(QmpClient, {
  types: {
    events: {} as { type: 'PAUSE' } | { type: 'RESUME' } | { type: 'DEGRADE' },
    tags: {} as 'paused',
  },
});
const { RUNNING } = pausing.config.states;
const { open } = RUNNING.states;
const pausable = pausing.complete(
  pausing.setup.createMachine({
    ...pausing.config,
    states: {
      ...pausing.config.states,
      RUNNING: {
        ...RUNNING,
        states: {
          ...RUNNING.states,
          open: { ...open, on: { ...open.on, PAUSE: 'PAUSED', DEGRADE: 'DEGRADED' } },
          PAUSED: { tags: 'paused', on: { RESUME: 'open' } },
          DEGRADED: {
            initial: 'slow',
            on: { RESUME: 'open' },
            states: { slow: {}, stuck: {} },
          },
        },
      },
    },
  }),
);

const vm = setup({ actors: { qmp: createQmpMachine() } }).createMachine({
  invoke: { id: 'qmp', src: 'qmp', input: {} },
});
const supervisor = createSupervisorMachine(QmpClient, { backoff: { initial: 1 } });
const lineSupervisor = createSupervisorMachine({ codec: lines() });

/** Starts a supervisor, and returns its actor when that is UP. */
async function startUp<In, Out>(machine: SupervisorMachine<In, Out>, address: Address) {
  const actor = createActor(machine, { input: { address } }).start();
  cleanUp(() => actor.stop());
  await waitFor(actor, (snapshot) => snapshot.matches('UP'));
  return actor;
}

async function expectCleanStop<In, Out>(actor: Awaited<ReturnType<typeof startUp<In, Out>>>) {
  actor.send({ type: 'STOP' });
  await waitFor(actor, (snapshot) => snapshot.matches('STOPPED'));
}

describe('a machine of protocolSetup()', () => {
  it('has the values of the chart, and those of the states that were added', () => {
    type Added = { RUNNING: 'PAUSED' } | { RUNNING: { DEGRADED: 'slow' | 'stuck' } };
    type Once = 'ENDED' | 'FAILED';
    expectTypeOf<ProtocolValue>().toExtend<SnapshotFrom<typeof plainQmp>['value'] | Once>();
    expectTypeOf<SnapshotFrom<typeof plainQmp>['value']>().toExtend<ProtocolValue>();
    expectTypeOf<Added>().toExtend<SnapshotFrom<typeof pausable>['value']>();
    expectTypeOf<{ RUNNING: 'away' }>().not.toExtend<SnapshotFrom<typeof pausable>['value']>();
    expectTypeOf<'RUNNING'>().not.toExtend<SnapshotFrom<typeof plainQmp>['value']>();
    expect(createActor(plainQmp).getSnapshot().value).toBe('IDLE');
  });

  it('fits where one of the library was declared, and the other way round', () => {
    expectTypeOf<typeof plainQmp>().toExtend<QmpMachine>();
    expectTypeOf<typeof pausable>().toExtend<QmpMachine>();
    expectTypeOf<typeof plainLines>().toExtend<ProtocolMachine<string>>();
    expectTypeOf<typeof authenticating>().toExtend<ProtocolMachine<string>>();
    const parents = [
      vm.provide({ actors: { qmp: plainQmp } }),
      vm.provide({ actors: { qmp: pausable } }),
      setup({ actors: { qmp: plainQmp } })
        .createMachine({ invoke: { id: 'qmp', src: 'qmp' } })
        .provide({ actors: { qmp: pausable } })
        .provide({ actors: { qmp: createQmpMachine() } }),
      setup({ actors: { qmp: pausable } })
        .createMachine({ invoke: { id: 'qmp', src: 'qmp' } })
        .provide({ actors: { qmp: plainQmp } })
        .provide({ actors: { qmp: createQmpMachine() } }),
    ];
    for (const parent of parents) {
      const actor = createActor(parent).start();
      expect(actor.getSnapshot().children.qmp?.getSnapshot()).toMatchObject({ value: 'IDLE' });
      actor.stop();
    }
  });

  it('does not fit where a machine for other messages was declared', () => {
    expectTypeOf<typeof plainQmp>().not.toExtend<ProtocolMachine<string>>();
    expectTypeOf<typeof pausable>().not.toExtend<ProtocolMachine<string>>();
    expectTypeOf<typeof plainLines>().not.toExtend<QmpMachine>();
    expectTypeOf<typeof plainLines>().not.toExtend<typeof plainQmp>();
    expectTypeOf<QmpMachine>().not.toExtend<typeof plainLines>();
    expectTypeOf<typeof plainQmp>().not.toExtend<SupervisorMachine<string>>();
    const wrong = () => {
      // @ts-expect-error -- lines are no commands
      vm.provide({ actors: { qmp: plainLines } });
      // @ts-expect-error -- lines are no commands
      supervisor.provide({ actors: { connection: plainLines } });
      // @ts-expect-error -- commands are no lines
      lineSupervisor.provide({ actors: { connection: pausable } });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });

  it('lets only fakes stand in for it whose states it has', () => {
    const types = { events: {} as ProtocolEvent<QmpCommand>, output: {} as SessionOutcome };
    const fake = setup({ types }).createMachine({
      initial: 'RUNNING',
      states: { RUNNING: { tags: 'up', initial: 'PAUSED', states: { PAUSED: {} } } },
    });
    const empty = setup({ types }).createMachine({});
    const other = setup({ types }).createMachine({
      initial: 'IDLE',
      states: { IDLE: {}, RUNNING: { initial: 'lost', states: { lost: {} } } },
    });
    expectTypeOf<typeof fake>().toExtend<typeof pausable>();
    expectTypeOf<typeof fake>().not.toExtend<typeof plainQmp>();
    expectTypeOf<typeof fake>().not.toExtend<QmpMachine>();
    expectTypeOf(empty).not.toExtend<typeof pausable>();
    expectTypeOf(empty).not.toExtend<QmpMachine>();
    expectTypeOf(other).not.toExtend<typeof pausable>();
    expectTypeOf(other).not.toExtend<QmpMachine>();
    const parent = setup({ actors: { qmp: pausable } }).createMachine({
      invoke: { id: 'qmp', src: 'qmp' },
    });
    const actor = createActor(parent.provide({ actors: { qmp: fake } })).start();
    const snapshot = actor.getSnapshot().children.qmp?.getSnapshot();
    expect(snapshot).toMatchObject({ value: { RUNNING: 'PAUSED' } });
    actor.stop();
  });
});

describe('a supervisor keeps up', () => {
  it.each([
    ['a connection of protocolSetup()', supervisor.provide({ actors: { connection: plainQmp } })],
    ['one with states of its own', supervisor.provide({ actors: { connection: pausable } })],
  ])('%s, for QMP, across its sessions', async (_, machine) => {
    const server = new ScriptedQmpServer();
    cleanUp(() => server.close());
    const actor = await startUp(machine, await server.listen());
    const { connection } = actor.getSnapshot().children;
    if (connection === undefined) throw new Error('The supervisor has no connection');
    const client = QmpClient.attach(connection);
    await expect(client.execute('query-status')).resolves.toMatchObject({ running: false });
    connection.send({ type: 'FAIL', error: new RefusedError('broken') });
    await waitFor(actor, (snapshot) => !snapshot.matches('UP'));
    await waitFor(actor, (snapshot) => snapshot.matches('UP'));
    await expect(client.execute('query-status')).resolves.toMatchObject({ running: false });
    await expectCleanStop(actor);
    expect(connection.getSnapshot().context.session).toBe(2);
  });

  it('one whose added states the supervisor does not know, while it is in them', async () => {
    const server = new ScriptedQmpServer();
    cleanUp(() => server.close());
    const actor = await startUp(
      supervisor.provide({ actors: { connection: pausable } }),
      await server.listen(),
    );
    const connection: AnyActorRef | undefined = actor.getSnapshot().children.connection;
    connection?.send({ type: 'PAUSE' });
    expect(connection?.getSnapshot()).toMatchObject({ value: { RUNNING: 'PAUSED' } });
    connection?.send({ type: 'RESUME' });
    connection?.send({ type: 'DEGRADE' });
    expect(connection?.getSnapshot()).toMatchObject({ value: { RUNNING: { DEGRADED: 'slow' } } });
    expect(actor.getSnapshot().value).toBe('UP');
    await expectCleanStop(actor);
  });

  it('a connection of protocolSetup() for lines', async () => {
    const { address } = await rawPeer((socket) => socket.pipe(socket), {
      path: `${await tempDir()}/lines.sock`,
    });
    const machine = lineSupervisor.provide({ actors: { connection: plainLines } });
    const actor = await startUp(machine, address);
    const { connection } = actor.getSnapshot().children;
    if (connection === undefined) throw new Error('The supervisor has no connection');
    const received: string[] = [];
    const answered = new Promise<void>((resolve) => {
      connection.on('message', ({ messages }) => {
        received.push(...messages);
        resolve();
      });
    });
    await AsyncProtocol.attach(connection).send('hello');
    await answered;
    expect(received).toEqual(['hello']);
    await expectCleanStop(actor);
  });
});
