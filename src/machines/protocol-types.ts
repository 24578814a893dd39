/** The types of the lifecycle's chart: its events, its context, what it emits, its actors' input. */

import type { ArgumentError, ConnectPhase, WirechartError } from '../core/errors.ts';
import type { Link } from './link.ts';
import type { LinkHandle } from '../core/link-handle.ts';
import type { WaitInput } from './wait.ts';
import type { Runstate } from '../core/runstate.ts';
import type { SealedAddress } from '../core/sealed-address.ts';
import type {
  Address,
  BoundAddress,
  ListenAddress,
  SessionOutcome,
  Shutdown,
} from '../core/types.ts';

/**
 * Everything that may be sent to the machine. A state ignores the events that it does not name.
 *
 * @typeParam Out - An outbound message.
 */
export type ProtocolEvent<Out = unknown> =
  /** In IDLE: dial the peer. */
  | { readonly type: 'CONNECT'; readonly address: Address }
  /** In IDLE: bind, and wait for ACCEPT. */
  | { readonly type: 'LISTEN'; readonly address: ListenAddress }
  /** In CONNECTING.listening.bound: wait for one peer. */
  | { readonly type: 'ACCEPT' }
  /**
   * In RUNNING: drain, flush and close. In CONNECTING: give the attempt up. With `force`, in any of these and in
   * DISCONNECTING: destroy at once.
   */
  | { readonly type: 'DISCONNECT'; readonly force?: boolean }
  /**
   * In RUNNING, and in DISCONNECTING.draining: send this message. What cannot be sent, and a SEND in any other
   * state, makes the actor emit `sendFailed`.
   */
  | { readonly type: 'SEND'; readonly message: Out }
  /** In CONNECTING: give the attempt up; `reason` becomes the cause of its `ConnectError`. */
  | { readonly type: 'ABORT'; readonly reason: unknown }
  /**
   * In RUNNING: the peer was asked to end the stream, or is shutting down; its end is no failure from now
   * on. `shutdown` becomes that of the outcome.
   */
  | { readonly type: 'EXPECT_END'; readonly shutdown?: Shutdown }
  /** In RUNNING.ending: the peer is not expected to end the stream any more. */
  | { readonly type: 'EXPECT_MORE' }
  /** In any state but IDLE: the attempt, or the session, has failed with this error. */
  | { readonly type: 'FAIL'; readonly error: WirechartError }
  /** From the machine itself, in RUNNING: a part of `timeouts.idle` has passed. */
  | { readonly type: 'CHECK_IDLE' }
  /** From the machine itself, in RUNNING: `timeouts.firstMessage` has passed. */
  | { readonly type: 'CHECK_FIRST_MESSAGE' }
  /** From the machine itself: the message of a SEND was refused later. */
  | ({ readonly type: 'SEND_FAILED' } & FailedSend)
  /** From the machine's own link, with the option `forward`: what was received, in order. */
  | { readonly type: 'MESSAGES'; readonly messages: readonly unknown[] };

/**
 * What the tags of the machine say. `idle`: in IDLE, and when the actor has ended. `busy`: in CONNECTING and
 * DISCONNECTING. `up`: in RUNNING. `failed`: with `idle`, when the last session, or attempt at one, has failed.
 */
export type ProtocolTag = 'idle' | 'busy' | 'up' | 'failed';

/** A message that an event SEND has not sent, and why. */
export interface FailedSend {
  /** The message of the event. */
  readonly message: unknown;
  /**
   * A `StateError` in a state that accepts no messages; a `CodecError` when it cannot be encoded; a `LimitError`
   * when the outgoing queue is full; a `HandlerError` when the hook `outbound` threw; a `ClosedError`, or the
   * cause, when the session ended while the message waited for room in the queue. With QMP also the error of the command: an `ExecuteError`, or an
   * `ExecInterruptedError`.
   */
  readonly error: WirechartError;
}

