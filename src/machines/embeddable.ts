/**
 * The types of the machines that users embed in charts of their own.
 *
 * XState's class `StateMachine` is invariant in its type parameters. A parent that is declared with such a machine
 * accepts no other in its `provide()`, not even a fake with the same states, and each declaration that mentions
 * the class repeats all of its types. So the machines are declared with this interface:
 *
 * - What XState's types (`ActorRefFrom`, `SnapshotFrom`, `InputFrom`, `EventFrom`, …) read is exact.
 * - What another machine needs to stand in for ours is the least that a parent relies on: the states, the tags, the
 *   events, what is emitted, the input and the output. A context, children and implementations of its own are its
 *   own affair. (`StandInValue` says which states it may lack, and which it may add.)
 *
 * The methods that are declared twice make that possible. A machine that stands in for ours is compared with each
 * declaration. The first says what it must have. The second is generic, and TypeScript compares an overload that
 * is generic without its type parameters, so every machine has it; XState's types read that one, the last. That is
 * also why a machine of ours can be assigned to the interface without a cast, whatever its inner types are.
 */

import type {
  ActorScope,
  AnyActorRef,
  AnyActorScope,
  AnyEventObject,
  AnyStateMachine,
  CallbackSnapshot,
  EventObject,
  MachineContext,
  MachineSnapshot,
  MetaObject,
  NonReducibleUnknown,
  ParameterizedObject,
  PromiseSnapshot,
  ProvidedActor,
  Snapshot,
  StateMachine,
  StateValue,
} from 'xstate';

/** The types of a machine that can be embedded. */
export interface EmbeddableTypes {
  /** Not part of what another machine must have. */
  readonly context: MachineContext;
  /** What may be sent to its actors. */
  readonly events: EventObject;
  /** Its actors' children, by their ids. Not part of what another machine must have. */
  readonly children: Record<string, AnyActorRef | undefined>;
  /** The values of its states. */
  readonly value: StateValue;
  readonly tags: string;
  readonly input: unknown;
  readonly output: unknown;
  /** What its actors emit. */
  readonly emitted: EventObject;
  /** The actions that `initialTransition()` and `transition()` return. */
  readonly actions: ParameterizedObject;
  /** The names of its delays. */
  readonly delays: string;
}

/** A snapshot of such a machine. */
export type EmbeddableSnapshot<T extends EmbeddableTypes> = MachineSnapshot<
  T['context'],
  T['events'],
  T['children'],
  T['value'],
  T['tags'],
  T['output'],
  MetaObject,
  object
>;

/** Such a machine, as XState types it. */
export type EmbeddableStateMachine<T extends EmbeddableTypes> = StateMachine<
  T['context'],
  T['events'],
  T['children'],
  ProvidedActor,
  T['actions'],
  ParameterizedObject,
  T['delays'],
  T['value'],
  T['tags'],
  T['input'],
  T['output'],
  T['emitted'],
  MetaObject,
  object
>;

/** The least that a snapshot of a machine has that stands in for another. */
export type StandInSnapshot<T extends EmbeddableTypes> = StandInState<T> &
  (StandInValue<T> | UnknownValue) &
  Snapshot<T['output']>;

/** The part of it that says in which state the actor is. */
export interface StandInState<T extends EmbeddableTypes> {
  /** Whether the state has a tag. */
  hasTag(tag: T['tags']): boolean;
  /** Whether an event has an effect in the state. */
  can(event: T['events']): boolean;
}

/**
 * The part of it that names the state.
 *
 * The states within the others are compared by a method's parameter, which may be narrower or wider: the other
 * machine may lack some of them, or have all of them and more, as one of `protocolSetup()` does.
 */
export interface StandInValue<T extends EmbeddableTypes> {
  /** The value of the state. What is within a state is not compared here. */
  readonly value: OuterValue<T['value']>;
  /** Whether the state is, or is within, a given one. */
  matches(value: TestedValue<T['value']>): boolean;
}

/**
 * Values like these, with any states within the outer ones, or none. (The mapped type is no branch of a conditional
 * type, because the compiler would then compare the parameters of machines, and not their members.)
 */
export type OuterValue<Value> =
  { readonly [Name in keyof Value]: StateValue } | (Value extends string ? never : keyof Value);

/** What `matches()` takes for such values: a state, or the way to one within it. */
export type TestedValue<Value> = Value extends string
  ? Value
  : keyof Value | { readonly [Name in keyof Value]?: TestedValue<Value[Name]> };

/** That part of a machine that is not made with `setup()`: XState does not know the names of its states. */
export interface UnknownValue {
  /** Whether the state is, or is within, a given one, which may have any name. */
  readonly matches: (value: string) => boolean;
}

/** What XState's own type of an actor system is called. */
type System = AnyActorRef['system'];

/** XState's scope of an actor, of which only what it emits is compared. */
export type StandInScope<Emitted> = Omit<AnyActorScope, 'emit'> & {
  /** Emits an event. */
  emit(event: Emitted): void;
};

/**
 * A part of a machine that only XState itself, or a tool for any machine, uses. It has the type that XState gives it
 * in `AnyStateMachine`, which is not compared.
 */
type Untyped = MachineContext[string];

/**
 * A machine that can be invoked or spawned in any chart of XState 5, and that a fake can stand in for.
 *
 * @typeParam T - Its types.
 */
