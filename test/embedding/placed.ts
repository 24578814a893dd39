/** A connection as a root actor, a child, a child of a child and a spawned child. */

import { type AnyActorRef, assign, createActor, sendTo, setup, type Snapshot } from 'xstate';
import {
  type Address,
  type ProtocolActorRef,
  type ProtocolInput,
  type ProtocolMachine,
  sealAddress,
  type SessionOutcome,
} from '../../src/index.ts';
import { memberOf } from '../../src/core/shape.ts';
import { pathOf } from '../machines/support.ts';
import { cleanUp } from '../support/cleanup.ts';

interface Input {
  readonly address: ProtocolInput['address'];
}

/** Neither secrets nor functions are stored with the parent. */
const sealed = (address: Input['address']): Address | undefined => sealAddress(address) as Address;

/** What a parent keeps of its connection. */
export interface ParentContext extends Input {
  /** The states of the connection, in order. */
  readonly seen: readonly string[];
  readonly outcome?: SessionOutcome;
  readonly error?: unknown;
}

/** NEXT leads to a state that is not the initial one. */
type ParentEvent = { readonly type: 'NEXT' } | { readonly type: 'LEAVE' };

/** The states of a parent while it has its connection. */
const INSIDE = {
  initial: 'early',
  states: { early: { on: { NEXT: 'late' } }, late: {} },
} as const;

/** A parent that invokes the connection while it is `inside`, and keeps what it is told. */
export const invokingParent = (connection: ProtocolMachine<string>) =>
  setup({
    types: {
      context: {} as ParentContext,
      input: {} as Input,
      events: {} as ParentEvent,
      children: {} as { connection: 'connection' },
    },
    actors: { connection },
  }).createMachine({
    id: 'parent',
    context: ({ input: { address } }) => ({ address: sealed(address), seen: [] }),
    initial: 'inside',
    states: {
      inside: {
        invoke: {
          id: 'connection',
          systemId: 'the connection',
          src: 'connection',
          input: ({ context: { address } }) => ({ address }),
          onSnapshot: {
            actions: assign({
              seen: ({ context, event }) => [...context.seen, pathOf(event.snapshot.value)],
            }),
          },
          onDone: { target: 'done', actions: assign({ outcome: ({ event }) => event.output }) },
          onError: { target: 'failed', actions: assign({ error: ({ event }) => event.error }) },
        },
        on: { LEAVE: 'outside' },
        ...INSIDE,
      },
      outside: {},
      done: {},
      failed: {},
    },
  });

/** A parent of such a parent, with which it shares its events. */
const grandparent = (connection: ProtocolMachine<string>) =>
  setup({
    types: {
      context: {} as Input,
      input: {} as Input,
      events: {} as ParentEvent,
      children: {} as { parent: 'parent' },
    },
    actors: { parent: invokingParent(connection) },
  }).createMachine({
    id: 'grandparent',
    context: ({ input: { address } }) => ({ address: sealed(address) }),
    invoke: { id: 'parent', src: 'parent', input: ({ context }) => context },
    on: { '*': { actions: sendTo('parent', ({ event }) => event) } },
  });

/** A parent that spawns the connection, and keeps a reference to it in its context. */
const spawningParent = (connection: ProtocolMachine<string>) =>
  setup({
    types: {
      context: {} as { readonly child: ProtocolActorRef<string> },
      input: {} as Input,
      events: {} as ParentEvent,
    },
    actors: { connection },
  }).createMachine({
    id: 'parent',
    context: ({ input, spawn }) => ({ child: spawn('connection', { id: 'connection', input }) }),
    ...INSIDE,
  });

/** The machine of a root actor whose system has a connection. */
type TreeMachine =
  | ProtocolMachine<string>
  | ReturnType<typeof invokingParent>
  | ReturnType<typeof grandparent>
  | ReturnType<typeof spawningParent>;

/** Where a connection is in a tree of actors. */
export interface Place {
  readonly machineWith: (connection: ProtocolMachine<string>) => TreeMachine;
  /** The ids of the actors on the way from the root to the connection. */
  readonly path: readonly string[];
}

/** The place of a connection that is the root actor itself. */
export const ROOT: Place = { machineWith: (connection) => connection, path: [] };
/** The place of a connection that a root actor invokes. */
export const CHILD: Place = { machineWith: invokingParent, path: ['connection'] };

/** All places, by name. */
export const PLACES: readonly (readonly [string, Place])[] = [
  ['a root actor', ROOT],
  ['a child', CHILD],
  ['a child of a child', { machineWith: grandparent, path: ['parent', 'connection'] }],
  ['a spawned child', { machineWith: spawningParent, path: ['connection'] }],
];

const childOf = (ref: AnyActorRef, id: string): AnyActorRef => {
  const child = memberOf(memberOf(ref.getSnapshot(), 'children'), id);
  if (child === undefined) throw new Error(`There is no child ${id}`);
  return child as AnyActorRef;
};

/** The actor of the connection in the system of a root actor. */
export const connectionIn = (root: AnyActorRef, { path }: Place): ProtocolActorRef<string> =>
  path.reduce<AnyActorRef>(childOf, root) as ProtocolActorRef<string>;

/** The stored snapshot of the connection, in that of the system. */
export const storedConnection = (stored: unknown, { path }: Place): unknown =>
  path.reduce(
    (snapshot, id) => memberOf(memberOf(memberOf(snapshot, 'children'), id), 'snapshot'),
    stored,
  );

/** A running actor system that has a connection. */
export interface Placed {
  readonly root: AnyActorRef;
  readonly ref: ProtocolActorRef<string>;
  /** What is stored of the whole system. */
  readonly persist: () => Snapshot<unknown>;
}

const NOWHERE: Input = { address: undefined };

/** Starts a system, afresh or from what was stored of one. It is stopped after the test. */
export function startIn(
  place: Place,
  connection: ProtocolMachine<string>,
  start: Input | { readonly snapshot: Snapshot<unknown> },
): Placed {
  const options = 'snapshot' in start ? { ...start, input: NOWHERE } : { input: start };
  const machine = place.machineWith(connection) as ReturnType<typeof invokingParent>;
  const root = createActor(machine, options).start();
  cleanUp(() => root.stop());
  return {
    root,
    get ref() {
      return connectionIn(root, place);
    },
    persist: () => root.getPersistedSnapshot(),
  };
}
