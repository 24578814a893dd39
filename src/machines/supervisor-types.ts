/** The types of the supervisor's chart: its input, its events, its context, what it emits. */

import type { WirechartError } from '../core/errors.ts';
import type { Runstate } from '../core/runstate.ts';
import type { Address, Shutdown } from '../core/types.ts';
import type { ProtocolContext } from './protocol-types.ts';

/** Where the peer is: an address, or a function that is called before each attempt. */
export type AddressSource = Address | AddressFunction;

/**
 * Returns the address for one attempt: that of another host, or of a new child process. If it throws,
 * rejects, or takes longer than `timeouts.address`, the attempt fails.
 *
 * @param attempt - Counts the attempts in a row, from 1.
 * @param cause - Why the last session, or attempt, ended; `undefined` before the first, and after a clean
 *   end that stopped the supervisor.
 */
export type AddressFunction = (
  attempt: number,
  cause: WirechartError | undefined,
) => Address | Promise<Address>;

/** The input of an actor of the supervisor's machine. */
export interface SupervisorInput {
  /**
   * Where the peer is, or a function that is called before each attempt. A `{ stream }` serves one attempt
   * only.
   */
  readonly address: AddressSource;
}

/** An address for one attempt. */
export interface Located {
  readonly address: Address;
  /** Whether there is no address for another attempt: this one is a stream, and not from a function. */
  readonly isLast: boolean;
}

/** The port through which the chart asks where the peer is. One for the life of an actor. */
export interface Locator {
  /** Returns the address for one attempt. May reject with anything. */
  locate(attempt: number, cause: WirechartError | undefined): Promise<Located>;
  /** @internal Returns what can be stored of the address. Never throws. */
  save(): SavedAddress;
  /** @internal Returns the address for another life of the same actor. */
  again(): ResumedAddress;
}

/** What is stored of an address: plain JSON. */
export interface SavedAddress {
  /** The address; absent if there was none, or if it cannot be stored. */
  readonly address?: unknown;
  /** What may be shown of an address that cannot be stored. */
  readonly lost?: unknown;
}

/** The address of an actor that goes on. */
export interface ResumedAddress {
  /** The same as in the input of the actor before. */
  readonly address?: AddressSource | undefined;
  /** What may be shown of an address that was not stored. */
  readonly lost?: unknown;
}

/** The state in which an actor of the supervisor begins. */
export type Beginning = NonNullable<SupervisorContext['beginning']>;

/** The input of an actor that goes on where another has been. */
export interface ResumedInput extends ResumedAddress {
  readonly beginning: Beginning;
  readonly cause?: WirechartError | undefined;
  readonly shutdown?: Shutdown | undefined;
}

/** Everything that may be sent to the supervisor. */
export type SupervisorEvent =
  /** In STOPPED and GIVEN_UP: start again, with the attempt counter reset. */
  | { readonly type: 'START' }
  /** In any state: end the session, or give up the attempt. With `force`, at once. */
  | { readonly type: 'STOP'; readonly force?: boolean }
  /** In WAITING: make the next attempt now. */
  | { readonly type: 'RETRY' }
  /** In UP, and in CONNECTING from the dialing on: the session, or the attempt, has failed with this error. */
  | { readonly type: 'FAIL'; readonly error: WirechartError }
  /** Internal: what the connection does has changed. The name is XState's for the snapshots of a child. */
  | { readonly type: 'xstate.snapshot.connection'; readonly snapshot: ConnectionSnapshot }
  /** Internal: the session of the connection cannot be used any more; it is ending. */
  | ({ readonly type: 'ENDING' } & SessionEnd)
  /** Internal: a session of the connection, or an attempt at one, has ended. */
  | ({ readonly type: 'OVER' } & SessionEnd);

/** How a session, or an attempt at one, ends. A clean end has no cause, or a `shutdown`. */
export interface SessionEnd {
  /** Its number: counts attempts, from 1. */
  readonly session: number;
  /** Why it failed; `undefined` when its end was requested or announced. */
  readonly cause: WirechartError | undefined;
  /** The peer announced that it shuts down. */
  readonly shutdown: Shutdown | undefined;
}

/** The part of the connection's snapshot that the supervisor reads. */
export interface ConnectionSnapshot {
  readonly status: string;
  readonly context: Pick<ProtocolContext<never, never>, 'session' | 'cause' | 'shutdown'>;
  /** Whether the connection is in this state. */
  matches(runstate: Runstate): boolean;
}

