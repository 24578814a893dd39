/** What XState's own types and functions make of our machines. Mostly checked by the compiler. */

import type { useMachine, useSelector } from '@xstate/react';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type ActorRefFrom,
  type AnyStateMachine,
  type ContextFrom,
  createActor,
  type EmittedFrom,
  type EventFrom,
  type EventFromLogic,
  type ExecutableActionsFrom,
  getInitialMicrosteps,
  getNextTransitions,
  initialTransition,
  type InputFrom,
  type OutputFrom,
  sendTo,
  setup,
  type SnapshotFrom,
  type StateValueFrom,
  type TagsFrom,
  toPromise,
  transition,
  waitFor,
} from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import {
  createProtocolMachine,
  createSupervisorMachine,
  jsonLines,
  type JsonObject,
  lines,
  type ProtocolActorRef,
  type ProtocolContext,
  type ProtocolEmitted,
  type ProtocolEvent,
  type ProtocolInput,
  type ProtocolSnapshot,
  type ProtocolTag,
  type ProtocolValue,
  type SessionOutcome,
  type SupervisorActorRef,
  type SupervisorContext,
  type SupervisorEmitted,
  type SupervisorEvent,
  type SupervisorInput,
  type SupervisorSnapshot,
  type SupervisorTag,
  type SupervisorValue,
} from '../../src/index.ts';
import { createQmpMachine, type QmpCommand } from '../../src/qmp/index.ts';
import { toMermaid } from '../../src/inspect/index.ts';

const connection = createProtocolMachine({ codec: jsonLines<{ id: number }, 'ping'>() });
const qmp = createQmpMachine();
const supervisor = createSupervisorMachine({ codec: lines() });
const ADDRESS = '/nonexistent/socket';

type Connection = typeof connection;
type Supervisor = typeof supervisor;

describe("XState's types", () => {
  it('read from the machine of a connection what it is declared with', () => {
    expectTypeOf<InputFrom<Connection>>().toEqualTypeOf<ProtocolInput | undefined>();
    expectTypeOf<OutputFrom<Connection>>().toEqualTypeOf<SessionOutcome>();
    expectTypeOf<EventFromLogic<Connection>>().toEqualTypeOf<ProtocolEvent<'ping'>>();
    expectTypeOf<EventFrom<Connection>>().toEqualTypeOf<ProtocolEvent<'ping'>>();
    expectTypeOf<EmittedFrom<Connection>>().toEqualTypeOf<ProtocolEmitted<{ id: number }>>();
    expectTypeOf<ContextFrom<Connection>>().toEqualTypeOf<
      ProtocolContext<{ id: number }, 'ping'>
    >();
    expectTypeOf<TagsFrom<Connection>>().toEqualTypeOf<ProtocolTag>();
    expectTypeOf<SnapshotFrom<Connection>>().toEqualTypeOf<
      ProtocolSnapshot<{ id: number }, 'ping'>
    >();
    expectTypeOf<ActorRefFrom<Connection>>().toEqualTypeOf<
      ProtocolActorRef<{ id: number }, 'ping'>
    >();
    expectTypeOf<'CONNECTING' | { CONNECTING: 'dialing' }>().toExtend<StateValueFrom<Connection>>();
    expectTypeOf<'NOWHERE'>().not.toExtend<StateValueFrom<Connection>>();
    expectTypeOf<EventFrom<typeof qmp, 'SEND'>>().toEqualTypeOf<{
      readonly type: 'SEND';
      readonly message: QmpCommand;
    }>();
    expect(connection.id).toBe('protocol');
  });

  it('read from the machine of a supervisor what it is declared with', () => {
    expectTypeOf<InputFrom<Supervisor>>().toEqualTypeOf<SupervisorInput>();
    expectTypeOf<EventFrom<Supervisor>>().toEqualTypeOf<SupervisorEvent>();
    expectTypeOf<EmittedFrom<Supervisor>>().toEqualTypeOf<SupervisorEmitted>();
    expectTypeOf<ContextFrom<Supervisor>>().toEqualTypeOf<SupervisorContext>();
    expectTypeOf<TagsFrom<Supervisor>>().toEqualTypeOf<SupervisorTag>();
    expectTypeOf<SnapshotFrom<Supervisor>>().toEqualTypeOf<SupervisorSnapshot<string>>();
    expectTypeOf<ActorRefFrom<Supervisor>>().toEqualTypeOf<SupervisorActorRef<string>>();
    const needsInput = () => {
      // @ts-expect-error -- the address is missing
      createActor(supervisor);
    };
    expectTypeOf(needsInput).returns.toBeVoid();
    expect(supervisor.id).toBe('supervisor');
  });
});

