/**
 * Actor logic of XState 5 as a callback of a protocol, by its shape: this layer knows no XState, and a program
 * may have another copy of it.
 */

import { memberOf } from './shape.ts';

/**
 * Actor logic of XState 5 that runs as the handshake, the session or the farewell of a protocol: a machine with
 * a final state, `fromPromise()`, `fromCallback()`, or any other logic that ends. Its input is `{ session }`,
 * and the output of a handshake is `negotiated`.
 *
 * @typeParam S - The session that it is given.
 * @typeParam Output - Its output.
 */
export interface SessionLogic<S, Output> {
  /** Returns the snapshot before the first event. The input is always given, though XState's types doubt it. */
  getInitialSnapshot(
    scope: never,
    input: { readonly session: S } | undefined,
  ): { readonly output?: Output | undefined };
  /** Returns the snapshot after an event. */
  transition(snapshot: never, event: never, scope: never): unknown;
  /** Returns a snapshot that can be stored. */
  getPersistedSnapshot(snapshot: never): unknown;
}

/** Runs actor logic until it ends, and resolves with its output. Rejects with its error. */
export type RunLogic = (
  logic: SessionLogic<never, unknown>,
  input: { readonly session: unknown },
) => Promise<unknown>;

/** Whether a value is actor logic of XState 5. */
export const isSessionLogic = (value: unknown): value is SessionLogic<never, unknown> =>
  ['getInitialSnapshot', 'transition', 'getPersistedSnapshot'].every(
    (method) => typeof memberOf(value, method) === 'function',
  );

/** The callbacks that may be actor logic. */
export type SessionCallbackName = 'handshake' | 'session' | 'farewell';

/** Actor logic that replaces callbacks of a definition: what `provide()` of the machine was given. */
export type SessionSlots = Readonly<
  Partial<Record<SessionCallbackName, SessionLogic<never, unknown> | undefined>>
>;
