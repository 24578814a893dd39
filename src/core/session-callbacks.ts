/** Calls the callbacks of a protocol that may be functions or actor logic: from the slots, or its definition. */

import { ArgumentError } from './errors.ts';
import { CREATE_SESSION, hasSessionFactory } from './inner-definition.ts';
import {
  isSessionLogic,
  type RunLogic,
  type SessionCallbackName,
  type SessionSlots,
} from './session-logic.ts';
import { memberOf, show } from './shape.ts';

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
