/** Whether two messages tell the same about an actor. */

import { isObject, type JsonObject } from './checks.ts';

/**
 * Whether two messages with a `state` tell the same about an actor: how it got there and when it was told are not
 * compared. A program tells all of its actors again when a page comes, which is nothing that has happened.
 */
export const isSameState = (one: JsonObject, other: JsonObject): boolean =>
  factsOf(one) === factsOf(other);

function factsOf({ state, wirechart }: JsonObject): string {
  const told: unknown = typeof state === 'string' ? JSON.parse(state) : state;
  const { value, context, tags } = isObject(told) ? told : {};
  const { status, output, error, deadlines } = isObject(wirechart) ? wirechart : {};
  return JSON.stringify([value, context, tags, status, output, error, deadlines]);
}
