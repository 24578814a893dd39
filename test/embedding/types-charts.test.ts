/**
 * The interfaces that our machines are declared with say what their charts are. The compiler checks it: the charts
 * can be assigned to the interfaces whatever they are.
 */

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type AnyStateMachine,
  type EmittedFrom,
  type EventFromLogic,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate';
import type { Session } from '../../src/core/types.ts';
import {
  type Codec,
  createProtocolMachine,
  createSupervisorMachine,
  lines,
  type ProtocolAction,
  type ProtocolActorId,
  type ProtocolDelay,
  type ProtocolEmitted,
  type ProtocolEvent,
  type ProtocolMachine,
  type ProtocolSnapshot,
  type SupervisorAction,
  type SupervisorDelay,
  type SupervisorEmitted,
  type SupervisorEvent,
  type SupervisorMachine,
  type SupervisorSnapshot,
} from '../../src/index.ts';
import type { createChart } from '../../src/machines/protocol.ts';
import type { createSupervisorChart } from '../../src/machines/supervisor.ts';

type Chart = ReturnType<typeof createChart<string, number, undefined>>;
type SupervisorChart = ReturnType<typeof createSupervisorChart<string, number>>;

/** What the `provide()` of a chart takes, by its names. */
interface Providing {
  provide(implementations: never): unknown;
}
type Names<M extends Providing, Kind extends 'actors' | 'delays'> = Parameters<
  M['provide']
>[0] extends infer Given
  ? keyof NonNullable<Kind extends keyof Given ? Given[Kind] : never>
  : never;

/** The parts of a snapshot that are compared. */
interface SnapshotParts {
  readonly value: unknown;
  readonly context: unknown;
  hasTag(tag: never): boolean;
  matches(value: never): boolean;
}
type Tag<S extends SnapshotParts> = Parameters<S['hasTag']>[0];
type Matched<S extends SnapshotParts> = Parameters<S['matches']>[0];

describe('the interface of', () => {
  it('a connection has the states, tags, events and deadlines of its chart', () => {
    type Inner = SnapshotFrom<Chart>;
    type Ours = ProtocolSnapshot<string, number>;
    expectTypeOf<Ours['value']>().toEqualTypeOf<Inner['value']>();
    expectTypeOf<Ours['context']>().toEqualTypeOf<Inner['context']>();
    expectTypeOf<Ours['output']>().toEqualTypeOf<Inner['output']>();
    expectTypeOf<Tag<Ours>>().toEqualTypeOf<Tag<Inner>>();
    expectTypeOf<Matched<Ours>>().toEqualTypeOf<Matched<Inner>>();
    expectTypeOf<EventFromLogic<Chart>>().toEqualTypeOf<ProtocolEvent<number>>();
    expectTypeOf<EmittedFrom<Chart>>().toEqualTypeOf<ProtocolEmitted<string>>();
    expectTypeOf<Names<Chart, 'delays'>>().toEqualTypeOf<ProtocolDelay>();
    expectTypeOf<Names<Chart, 'actors'>>().toEqualTypeOf<ProtocolActorId | 'discarder'>();
    expectTypeOf<Chart>().toExtend<ProtocolMachine<string, number>>();
    expect(createProtocolMachine({ codec: lines() }).id).toBe('protocol');
  });

  it('a supervisor has the states, tags, events and delays of its chart', () => {
    type Inner = SnapshotFrom<SupervisorChart>;
    type Ours = SupervisorSnapshot<string, number>;
    expectTypeOf<Ours['value']>().toEqualTypeOf<Inner['value']>();
    expectTypeOf<Ours['context']>().toEqualTypeOf<Inner['context']>();
    expectTypeOf<Tag<Ours>>().toEqualTypeOf<Tag<Inner>>();
    expectTypeOf<Matched<Ours>>().toEqualTypeOf<Matched<Inner>>();
    expectTypeOf<Ours['children']['connection']>().toEqualTypeOf<Inner['children']['connection']>();
    expectTypeOf<EventFromLogic<SupervisorChart>>().toEqualTypeOf<SupervisorEvent>();
    expectTypeOf<EmittedFrom<SupervisorChart>>().toEqualTypeOf<SupervisorEmitted>();
    expectTypeOf<Names<SupervisorChart, 'delays'>>().toEqualTypeOf<SupervisorDelay>();
    expectTypeOf<Names<SupervisorChart, 'actors'>>().toEqualTypeOf<
      'connection' | 'locator' | 'synchronizer' | 'liveness' | 'failure'
    >();
    expectTypeOf<SupervisorChart>().toExtend<SupervisorMachine<string, number>>();
    expect(createSupervisorMachine({ codec: lines() }).id).toBe('supervisor');
  });

  it('names each action with an effect', () => {
    const special = ['xstate.raise', 'xstate.sendTo', 'xstate.spawnChild'] as const;
    const ofProtocol = [
      'sendMessage',
      'settleLink',
      'xstate.cancel',
      'xstate.emit',
      'xstate.stopChild',
    ] as const satisfies readonly ProtocolAction['type'][];
    expectTypeOf<ProtocolAction['type']>().toEqualTypeOf<(typeof ofProtocol)[number]>();
    const ofSupervisor = [
      'xstate.cancel',
      'xstate.emit',
      'xstate.stopChild',
    ] as const satisfies readonly SupervisorAction['type'][];
    expectTypeOf<SupervisorAction['type']>().toEqualTypeOf<(typeof ofSupervisor)[number]>();
    const protocol = effectsOf(createProtocolMachine({ codec: lines() }));
    expect([...ofProtocol, ...special]).toEqual(expect.arrayContaining(protocol));
    const supervisor = effectsOf(createSupervisorMachine({ codec: lines() }));
    expect([...ofSupervisor, ...special]).toEqual(expect.arrayContaining(supervisor));
    expect(supervisor).toContain('xstate.emit');
  });

  it('does not let a machine for other messages pass', () => {
    expectTypeOf<Chart>().not.toExtend<ProtocolMachine<number, number>>();
    expectTypeOf<Chart>().not.toExtend<ProtocolMachine<string, string>>();
    expectTypeOf<ProtocolMachine<string>>().not.toExtend<ProtocolMachine<number, string>>();
    expectTypeOf<ProtocolMachine<string>>().not.toExtend<SupervisorMachine<string>>();
    expectTypeOf<SupervisorMachine<string>>().not.toExtend<ProtocolMachine<string>>();
    expectTypeOf<Session<string>>().not.toExtend<Session<number>>();
  });
});

