/** The types of the supervisor's machine, as its users see them: they do not depend on how the chart is made. */

import type { ActorRef, AnyActorLogic, AnyActorRef, NonReducibleUnknown } from 'xstate';
import type {
  EmbeddableMachine,
  EmbeddableSnapshot,
  EmbeddableStateMachine,
  EmbeddableTypes,
  LogicWithInput,
  MachineDelay,
  MachineGuard,
} from './embeddable.ts';
import type { ProtocolActorRef, ProtocolMachine } from './protocol-interface.ts';
import type {
  SupervisorContext,
  SupervisorEmitted,
  SupervisorEvent,
  SupervisorInput,
  SupervisorOutcome,
} from './supervisor-types.ts';

/** The value of a snapshot: the state and its substates. No snapshot shows JUDGING, which is left at once. */
export type SupervisorValue =
  | { CONNECTING: 'locating' | 'connecting' | 'synchronizing' }
  | 'UP'
  | 'FAILING'
  | 'JUDGING'
  | 'WAITING'
  | 'STOPPING'
  | 'STOPPED'
  | 'GIVEN_UP';

/**
 * What the tags of the machine say. `idle`: in STOPPED and GIVEN_UP. `failed`: in GIVEN_UP. `up`: in UP. `busy`: in
 * all other states.
 */
export type SupervisorTag = 'idle' | 'busy' | 'up' | 'failed';

/** The names of the delays of the machine. */
export type SupervisorDelay = 'backoff' | 'stableTime' | 'locateTimeout' | 'syncTimeout';

/** What `provide()` of the machine takes. */
export interface SupervisorImplementations<In, Out> {
  /** Actor logic by its source. A fake of a connection can stand in for `connection`. */
  readonly actors?: {
    /** Keeps one session after the other. A fake of a connection can stand in for it. */
    readonly connection?: ProtocolMachine<In, Out>;
    /** Prepares each session, before it counts as up. */
    readonly synchronizer?: LogicWithInput<{
      /** Present for as long as the supervisor runs. */
      readonly connection: ProtocolActorRef<In, Out> | undefined;
    }>;
    /** Checks a session that is up, if the options have `liveness`; it ends only in error, with the cause. */
    readonly liveness?: AnyActorLogic;
    /** Finds the address of an attempt. */
    readonly locator?: AnyActorLogic;
  };
  /** The delays, in ms. */
  readonly delays?: Readonly<
    Partial<Record<SupervisorDelay, MachineDelay<SupervisorContext, SupervisorEvent>>>
  >;
  /** The guards, by name. Their names may change with any release. */
  readonly guards?: Readonly<Record<string, MachineGuard<SupervisorContext, SupervisorEvent>>>;
}

/** An action that does something outside the machine, as `transition()` returns it. */
export interface SupervisorAction {
  /** XState's name of it. */
  readonly type: 'xstate.emit' | 'xstate.cancel' | 'xstate.stopChild';
  /** What it is given. */
  readonly params: NonReducibleUnknown;
}

/** All types of the machine. */
export interface SupervisorMachineTypes<In, Out> extends EmbeddableTypes {
  readonly context: SupervisorContext;
  readonly events: SupervisorEvent;
  readonly children: {
    connection?: ProtocolActorRef<In, Out> | undefined;
    locator?: AnyActorRef | undefined;
    synchronizer?: AnyActorRef | undefined;
    liveness?: AnyActorRef | undefined;
    failure?: AnyActorRef | undefined;
  };
  readonly value: SupervisorValue;
  readonly tags: SupervisorTag;
  readonly input: SupervisorInput;
  readonly output: SupervisorOutcome;
  readonly emitted: SupervisorEmitted;
  readonly actions: SupervisorAction;
  readonly delays: SupervisorDelay;
}

/**
 * The machine that `createSupervisorMachine()` makes. In a parent's `provide()`, any machine can stand in for it that
 * has some of its states and tags, and some or all of its events: see `ProtocolMachine`.
 */
export interface SupervisorMachine<In, Out = In> extends EmbeddableMachine<
  SupervisorMachineTypes<In, Out>
> {
  /** Returns a machine with other implementations of what is named here. The machine itself does not change. */
  provide<Other extends never = never>(
    implementations: SupervisorImplementations<In, Out> | Other,
  ): SupervisorMachine<In, Out> | Other;
  /** Is never called so. XState's types read here what the parameters of `StateMachine` are. */
  provide<M extends EmbeddableStateMachine<SupervisorMachineTypes<In, Out>>>(
    implementations: Extract<M, never>,
  ): M;
}

/** A snapshot of its actors. */
export type SupervisorSnapshot<In, Out = In> = EmbeddableSnapshot<SupervisorMachineTypes<In, Out>>;

/** A running actor of that machine. Its child `connection` is the actor of the connection. */
export type SupervisorActorRef<In, Out = In> = ActorRef<
  SupervisorSnapshot<In, Out>,
  SupervisorEvent,
  SupervisorEmitted
>;
