/** What the supervisor's chart speaks: its events, its context, what it emits. Types only. */

import type { WirechartError } from '../core/errors.ts';

/** Everything that may be sent to the supervisor. */
export type SupervisorEvent =
  /** In STOPPED and GIVEN_UP: begin again, with a clean record of attempts. */
  | { readonly type: 'START' }
  /** In any state: end the session, or give up what is under way. With `force`, at once. */
  | { readonly type: 'STOP'; readonly force?: boolean }
  /** In WAITING: do not wait any longer. */
  | { readonly type: 'RETRY' }
  /** From within: the session of the connection cannot be used any more; it goes home. */
  | { readonly type: 'ENDING'; readonly cause: WirechartError | undefined }
  /** From within: a session of the connection, or an attempt at one, is over. */
  | { readonly type: 'OVER'; readonly session: number; readonly cause: WirechartError | undefined };

/** What the supervisor emits, for `actor.on(type, listener)`: one for each state that it enters. */
export type SupervisorEmitted =
  /** An attempt begins. `attempt` counts those in a row, from 1. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /** There is a session, and it can be used. `ups` counts these, from 1; `session` counts attempts. */
  | { readonly type: 'up'; readonly session: number; readonly ups: number }
  /** The session cannot be used any more, or could not; it goes home. */
  | { readonly type: 'failing' }
  /** The next attempt, which will be `attempt` in a row, is made in `ms`. */
  | {
      readonly type: 'waiting';
      readonly ms: number;
      readonly attempt: number;
      readonly cause: WirechartError | undefined;
    }
  /** It was told to stop, and ends the session under way. */
  | { readonly type: 'stopping' }
  /** It was told to stop, or the session has ended as it was asked to. */
  | { readonly type: 'stopped' }
  /** There is no point in going on. */
  | { readonly type: 'gaveUp'; readonly cause: WirechartError | undefined };

/** Why a session, or an attempt at one, was over. */
export interface Failure {
  /** Counts attempts, from 1. Where there was no address to connect to, that of the attempt before. */
  readonly session: number;
  /** The error with which it ended. */
  readonly cause: WirechartError;
}

/** The supervisor's memory. */
export interface SupervisorContext {
  /** How many attempts were made in a row; a session that lasted begins a new row. */
  readonly attempts: number;
  /** How often there was a session that could be used. */
  readonly ups: number;
  /** The connection is `home` in IDLE, `away` in any other state, and `gone` when its actor has ended. */
  readonly connection: 'home' | 'away' | 'gone';
  /** The number of the session that the connection has; `undefined` while it has none. */
  readonly up: number | undefined;
  /** The number of the last session that is over. */
  readonly session: number;
  /** How long the wait under way, or the last one, takes, in ms. */
  readonly wait: number;
  /** Why the last session failed, or the attempt at one; `undefined` when its end was asked for. */
  readonly cause: WirechartError | undefined;
  /** The last reasons, the newest last. */
  readonly failures: readonly Failure[];
}