/** What the machine emits, for `actor.on(type, listener)`. */
export type ProtocolEmitted<In = unknown> =
  /** A runstate was entered. `session` counts the attempts, from 1; 0 before the first. */
  | { readonly type: 'runstate'; readonly runstate: Runstate; readonly session: number }
  /** The listener is bound. */
  | { readonly type: 'listening'; readonly address: BoundAddress }
  /** A session, or an attempt at one, has ended; IDLE is entered next. */
  | { readonly type: 'closed'; readonly outcome: SessionOutcome; readonly session: number }
  /** The message of an event SEND was not sent. */
  | ({ readonly type: 'sendFailed' } & FailedSend)
  /** Messages were received, in order; only with the option `forward`. All come before `closed`. */
  | { readonly type: 'message'; readonly messages: readonly In[] };

/**
 * Where an actor dials as soon as it starts: an address, or a function that is called when it dials. What that
 * throws, or rejects with, fails the attempt as a `HandlerError`.
 */
export type InputAddress = Address | (() => Address | Promise<Address>);

/** The input of an actor that runs a method of the link. */
export interface OnLink extends WaitInput {
  readonly link: Link<unknown, unknown>;
}
/** The input of an actor that dials or listens. */
export interface ToAddress extends OnLink {
  /** A function, as in `InputAddress`, is sealed. */
  readonly address: ListenAddress | SealedAddress | undefined;
}

/** The input of the actor that fails. */
export interface ToCause extends WaitInput {
  readonly cause: WirechartError | undefined;
}

/** The context of the machine. */
export interface ProtocolContext<In, Out> {
  /** Stands for the stream, the listener and the queue: one link for the life of an actor. See `linkOf()`. */
  readonly link: LinkHandle<Link<In, Out>>;
  /** Where the actor dials as soon as it starts. */
  readonly autoConnect: Address | undefined;
  /** Counts attempts, from 1. */
  readonly session: number;
  /** Where the current attempt dials or listens; meaningful in CONNECTING. */
  readonly address: ListenAddress | SealedAddress | undefined;
  /** Where the listener is bound; meaningful in CONNECTING.listening.bound and .accepting. */
  readonly bound: BoundAddress | undefined;
  /** How far the current attempt got; meaningful in CONNECTING. */
  readonly phase: ConnectPhase;
  /** Whether RUNNING was last in `ending`. It decides whether an end is a failure, also in DISCONNECTING. */
  readonly endExpected: boolean;
  /** Why the peer ends the stream, if it has said so; meaningful while `endExpected`. */
  readonly shutdown: Shutdown | undefined;
  /** The value of `link.received` at the last check whether the peer is silent. */
  readonly received: number;
  /** How many checks in a row have found nothing new. */
  readonly quietChecks: number;
  /** Why the current session fails: the first error. `undefined` while there was none. */
  readonly cause: WirechartError | undefined;
  /** Later errors, and errors that are no failure. */
  readonly suppressed: readonly WirechartError[];
  /** How the last session ended; `undefined` before the first end. */
  readonly outcome: SessionOutcome | undefined;
}

/** What differs between machines. */
export interface ChartOptions<Input> {
  /** Where an actor connects to as soon as it starts, from its input. Default: nowhere. */
  readonly addressOf?: (input: Input) => InputAddress | undefined;
  /** Why an actor that was restored cannot connect by itself, from its input. Default: it can. */
  readonly lostOf?: (input: Input) => ArgumentError | undefined;
  /** Whether an actor ends with its first session, or attempt at one. Default: it is IDLE again. */
  readonly once?: boolean | undefined;
  /** How such an actor ends after a failure. Default `output`. */
  readonly failWith?: FailWith | undefined;
  /** Whether RUNNING invokes the actor `session`, even if there is no logic for it to run. Default: no. */
  readonly hasSession?: boolean | undefined;
}

/** `output`: the actor is done, and its output has the failure. `error`: the actor ends in error with it. */
export type FailWith = 'output' | 'error';
