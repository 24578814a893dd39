/** The types of charts that add states to that of a connection. */

import type {
  AnyActorLogic,
  AnyActorRef,
  AnyStateMachine,
  EventFromLogic,
  EventObject,
  ParameterizedObject,
  SetupReturn,
  SnapshotFrom,
  StateValue,
  TagsFrom,
  UnknownActorLogic,
} from 'xstate';
import type { SessionLogic } from '../core/session-logic.ts';
import type { Session, SessionOutcome } from '../core/types.ts';
import type {
  EmbeddableMachine,
  EmbeddableStateMachine,
  EmbeddableTypes,
  MachineDelay,
  MachineGuard,
} from './embeddable.ts';
import type { chartConfig } from './protocol.ts';
import type { ProtocolInput } from './protocol-interface.ts';
import type { chartSetup } from './protocol-setup.ts';
import type {
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
  ProtocolTag,
} from './protocol-types.ts';

/** The setup of the chart, as XState types it. */
type OwnSetup<In, Out> = ReturnType<typeof chartSetup<In, Out, ProtocolInput | undefined>>;

/**
 * XState's setup of the machine of a connection, with more events, tags and actors. Its `extend()` adds actions,
 * guards and delays. (It is conditional, as `ProtocolConfig` is, so that a generic type that has it names it.)
 */
export type ExtensibleSetup<
  In,
  Out,
  Events extends EventObject,
  Tags extends string,
  Actors extends Record<string, UnknownActorLogic>,
> = [In, Out] extends [infer I, infer O]
  ? OwnSetup<I, O> extends SetupReturn<
      infer Context,
      infer OwnEvents,
      infer OwnActors,
      infer Children,
      infer Actions,
      infer Guards,
      infer Delays,
      infer OwnTags,
      infer Input,
      infer Output,
      infer Emitted,
      infer StateMeta,
      infer ArrowMeta
    >
    ? SetupReturn<
        Context,
        OwnEvents | Events,
        [Actors] extends [never] ? OwnActors : OwnActors & Omit<Actors, keyof OwnActors>,
        Children,
        Actions,
        Guards,
        Delays,
        OwnTags | Tags,
        Input,
        Output,
        Emitted,
        StateMeta,
        ArrowMeta
      >
    : never
  : never;

/** The config of the chart of a connection: what XState's `createMachine()` takes. */
export type ProtocolConfig<In, Out> = [In, Out] extends [infer I, infer O]
  ? ReturnType<typeof chartConfig<I, O, ProtocolInput | undefined>>
  : never;

/** The parts of the machine of a connection. */
export interface ProtocolSetup<
  In,
  Out,
  Events extends EventObject,
  Tags extends string,
  Actors extends Record<string, UnknownActorLogic>,
> {
  /** XState's setup: `createMachine()`, `extend()`, `createStateConfig()`. */
  readonly setup: ExtensibleSetup<In, Out, Events, Tags, Actors>;
  /** The chart, to be spread into a larger one. Its names are those of `docs/embedding.md`. */
  readonly config: ProtocolConfig<In, Out>;
  /**
   * Makes a machine that was created from `setup` and `config` one like that of `createProtocolMachine()`: its
   * actors can be stored and restored, `provide()` takes logic for `handshake`, `session` and `farewell`, the
   * tag `failed` is set, and the facades attach to its actors. The machine itself does not change.
   *
   * @throws {ArgumentError} When it was made from something else, or lacks a state, an event, a tag, an actor or
   *   an action of the config; when it adds a top-level state, or states within IDLE.
   */
  readonly complete: <M extends AnyStateMachine>(machine: M) => CompletedMachine<In, Out, M>;
}

/**
 * The machine that `complete()` returns for another. A conditional type, because TypeScript writes that out in a
 * declaration file, and not what it was made from.
 */
export type CompletedMachine<In, Out, M extends AnyStateMachine> = M extends AnyStateMachine
  ? ExtendedProtocolMachine<
      In,
      Out,
      SnapshotFrom<M>['value'],
      Exclude<EventFromLogic<M>, ProtocolEvent<Out>>,
      Exclude<TagsFrom<M>, ProtocolTag>
    >
  : never;

/** All types of an extended machine. */
export interface ExtendedProtocolTypes<
  In,
  Out,
  Value extends StateValue,
  Events extends EventObject,
  Tags extends string,
> extends EmbeddableTypes {
  readonly context: ProtocolContext<In, Out>;
  readonly events: ProtocolEvent<Out> | Events;
  readonly children: Record<string, AnyActorRef | undefined>;
  readonly value: Value;
  readonly tags: ProtocolTag | Tags;
  readonly input: ProtocolInput | undefined;
  readonly output: SessionOutcome;
  readonly emitted: ProtocolEmitted<In>;
  readonly actions: ParameterizedObject;
  readonly delays: string;
}

/** What `provide()` of an extended machine takes. */
export interface ExtendedImplementations<In, Out, Event> {
  /** Actor logic by its source; for `handshake`, `session` and `farewell` any with the input `{ session }`. */
  readonly actors?: Readonly<
    Record<string, AnyActorLogic | SessionLogic<Session<In, Out, unknown>, unknown>>
  >;
  /** Delays, in ms. */
  readonly delays?: Readonly<Record<string, MachineDelay<ProtocolContext<In, Out>, Event>>>;
  /** Guards, by name. */
  readonly guards?: Readonly<Record<string, MachineGuard<ProtocolContext<In, Out>, Event>>>;
}

/**
 * A machine like that of `createProtocolMachine()`, with more states. It fits wherever that does: in a parent's
 * `provide()`, and as the `connection` of a supervisor.
 *
 * @typeParam Value - The value of a snapshot.
 * @typeParam Events - The events that it accepts in addition.
 * @typeParam Tags - The tags that it has in addition.
 */
export interface ExtendedProtocolMachine<
  In,
  Out,
  Value extends StateValue,
  Events extends EventObject,
  Tags extends string,
> extends EmbeddableMachine<ExtendedProtocolTypes<In, Out, Value, Events, Tags>> {
  /** Returns a machine with other implementations of what is named here. The machine itself does not change. */
  provide<Other extends never = never>(
    implementations: ExtendedImplementations<In, Out, ProtocolEvent<Out> | Events> | Other,
  ): ExtendedProtocolMachine<In, Out, Value, Events, Tags> | Other;
  /** Is never called so. XState's types read here what the parameters of `StateMachine` are. */
  provide<M extends EmbeddableStateMachine<ExtendedProtocolTypes<In, Out, Value, Events, Tags>>>(
    implementations: Extract<M, never>,
  ): M;
}

/**
 * A running actor of a machine of `createProtocolMachine()`, or of one that extends it: what a facade attaches to.
 * It has only the members that a facade uses.
 */
export interface AttachableRef<In, Out> {
  /** Sends an event. */
  send(event: ProtocolEvent<never>): void;
  /** Returns the current snapshot. */
  getSnapshot(): {
    readonly status: string;
    readonly context: ProtocolContext<In, Out>;
    readonly value: StateValue;
    /** Whether the state has the tag. */
    hasTag(tag: 'up'): boolean;
    /** Whether it is in this state. */
    matches(state: { DISCONNECTING: 'draining' }): boolean;
    /** Whether the state accepts the event. */
    can(event: ProtocolEvent<never>): boolean;
  };
  /** Calls a listener with everything that the actor emits. */
  on(type: '*', listener: (emitted: ProtocolEmitted<In>) => void): unknown;
  /** Calls an observer when the actor ends. */
  subscribe(observer: { complete: () => void; error: (error: unknown) => void }): unknown;
}
