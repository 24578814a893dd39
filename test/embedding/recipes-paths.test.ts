/**
 * The paths through a parent of a connection, from XState's graph utilities. `createTestModel()` refuses
 * machines that invoke something; `getShortestPaths()` takes what the connection reports as events. Each
 * path is then taken by the real parent, with a real connection.
 */

import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type AnyEventObject,
  type AnyStateMachine,
  createActor,
  initialTransition,
  raise,
  setup,
  waitFor,
} from 'xstate';
import { createTestModel, getShortestPaths, getSimplePaths } from 'xstate/graph';
import { type Address, createProtocolMachine, lines } from '../../src/index.ts';
import { createQmpMachine, type QmpActorRef, QmpClient } from '../../src/qmp/index.ts';
import { faults, ScriptedQmpServer } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';

expectIdleAfterEach();

const vm = setup({
  types: {
    input: {} as { address: Address },
    context: {} as { address: Address },
    events: {} as { type: 'PAUSE' | 'RESUME' | 'UP' },
    children: {} as { qmp: 'qmp' },
  },
  actors: { qmp: createQmpMachine({ once: true }) },
}).createMachine({
  context: ({ input }) => input,
  invoke: {
    id: 'qmp',
    src: 'qmp',
    input: ({ context }) => context,
    onSnapshot: {
      guard: ({ event }) => event.snapshot.hasTag('up'),
      actions: raise({ type: 'UP' }),
    },
    onDone: [
      { guard: ({ event }) => event.output.cause === undefined, target: '.off' },
      { target: '.crashed' },
    ],
  },
  initial: 'connecting',
  states: {
    connecting: { on: { UP: 'running' } },
    running: { on: { PAUSE: 'paused' } },
    paused: { on: { RESUME: 'running' } },
    crashed: { type: 'final' },
    off: { type: 'final' },
  },
});
/** The graph utilities know only the events that a machine declares. */
const anyVm: AnyStateMachine = vm;

const UP = { type: 'xstate.snapshot.qmp', snapshot: { hasTag: (tag: string) => tag === 'up' } };
const ENDED = { type: 'xstate.done.actor.qmp', output: {} };
const FAILED = { type: 'xstate.done.actor.qmp', output: { cause: 'a failure' } };

/** What may happen in each state. */
const events = ({ status, value }: { status: string; value: unknown }): AnyEventObject[] => {
  if (status !== 'active') return [];
  return value === 'connecting'
    ? [UP, FAILED]
    : [ENDED, FAILED, { type: 'PAUSE' }, { type: 'RESUME' }];
};

/** The scripted server does what each event stands for; the parent does the rest. */
async function take(steps: readonly Step[]): Promise<unknown> {
  const isUp = steps.some(({ event }) => event === UP);
  await using server = new ScriptedQmpServer(isUp ? {} : { greeting: faults.drop() });
  const actor = createActor(vm, { input: { address: await server.listen() } });
  onTestFinished(() => {
    actor.stop();
  });
  const happen = async (event: AnyEventObject): Promise<void> => {
    if (event.type === 'xstate.init') actor.start();
    else if (event === FAILED && isUp) server.show(faults.drop());
    else if (event === ENDED) await quit(actor.getSnapshot().children.qmp);
    else if (event.type === 'PAUSE' || event.type === 'RESUME') actor.send({ type: event.type });
  };
  for (const { event, state } of steps) {
    await happen(event);
    await waitFor(actor, ({ value }) => value === state.value);
  }
  return actor.getSnapshot().value;
}

/** QEMU ends, as it is asked to. */
async function quit(qmp: QmpActorRef | undefined): Promise<void> {
  if (qmp === undefined) throw new Error('The parent has not invoked the connection');
  await QmpClient.attach(qmp).execute('quit');
}

/** A step of a path: what happens, and the state after it. */
interface Step {
  readonly event: AnyEventObject;
  readonly state: { readonly value: unknown };
}
const paths: readonly { readonly steps: readonly Step[] }[] = [
  ...getShortestPaths(anyVm, { events }),
  ...getSimplePaths(anyVm, { events }),
];
const cases = paths.map(({ steps }) => {
  const title = steps.map(({ event }) => (event === FAILED ? 'FAILED' : event.type)).join(', ');
  return [title, steps] as const;
});

describe('the paths through a parent', () => {
  it('reach every state of it', () => {
    const reached = new Set(paths.flatMap(({ steps }) => steps.map(({ state }) => state.value)));
    expect([...reached].sort()).toEqual(Object.keys(vm.states).sort());
    expect(new Set(cases.map(([title]) => title)).size).toBeGreaterThan(7);
  });

  it.each(cases)('are those of the real parent: %s', async (_, steps) => {
    expect(await take(steps)).toBe(steps.at(-1)?.state.value);
  });
});

describe('what XState computes without running anything', () => {
  it('refuses a test model of a machine that invokes one', () => {
    expect(() => createTestModel(vm)).toThrow('Invocations on test machines are not supported');
  });

  it('includes the paths of the machine itself', () => {
    const machine: AnyStateMachine = createProtocolMachine({ codec: lines() });
    const own = getShortestPaths(machine, {
      input: {},
      serializeState: ({ value }: { value: unknown }) => JSON.stringify(value),
      events: [
        { type: 'CONNECT', address: '/nowhere' },
        { type: 'xstate.done.actor.dialer' },
        { type: 'xstate.done.actor.closer' },
        { type: 'DISCONNECT' },
      ],
    });
    const states = own.map(({ state }: { state: { value: unknown } }) => state.value);
    expect(states).toContain('IDLE');
    expect(states).toContainEqual({ RUNNING: 'open' });
    expect(states).toContainEqual({ DISCONNECTING: 'closing' });
  });

  it('opens nothing', () => {
    const [snapshot, actions] = initialTransition(vm, { address: '/nowhere' });
    expect(snapshot.value).toBe('connecting');
    expect(actions.map(({ type }) => type)).toContain('xstate.spawnChild');
  });
});
