/**
 * Machines whose actors can be stored and restored, although they hold live resources.
 *
 * A session cannot be stored. What can be is the plan of an actor: what it was given as input. So a stored
 * snapshot shows the state for people to read, and a restored actor starts as a new one with the same input
 * does: in the initial state, with resources of its own, on its way to the address of its input.
 *
 * There are two ways back. `createActor(machine, { snapshot })` restores what `getPersistedSnapshot()` has
 * returned, also for the children of a parent. React's `<Activity>` and StrictMode stop an actor, put its last
 * snapshot back and start it again: its resources are gone by then, so it starts afresh, too.
 */

import type {
  AnyActorRef,
  AnyMachineSnapshot,
  AnyStateMachine,
  AnyStateNode,
  StateValue,
} from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import { restoreError, type SavedError, saveError } from '../core/saved-error.ts';
import { memberOf, show } from '../core/shape.ts';

/** What differs between machines. */
export interface Restoration<Context, Output> {
  /** The object in a context that is new in each life of an actor; `undefined` of an actor that could not start. */
  readonly lifeOf: (context: Partial<Context>) => object | undefined;
  /** What is stored of a context: plain JSON. */
  readonly save: (context: Context, value: StateValue) => object;
  /**
   * The input of an actor that is restored.
   *
   * @param saved - What `save()` has returned; it comes from a file, and may be anything.
   * @throws {ArgumentError} When it is something else.
   */
  readonly inputFrom: (saved: unknown) => unknown;
  /** The input of an actor that is started again, from its context. */
  readonly inputOf: (context: Context, value: StateValue) => unknown;
  /** The context of an actor that had ended when it was stored. */
  readonly endedContext: (output: Output | undefined) => Context;
  /** Returns the output as plain JSON. */
  readonly saveOutput: (output: Output) => object;
  /** Makes an output of that; never throws. */
  readonly restoreOutput: (saved: unknown) => Output;
}

/** What is stored of an actor. */
interface Persisted {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** The state it was in, for people to read. */
  readonly value: unknown;
  readonly context: object;
  readonly children: Readonly<Record<string, never>>;
  readonly historyValue: Readonly<Record<string, never>>;
  readonly output?: unknown;
  readonly error?: SavedError;
}

/** A snapshot of an actor of such a machine. */
interface Live<Context, Output> {
  readonly status: Persisted['status'];
  readonly value: StateValue;
  readonly context: Context;
  readonly output: Output | undefined;
  readonly error: unknown;
}

/** What XState gives the logic of an actor. */
type Scope = Parameters<AnyStateMachine['getInitialSnapshot']>[0];

/** The actors' lives that have begun, by what is new in each. */
const begun = new WeakSet<object>();
const hasBegun = (life: object | undefined): boolean => life !== undefined && begun.has(life);

/**
 * How actors end as soon as they start, by their restored snapshots. A parent that is restored starts only the
 * children that are active, and hears nothing of the others. So each of these is active until it is started.
 */
const endings = new WeakMap<object, AnyMachineSnapshot>();

/**
 * Changes a machine so that its actors can be stored and restored. What its `provide()` returns is changed in the
 * same way. Returns the same machine.
 */
export function restorable<M extends AnyStateMachine, Context, Output>(
  machine: M,
  restoration: Restoration<Context, Output>,
): M {
  const start = machine.start.bind(machine);
  const provide = machine.provide.bind(machine);
  const initial = machine.getInitialSnapshot.bind(machine);
  const { inputFrom } = restoration;
  const lifeOf = ({ context }: Live<Context, Output>) => restoration.lifeOf(context);
  const inputOf = ({ context, value }: Live<Context, Output>) =>
    restoration.inputOf(context, value);
  const restore = (persisted: unknown, scope: Scope) =>
    endedSnapshot(machine, persisted, restoration) ??
    startable(initial(scope, inputFrom(memberOf(persisted, 'context'))));
  Object.assign(machine, {
    getPersistedSnapshot: (snapshot: Live<Context, Output>) => persist(snapshot, restoration),
    restoreSnapshot: (persisted: unknown, scope: Scope) => {
      try {
        return restore(persisted, scope);
      } catch (error) {
        return startable(failedSnapshot(machine, error));
      }
    },
    start: (snapshot: AnyMachineSnapshot, scope: Scope) => {
      let current = endings.get(snapshot) ?? snapshot;
      if (current === snapshot && hasBegun(lifeOf(snapshot))) {
        cancelTimers(scope, snapshot);
        current = initial(scope, inputOf(snapshot));
      }
      if (current.status === 'error') throw current.error;
      // XState goes on with the snapshot that its actor has, and has no public way to change it.
      if (current !== snapshot) Reflect.set(scope.self, '_snapshot', current);
      const life = lifeOf(current);
      if (life !== undefined) begun.add(life);
      if (current.status === 'active') start(current);
    },
    provide: (implementations: Parameters<typeof provide>[0]) =>
      restorable(provide(implementations), restoration),
  });
  return machine;
}