export interface EmbeddableMachine<T extends EmbeddableTypes> extends AnyStateMachine {
  /** Returns the snapshot after an event. */
  transition(
    snapshot: never,
    event: T['events'],
    scope: StandInScope<T['emitted']>,
  ): StandInSnapshot<T>;
  /** The same, as XState's types read it. */
  transition<S extends EmbeddableSnapshot<T>, E extends T['events'], M extends T['emitted']>(
    snapshot: S,
    event: E,
    scope: ActorScope<S, E, System, M>,
  ): S;
  /** Returns the snapshot before the first event. */
  getInitialSnapshot(scope: StandInScope<T['emitted']>, input: T['input']): StandInSnapshot<T>;
  getInitialSnapshot<
    S extends EmbeddableSnapshot<T>,
    E extends T['events'],
    M extends T['emitted'],
  >(
    scope: ActorScope<S, E, System, M>,
    input: T['input'],
  ): S;
  /** Returns a snapshot of which `getPersistedSnapshot()` has returned what it is given. */
  restoreSnapshot(
    snapshot: Snapshot<unknown>,
    scope: StandInScope<T['emitted']>,
  ): StandInSnapshot<T>;
  /** The same, as XState's types read it. */
  restoreSnapshot<S extends EmbeddableSnapshot<T>, E extends T['events'], M extends T['emitted']>(
    snapshot: Snapshot<unknown>,
    scope: ActorScope<S, E, System, M>,
  ): S;
  /** Returns what is stored of a snapshot: plain JSON. */
  getPersistedSnapshot(snapshot: Untyped, options?: unknown): Snapshot<unknown>;
  /** Is never called so. XState's types read here what the parameters of `StateMachine` are. */
  provide<M extends EmbeddableStateMachine<T>>(implementations: Extract<M, never>): M;

  // Of the rest, XState's types must not read that it has any context and any events.
  /** The chart, as it was written. */
  readonly config: Untyped;
  /** Its root state. */
  readonly root: Untyped;
  /** Its states, by name. */
  readonly states: Untyped;
  /** The types of all events that a state names. */
  readonly events: Untyped;
  /** The chart, as plain objects. */
  readonly definition: Untyped;
  /** The guards, actions, actors and delays. */
  readonly implementations: Untyped;
  /** Of XState: starts the children of an actor that was restored. */
  start(snapshot: Untyped): void;
  /** Returns a snapshot of a given state. */
  resolveState(config: Untyped): Untyped;
  /** Of XState: the snapshots on the way of one event. */
  microstep(snapshot: Untyped, event: T['events'], scope: AnyActorScope): Untyped;
  /** Of XState: the arrows that an event takes. */
  getTransitionData(snapshot: Untyped, event: T['events']): Untyped;
  /** Returns a state by its id. */
  getStateNodeById(id: string): Untyped;
  /** Returns the `definition`. */
  toJSON(): Untyped;
}

/** What a delay and a guard are called with. */
export interface MachineArgs<Context, Event> {
  /** The context of the actor. */
  readonly context: Context;
  /** The event of the arrow. */
  readonly event: Event;
}

/** A delay: in ms, or a function that returns it. */
export type MachineDelay<Context, Event> = number | ((args: MachineArgs<Context, Event>) => number);

/** A guard: returns whether an arrow is taken. */
export type MachineGuard<Context, Event> = (
  args: MachineArgs<Context, Event>,
  params: NonReducibleUnknown,
) => boolean;

/** Any actor logic that can be given this input. */
export interface LogicWithInput<Input> {
  /** Returns the snapshot before the first event. */
  getInitialSnapshot(scope: never, input: Input): unknown;
  /** Returns the snapshot after an event. */
  transition(snapshot: never, event: never, scope: never): unknown;
  /** Returns a snapshot that can be stored. */
  getPersistedSnapshot(snapshot: never): unknown;
}

/**
 * Ready-made actor logic, which other logic can stand in for: in a parent's `provide()`, any that takes such an input
 * and has such an output.
 *
 * @typeParam S - Its snapshots.
 * @typeParam Input - The input of its actors.
 * @typeParam Output - What the output of other logic must be.
 */
export interface EmbeddableLogic<S extends Snapshot<unknown>, Input, Output> {
  /** Returns the snapshot after an event. */
  transition(snapshot: never, event: never, scope: never): Snapshot<Output>;
  /** The same, as XState's types read it. */
  transition<Own extends S, E extends AnyEventObject, M extends EventObject>(
    snapshot: Own,
    event: E,
    scope: ActorScope<Own, E, System, M>,
  ): Own;
  /** Returns the snapshot before the first event. */
  getInitialSnapshot(scope: never, input: Input): Snapshot<Output>;
  /** The same, as XState's types read it. */
  getInitialSnapshot<Own extends S, E extends AnyEventObject, M extends EventObject>(
    scope: ActorScope<Own, E, System, M>,
    input: Input,
  ): Own;
  /** Returns what is stored of a snapshot: plain JSON. */
  getPersistedSnapshot(snapshot: Untyped): Snapshot<unknown>;
}

/** Such logic that ends like a promise, with an output or an error. */
export type EmbeddablePromise<Output, Input> = EmbeddableLogic<
  PromiseSnapshot<Output, Input>,
  Input,
  Output
>;

/** Such logic that sends its parent events, until it is stopped. */
export type EmbeddableCallback<Input> = EmbeddableLogic<CallbackSnapshot<Input>, Input, unknown>;
