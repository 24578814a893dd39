/** The types of the supervisor's chart: its events, its context, what it emits. */

import type { WirechartError } from '../core/errors.ts';

/** Everything that may be sent to the supervisor. */
export type SupervisorEvent =
  /** In STOPPED and GIVEN_UP: start again, with the attempt counter reset. */
  | { readonly type: 'START' }
  /** In any state: end the session, or give up the attempt. With `force`, at once. */
  | { readonly type: 'STOP'; readonly force?: boolean }
  /** In WAITING: make the next attempt now. */
  | { readonly type: 'RETRY' }
  /** Internal: the session of the connection cannot be used any more; it is ending. */
  | { readonly type: 'ENDING'; readonly cause: WirechartError | undefined }
  /** Internal: a session of the connection, or an attempt at one, has ended. */
  | { readonly type: 'OVER'; readonly session: number; readonly cause: WirechartError | undefined };

/** What the supervisor emits, for `actor.on(type, listener)`: one event for each state that it enters. */
export type SupervisorEmitted =
  /** An attempt starts. `attempt` counts the attempts in a row, from 1. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /** There is a session, and it can be used. `ups` counts these sessions, from 1; `session` counts attempts. */
  | { readonly type: 'up'; readonly session: number; readonly ups: number }
  /** The session cannot be used, or not any more; it is ending. */
  | { readonly type: 'failing' }
  /** The next attempt, number `attempt` in a row, will be made in `ms` milliseconds. */
  | {
      readonly type: 'waiting';
      readonly ms: number;
      readonly attempt: number;
      readonly cause: WirechartError | undefined;
    }
  /** It was asked to stop, and ends the session. */
  | { readonly type: 'stopping' }
  /** It was asked to stop, or the session has ended on request. */
  | { readonly type: 'stopped' }
  /** Another attempt would be pointless. */
  | { readonly type: 'gaveUp'; readonly cause: WirechartError | undefined };

/** Why a session, or an attempt at one, failed. */
export interface Failure {
  /** Counts attempts, from 1. Without an address to dial, the number of the attempt before. */
  readonly session: number;
  /** The error with which it ended. */
  readonly cause: WirechartError;
}

/** The context of the supervisor. */
export interface SupervisorContext {
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
  /** The length of the current wait, or of the last one, in ms. */
  readonly wait: number;
  /** Why the last session, or attempt at one, failed; `undefined` when its end was requested. */
  readonly cause: WirechartError | undefined;
  /** The last failures, the newest last. */
  readonly failures: readonly Failure[];
}