describe('provide() of', () => {
  const machine = createProtocolMachine({ codec: lines() });

  it('a connection takes its deadlines and its guards, and returns such a machine', () => {
    const other = machine.provide({
      delays: { connectTimeout: 1, closeTimeout: ({ context }) => context.session },
      guards: { isForced: ({ event }) => event.type === 'DISCONNECT' },
    });
    expectTypeOf(other).toEqualTypeOf<ProtocolMachine<string>>();
    expectTypeOf(other.provide({})).toEqualTypeOf<ProtocolMachine<string>>();
    const [idle] = initialTransition(other);
    const [dialing, actions] = transition(other, idle, { type: 'CONNECT', address: '/x' });
    expect(dialing.matches({ CONNECTING: 'dialing' })).toBe(true);
    expect(actions).toContainEqual(
      expect.objectContaining({
        type: 'xstate.raise',
        params: expect.objectContaining({ delay: 1 }) as object,
      }),
    );
  });

  it('a connection refuses other names', () => {
    const wrong = () => {
      // @ts-expect-error -- misspelt
      machine.provide({ delays: { conectTimeout: 1 } });
      // @ts-expect-error -- misspelt
      machine.provide({ actors: { handshak: machine } });
      // @ts-expect-error -- not a delay
      machine.provide({ delays: { connectTimeout: 'soon' } });
      // @ts-expect-error -- not actor logic
      machine.provide({ actors: { reader: () => undefined } });
    };
    expectTypeOf(wrong).returns.toBeVoid();
  });

  it('a supervisor takes another connection', () => {
    const supervisor = createSupervisorMachine({ codec: lines() });
    const other = supervisor.provide({ actors: { connection: machine }, delays: { backoff: 5 } });
    expectTypeOf(other).toEqualTypeOf<SupervisorMachine<string>>();
    const wrong = () => {
      // @ts-expect-error -- a connection for other messages
      supervisor.provide({ actors: { connection: createProtocolMachine(numbers) } });
      // @ts-expect-error -- misspelt
      supervisor.provide({ delays: { backof: 5 } });
    };
    expectTypeOf(wrong).returns.toBeVoid();
    expect(other.id).toBe('supervisor');
  });
});

/** Of the actions that a chart names, those that do something outside: their own names, or XState's. */
const effectsOf = (machine: AnyStateMachine): string[] =>
  Object.entries(machine.implementations.actions)
    .map(([name, action]) => (action && 'type' in action ? String(action.type) : name))
    .filter((type) => type !== 'xstate.assign' && type !== 'xstate.enqueueActions');

/** Never used but as a type. */
declare const numbers: { readonly codec: Codec<number> };
