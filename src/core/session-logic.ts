/**
 * Actor logic of XState 5 as a callback of a protocol, by its shape: this layer knows no XState, and a program
 * may have another copy of it.
 */

import { ArgumentError } from './errors.ts';
import { CREATE_SESSION, hasSessionFactory } from './inner-definition.ts';
import { memberOf, show } from './shape.ts';

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

/** What has the callbacks of a connection. */
export interface SlotOwner {
  readonly definition: object;
  readonly slots?: SessionSlots | undefined;
}

/**
 * The object that has a callback: the slots come first, then the definition; `undefined` if neither has it.
 */
export function callbackOwner(
  name: SessionCallbackName,
  { definition, slots }: SlotOwner,
): object | undefined {
  if (slots?.[name] !== undefined) return slots;
  const has = memberOf(definition, name) !== undefined;
  return has || (name === 'session' && hasSessionFactory(definition)) ? definition : undefined;
}

/**
 * Calls a callback that is a function; one that is actor logic is returned as it is.
 *
 * @param owner - The slots, the definition or the client that has the callback.
 */
export function callSession(owner: object, name: SessionCallbackName, session: unknown): unknown {
  const callback = memberOf(owner, name);
  return typeof callback === 'function' ? Reflect.apply(callback, owner, [session]) : callback;
}

/**
 * Starts a callback that is a function, actor logic, or a function that returns actor logic. Resolves with what
 * the function resolves with, or the output of the logic.
 */
export function startCallback(
  owner: object,
  name: 'handshake' | 'farewell',
  session: unknown,
  run: RunLogic,
): Promise<unknown> {
  const started = callSession(owner, name, session);
  return isSessionLogic(started) ? run(started, { session }) : Promise.resolve(started);
}

/** Starts the logic of a session. Rejects with its error, or when a client class returned something else. */
export async function startSession(
  owner: object,
  session: unknown,
  run: RunLogic,
): Promise<unknown> {
  const logic = hasSessionFactory(owner)
    ? owner[CREATE_SESSION](session)
    : memberOf(owner, 'session');
  if (isSessionLogic(logic)) return run(logic, { session });
  throw new ArgumentError(`session() must return actor logic of XState 5, not ${show(logic)}`);
}
