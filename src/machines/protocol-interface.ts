/** The types of the machine of a connection, as its users see them: they do not depend on how the chart is made. */

import type { ActorRef, AnyActorLogic, AnyActorRef, NonReducibleUnknown } from 'xstate';
import type { SessionLogic } from '../core/session-logic.ts';
import type { Session, SessionOutcome } from '../core/types.ts';
import type {
  MachineDelay,
  EmbeddableMachine,
  EmbeddableTypes,
  MachineGuard,
  EmbeddableStateMachine,
  EmbeddableSnapshot,
} from './embeddable.ts';
import type {
  InputAddress,
  ProtocolContext,
  ProtocolEmitted,
  ProtocolEvent,
  ProtocolTag,
} from './protocol-types.ts';

/** The input of an actor of the machine. */
export interface ProtocolInput {
  /**
   * Where to dial as soon as the actor starts, or a function that returns that when it dials. Without it the
   * actor is IDLE until it gets an event.
   */
  readonly address?: InputAddress | undefined;
}

/**
 * The value of a snapshot: the state and its substates. With the option `once` an actor ends in `ENDED`, or, if it
 * fails as XState's actors do, in `FAILED`.
 */
export type ProtocolValue =
  | 'IDLE'
  | 'ENDED'
  | 'FAILED'
  | {
      CONNECTING: 'dialing' | { listening: 'binding' | 'bound' } | 'accepting' | 'establishing';
    }
  | { RUNNING: 'open' | 'ending' | 'halfOpen' }
  | {
      DISCONNECTING:
        | { draining: 'handling' | 'farewell' }
        | { flushing: 'twoway' | 'oneway' }
        | 'closing'
        | 'destroying'
        | 'closed';
    };

/** The actors that the states invoke, by their ids. `reader` has also the source `discarder`. */
export type ProtocolActorId =
  | 'owner'
  | 'dialer'
  | 'listener'
  | 'acceptor'
  | 'handshake'
  | 'reader'
  | 'writer'
  | 'session'
  | 'heartbeat'
  | 'drain'
  | 'farewell'
  | 'flush'
  | 'closer'
  | 'destroyer'
  | 'failure';

/** The names of the deadlines, which are delays of the machine. */
export type ProtocolDelay =
  | 'connectTimeout'
  | 'acceptTimeout'
  | 'handshakeTimeout'
  | 'drainTimeout'
  | 'flushTimeout'
  | 'closeTimeout';

/**
 * What `provide()` of the machine takes.
 *
 * @typeParam In - An inbound message.
 * @typeParam Out - An outbound message.
 */
export interface ProtocolImplementations<In, Out> {
  /**
   * Actor logic by its source. `handshake`, `session` and `farewell` take any logic with the input `{ session }`,
   * as in a definition. The other actors do the work of the connection: a test replaces them, for one.
   */
  readonly actors?: Readonly<
    Partial<
      Record<
        Exclude<ProtocolActorId | 'discarder', 'handshake' | 'session' | 'farewell'>,
        AnyActorLogic
      >
    >
  > &
    Readonly<
      Partial<
        Record<
          'handshake' | 'session' | 'farewell',
          SessionLogic<Session<In, Out, unknown>, unknown>
        >
      >
    >;
  /** The deadlines, in ms. */
  readonly delays?: Readonly<
    Partial<Record<ProtocolDelay, MachineDelay<ProtocolContext<In, Out>, ProtocolEvent<Out>>>>
  >;
  /** The guards, by name. Their names may change with any release. */
  readonly guards?: Readonly<
    Record<string, MachineGuard<ProtocolContext<In, Out>, ProtocolEvent<Out>>>
  >;
}

/** An action that does something outside the machine, as `transition()` returns it. */
export interface ProtocolAction {
  /** The name of the action, or XState's own. */
  readonly type:
    'xstate.emit' | 'xstate.cancel' | 'xstate.stopChild' | 'sendMessage' | 'settleLink';
  /** What it is given. */
  readonly params: NonReducibleUnknown;
}

/** All types of the machine. */
export interface ProtocolMachineTypes<In, Out> extends EmbeddableTypes {
  readonly context: ProtocolContext<In, Out>;
  readonly events: ProtocolEvent<Out>;
  readonly children: Partial<Record<ProtocolActorId, AnyActorRef | undefined>>;
  readonly value: ProtocolValue;
  readonly tags: ProtocolTag;
  readonly input: ProtocolInput | undefined;
  readonly output: SessionOutcome;
  readonly emitted: ProtocolEmitted<In>;
  readonly actions: ProtocolAction;
  readonly delays: ProtocolDelay;
}

/**
 * The machine that `createProtocolMachine()` makes.
 *
 * In a parent's `provide()`, any machine can stand in for it that has some of its states and tags, some or all of
 * its events (and others), and its output. It needs no substates, and what it has beside that is its own affair.
 * Only a machine with all of its states, such as one of `protocolSetup()`, may have more within them.
 *
 * @example
 * const fake = setup({
 *   types: { events: {} as ProtocolEvent, output: {} as SessionOutcome },
 * }).createMachine({
 *   initial: 'IDLE',
 *   states: { IDLE: { on: { CONNECT: 'RUNNING' } }, RUNNING: { tags: 'up', on: { DISCONNECT: 'IDLE' } } },
 * });
 */
export interface ProtocolMachine<In, Out = In> extends EmbeddableMachine<
  ProtocolMachineTypes<In, Out>
> {
  /** Returns a machine with other implementations of what is named here. The machine itself does not change. */
  provide<Other extends never = never>(
    implementations: ProtocolImplementations<In, Out> | Other,
  ): ProtocolMachine<In, Out> | Other;
  /** Is never called so. XState's types read here what the parameters of `StateMachine` are. */
  provide<M extends EmbeddableStateMachine<ProtocolMachineTypes<In, Out>>>(
    implementations: Extract<M, never>,
  ): M;
}

/** A snapshot of its actors. */
export type ProtocolSnapshot<In, Out = In> = EmbeddableSnapshot<ProtocolMachineTypes<In, Out>>;

/** A running actor of it. */
export type ProtocolActorRef<In, Out = In> = ActorRef<
  ProtocolSnapshot<In, Out>,
  ProtocolEvent<Out>,
  ProtocolEmitted<In>
>;