/** The snapshot of an actor that was running when it was stored: it is active, even if it ends at once. */
function startable(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  if (snapshot.status === 'active') return snapshot;
  const active = Object.assign({}, snapshot, { status: 'active' as const });
  endings.set(active, snapshot);
  return active;
}

/** The snapshot of an actor that cannot be restored. XState has no context for an actor that fails to start, either. */
function failedSnapshot(machine: AnyStateMachine, error: unknown): AnyMachineSnapshot {
  return machine.resolveState({
    value: stateFor(machine, 'error'),
    status: 'error',
    context: {},
    error,
  });
}

/** Cancels the timers of the life before: XState has set them again, since it knows only the snapshot. */
function cancelTimers({ self, system }: Scope, snapshot: object): void {
  const scheduler = memberOf(system, 'scheduler');
  const cancelAll = memberOf(scheduler, 'cancelAll');
  if (typeof cancelAll !== 'function') return;
  for (const actor of [self, ...descendantsOf(snapshot)]) {
    Reflect.apply(cancelAll, scheduler, [actor]);
  }
}

function* descendantsOf(snapshot: unknown): Generator<AnyActorRef> {
  const children = memberOf(snapshot, 'children');
  for (const child of Object.values(children ?? {}) as (AnyActorRef | undefined)[]) {
    if (child === undefined) continue;
    yield child;
    yield* descendantsOf(child.getSnapshot());
  }
}

function persist<Context, Output>(
  { status, value, context, output, error }: Live<Context, Output>,
  { lifeOf, save, saveOutput }: Restoration<Context, Output>,
): Persisted {
  // An actor that has failed to start has no context of its machine.
  const isWhole = lifeOf(context) !== undefined;
  return {
    status,
    value: structuredClone(value),
    context: isWhole ? save(context, value) : {},
    children: {},
    historyValue: {},
    ...(status === 'done' && output !== undefined && { output: saveOutput(output) }),
    ...(status === 'error' && { error: saveError(error) }),
  };
}

/** The snapshot of an actor that had ended when it was stored; `undefined` of any other. */
function endedSnapshot<Context, Output>(
  machine: AnyStateMachine,
  persisted: unknown,
  { endedContext, restoreOutput }: Restoration<Context, Output>,
): AnyMachineSnapshot | undefined {
  const status = memberOf(persisted, 'status');
  if (status === 'active' || status === 'stopped') return undefined;
  // The state that was stored is not trusted.
  const value = stateFor(machine, status, memberOf(persisted, 'value'));
  if (status === 'done') {
    const output = restoreOutput(memberOf(persisted, 'output'));
    return machine.resolveState({ value, status, context: endedContext(output), output });
  }
  if (status === 'error') {
    const error = restoreError(memberOf(persisted, 'error'));
    return machine.resolveState({ value, status, context: endedContext(undefined), error });
  }
  throw new ArgumentError(
    `A snapshot of the machine '${machine.id}' has the status active, done, error or stopped, not ` +
      `${show(status)}. Pass what getPersistedSnapshot() of its actor has returned`,
  );
}

/** A state of the machine that fits a status: the one that was stored, if that does. */
function stateFor(machine: AnyStateMachine, status: unknown, stored?: unknown): string {
  const states: AnyStateNode[] = Object.values(machine.root.states);
  const fitting = states.filter(({ type }) => (type === 'final') === (status === 'done'));
  return (fitting.find(({ key }) => key === stored) ?? fitting[0])?.key ?? '';
}