describe('the snapshot of', () => {
  it('a connection has the names of its states, tags and children', () => {
    const snapshot = createActor(connection).getSnapshot();
    expectTypeOf(snapshot.value).toEqualTypeOf<ProtocolValue>();
    expectTypeOf(snapshot.hasTag).parameter(0).toEqualTypeOf<'idle' | 'busy' | 'up' | 'failed'>();
    expectTypeOf(snapshot.can).parameter(0).toEqualTypeOf<ProtocolEvent<'ping'>>();
    expectTypeOf(snapshot.output).toEqualTypeOf<SessionOutcome | undefined>();
    expect(snapshot.children).toHaveProperty('owner');
    // @ts-expect-error -- no such child
    expect(snapshot.children.unknown).toBeUndefined();
    // @ts-expect-error -- RUNNING has substates
    expect(snapshot.value === 'RUNNING').toBe(false);
    expect(snapshot.can({ type: 'CONNECT', address: ADDRESS })).toBe(true);
  });

  it('a supervisor has the names of its states and tags, and its connection', () => {
    const actor = createActor(supervisor, {
      input: { address: () => new Promise(() => undefined) },
    });
    const { value, children } = actor.start().getSnapshot();
    expectTypeOf(value).toEqualTypeOf<SupervisorValue>();
    expectTypeOf(children.connection).toEqualTypeOf<ProtocolActorRef<string> | undefined>();
    expect(value).toEqual({ CONNECTING: 'locating' });
    expect(children.connection?.getSnapshot().value).toBe('IDLE');
    actor.stop();
  });
});

describe('the pure functions', () => {
  it('return snapshots, and actions with a type', () => {
    const [idle, begun] = initialTransition(connection);
    expectTypeOf(idle).toEqualTypeOf<SnapshotFrom<Connection>>();
    expectTypeOf(begun).toEqualTypeOf<ExecutableActionsFrom<Connection>[]>();
    expectTypeOf(begun[0]).not.toBeNever();
    expect(idle.value).toBe('IDLE');
    expect(begun.map(({ type }) => type)).toEqual(['xstate.spawnChild', 'xstate.emit']);
    const [next, actions] = transition(connection, idle, { type: 'CONNECT', address: ADDRESS });
    expectTypeOf(next.context.session).toEqualTypeOf<number>();
    expectTypeOf(actions[0]?.params).not.toBeNever();
    expect(next.value).toEqual({ CONNECTING: 'dialing' });
    expect(actions.some(({ type }) => type === 'xstate.emit')).toBe(true);
    // @ts-expect-error -- the address is missing
    transition(connection, idle, { type: 'CONNECT' });
  });

  it('have a type for each action that they return', () => {
    type Named = ExecutableActionsFrom<Connection>['type'];
    const named = (type: Named): Named => type;
    expect(named('settleLink')).toBe('settleLink');
    // @ts-expect-error -- no such action
    named('emitRunstate');
  });

  it('take an input where the machine does', () => {
    const [dialing] = initialTransition(connection, { address: ADDRESS });
    expect(dialing.matches({ CONNECTING: 'dialing' })).toBe(true);
    const [locating, actions] = initialTransition(supervisor, { address: ADDRESS });
    expectTypeOf(locating).toEqualTypeOf<SnapshotFrom<Supervisor>>();
    expectTypeOf(actions[0]).not.toBeNever();
    expect(locating.matches('CONNECTING')).toBe(true);
    const needsInput = () => {
      // @ts-expect-error -- the address is missing
      initialTransition(supervisor);
    };
    expectTypeOf(needsInput).returns.toBeVoid();
  });

  it('show what a state accepts', () => {
    const [idle] = initialTransition(qmp);
    expect(getNextTransitions(idle).map(({ eventType }) => String(eventType))).toContain('CONNECT');
    expect(getInitialMicrosteps(qmp)[0]?.[0].value).toBe('IDLE');
  });

  it('find the paths through a machine', () => {
    const paths = getShortestPaths(connection, {
      events: [
        { type: 'CONNECT', address: ADDRESS },
        { type: 'LISTEN', address: ADDRESS },
      ],
      serializeState: ({ value, context }) => JSON.stringify([value, context.session]),
    });
    expectTypeOf(paths[0]?.state).toEqualTypeOf<SnapshotFrom<Connection> | undefined>();
    expectTypeOf(paths[0]?.steps[0]?.event).toEqualTypeOf<ProtocolEvent<'ping'> | undefined>();
    expect(paths.map(({ state }) => state.value)).toContainEqual({
      CONNECTING: { listening: 'binding' },
    });
  });
});