/**
 * What the supervisor emits, for `actor.on(type, listener)`: one event for each state that it enters, and
 * `outage` when an outage is over.
 */
export type SupervisorEmitted =
  /** An attempt starts. `attempt` counts the attempts in a row, from 1. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /** There is a session, and it can be used. `ups` counts these sessions, from 1; `session` counts attempts. */
  | { readonly type: 'up'; readonly session: number; readonly ups: number }
  /** The session cannot be used, or not any more; it is ending. */
  | { readonly type: 'failing'; readonly cause: WirechartError | undefined }
  /** The next attempt, number `attempt` in a row, will be made in `ms` milliseconds. */
  | {
      readonly type: 'waiting';
      readonly ms: number;
      readonly attempt: number;
      readonly cause: WirechartError | undefined;
    }
  /** It was asked to stop, or the session ends cleanly. `shutdown` is set when the peer announced that. */
  | { readonly type: 'stopping'; readonly shutdown: Shutdown | undefined }
  /** It was asked to stop, or the session has ended cleanly. `shutdown` is set when the peer announced that. */
  | { readonly type: 'stopped'; readonly shutdown: Shutdown | undefined }
  /** Another attempt would be pointless. */
  | { readonly type: 'gaveUp'; readonly cause: WirechartError | undefined }
  /** An outage is over, or nothing more is done about it. Comes just before `up`, `stopped` or `gaveUp`. */
  | { readonly type: 'outage'; readonly outage: Outage };

/** The state in which an outage is over. */
export type OutageEnd = 'UP' | 'STOPPED' | 'GIVEN_UP';

/**
 * A time without a session that can be used: it begins when a session, or the first attempt, fails, and
 * lasts until the next one is UP. All failures between are one outage, so that its first cause is kept
 * however often the attempts fail after it.
 */
export interface Outage {
  /** Why it began: the error of the session, or of the first attempt. */
  readonly first: WirechartError;
  /** The latest error: the same as `first`, or that of the latest attempt that failed. */
  readonly cause: WirechartError;
  /** How many sessions and attempts have failed in it; 1 or more. */
  readonly count: number;
  /**
   * The number of the session or attempt that failed last, counted from 1 in the life of the connection.
   * Without an address to dial, the number of the attempt before.
   */
  readonly session: number;
  /** When it began, in ms since 1970. */
  readonly from: number;
  /** When the latest failure happened, in ms since 1970. */
  readonly latest: number;
  /** When it was over, in ms since 1970; absent while it lasts. */
  readonly until?: number;
  /** The state in which it was over; absent while it lasts. */
  readonly endedIn?: OutageEnd;
}

/** The output of an actor with the option `once`. */
export interface SupervisorOutcome {
  /** Why it has given up; absent when it has stopped. */
  readonly cause?: WirechartError;
  /** With which shutdown the peer has ended its last session; absent if it has not announced one. */
  readonly shutdown?: Shutdown;
}

/** The context of the supervisor. */
export interface SupervisorContext {
  /** Where the peer is; one locator for the life of the actor. */
  readonly locator: Locator;
  /** The state in which the actor begins; `undefined` from its first attempt on. */
  readonly beginning: 'CONNECTING' | 'STOPPED' | 'GIVEN_UP' | undefined;
  /** How many attempts were made in a row; a session that lasted resets the counter. */
  readonly attempts: number;
  /** How many sessions could be used so far. */
  readonly ups: number;
  /** The connection: `idle` in IDLE, `busy` in any other state, `ended` when its actor has ended. */
  readonly connection: 'idle' | 'busy' | 'ended';
  /** The number of the connection's session; `undefined` while it has none. */
  readonly up: number | undefined;
  /** The number of the last session that has ended. */
  readonly session: number;
  /** Whether there is no address for another attempt, because the last one was a stream. */
  readonly isSpent: boolean;
  /** The length of the current wait, or of the last one, in ms. */
  readonly wait: number;
  /**
   * Why the current session, or the last attempt at one, fails; `undefined` when its end was clean, or
   * requested.
   */
  readonly cause: WirechartError | undefined;
  /** The shutdown with which the last session ended; `undefined` from the next attempt on. */
  readonly shutdown: Shutdown | undefined;
  /** The outage that lasts now. */
  readonly outage: Outage | undefined;
}
