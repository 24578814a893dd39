/**
 * Ids of actors that are unique among all programs: the program's id, a slash, and the actor's
 * `sessionId` in its program.
 */

import { type JsonObject, parseObject, textIn } from './checks.ts';

/** The unique id of a program's actor. */
export const actorIdOf = (program: string, sessionId: string): string => `${program}/${sessionId}`;

/** The program's id and the `sessionId` in a unique id. */
export function partsOfActorId(id: string): {
  readonly program: string;
  readonly sessionId: string;
} {
  const at = id.indexOf('/');
  return { program: id.slice(0, at), sessionId: id.slice(at + 1) };
}

/** The properties of a nested JSON text that hold an actor's id. */
const NESTED_IDS = { state: '_sessionid', event: 'origin' } as const;

/** A copy of a program's message in which every actor id is unique. */
export function withActorIds(message: JsonObject, program: string): JsonObject {
  const ids = Object.fromEntries(
    ['sessionId', 'parent']
      .filter((key) => typeof message[key] === 'string')
      .map((key) => [key, actorIdOf(program, textIn(message, key))]),
  );
  const texts = Object.entries(NESTED_IDS)
    .filter(([key]) => typeof message[key] === 'string')
    .map(([key, id]): [string, string] => [key, replaced(textIn(message, key), id, program)]);
  return { ...message, ...ids, ...Object.fromEntries(texts) };
}

function replaced(text: string, key: string, program: string): string {
  const value = parseObject(text);
  const id = value[key];
  return typeof id === 'string'
    ? JSON.stringify({ ...value, [key]: actorIdOf(program, id) })
    : text;
}