it('functions for any machine of XState take ours', async () => {
  expectTypeOf<Connection>().toExtend<AnyStateMachine>();
  expectTypeOf<typeof qmp>().toExtend<AnyStateMachine>();
  expectTypeOf<Supervisor>().toExtend<AnyStateMachine>();
  expect(toMermaid(supervisor)).toContain('GIVEN_UP');
  const actor = createActor(createProtocolMachine({ codec: lines() }, { once: true }), {
    input: { address: ADDRESS },
  }).start();
  const ended = waitFor(actor, (snapshot) => snapshot.hasTag('failed'));
  expectTypeOf(ended).resolves.toEqualTypeOf<ProtocolSnapshot<string>>();
  expectTypeOf(toPromise(actor)).resolves.toEqualTypeOf<SessionOutcome>();
  expect((await toPromise(actor)).cause?.code).toBe('ERR_CONNECT');
  expect((await ended).value).toBe('ENDED');
});

it("the hooks of React know a machine's snapshots and events", () => {
  const component = (use: typeof useMachine, select: typeof useSelector) => {
    const [snapshot, send, ref] = use(connection, { input: { address: ADDRESS } });
    expectTypeOf(snapshot).toEqualTypeOf<SnapshotFrom<Connection>>();
    expectTypeOf(send).parameter(0).toEqualTypeOf<ProtocolEvent<'ping'>>();
    expectTypeOf(select(ref, ({ context }) => context.session)).toEqualTypeOf<number>();
    expectTypeOf(use(qmp)[0].hasTag).parameter(0).toEqualTypeOf<ProtocolTag>();
    // @ts-expect-error -- a number is not an address
    use(connection, { input: { address: 7 } });
    // @ts-expect-error -- the address is missing
    use(supervisor);
  };
  expectTypeOf(component).returns.toBeVoid();
});

describe('a parent that sends to', () => {
  const { createMachine } = setup({
    types: { children: {} as { monitor: 'monitor'; text: 'text'; keeper: 'keeper' } },
    actors: { monitor: qmp, text: createProtocolMachine({ codec: lines() }), keeper: supervisor },
  });

  it('a connection can send its messages, and no others', () => {
    const machine = createMachine({
      invoke: [
        { id: 'monitor', src: 'monitor' },
        { id: 'text', src: 'text' },
        { id: 'keeper', src: 'keeper', input: { address: ADDRESS } },
      ],
      entry: [
        sendTo('monitor', { type: 'SEND', message: { execute: 'cont' } }),
        sendTo('text', { type: 'SEND', message: 'hello' }),
      ],
      on: {
        LEAVE: {
          actions: ({ self }) => {
            const { monitor, text, keeper } = self.getSnapshot().children;
            expect([monitor, text, keeper]).not.toContain(undefined);
          },
        },
      },
    });
    const actor = createActor(machine);
    const { monitor, text, keeper } = actor.getSnapshot().children;
    const wrong = () => {
      // @ts-expect-error -- not a command
      monitor?.send({ type: 'SEND', message: 'cont' });
      // @ts-expect-error -- not a line
      text?.send({ type: 'SEND', message: 5 });
      // @ts-expect-error -- no event of a supervisor
      keeper?.send({ type: 'CONNECT', address: ADDRESS });
    };
    expectTypeOf(wrong).returns.toBeVoid();
    expectTypeOf(keeper?.getSnapshot().children.connection).toEqualTypeOf<
      ProtocolActorRef<string> | undefined
    >();
    monitor?.on('message', ({ messages }) => {
      expectTypeOf(messages).toEqualTypeOf<readonly JsonObject[]>();
    });
    text?.on('sendFailed', ({ message, error }) => {
      expectTypeOf(message).toEqualTypeOf<unknown>();
      expect(error).toBeInstanceOf(Error);
    });
    keeper?.on('waiting', ({ ms }) => {
      expectTypeOf(ms).toEqualTypeOf<number>();
    });
    expect(machine.id).toBe('(machine)');
  });
});
