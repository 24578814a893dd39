/**
 * Bounds what is reported besides values: names, and the value of a state. An inspector refuses a message
 * with a longer name or a deeper state, and ends the connection after a message that is too long.
 */

import { cut } from './plain.ts';
import type { Json } from './wire.ts';

/** Names of actors, events, actions and tags; with the length that is added to what is cut. */
const MAX_NAME_CHARACTERS = 960;
/** Ids of states, which contain the names of the states around them. */
const MAX_STATE_ID_CHARACTERS = 8_000;
const MAX_STATE_DEPTH = 60;
const MAX_STATE_NAMES = 2_000;
const MAX_STATE_CHARACTERS = 60_000;

/** A name, cut where it is too long. */
export const shortName = (name: string): string => cut(name, MAX_NAME_CHARACTERS);

/** The id of a state, cut where it is too long. */
export const shortStateId = (id: string): string => cut(id, MAX_STATE_ID_CHARACTERS);

/**
 * The value of a state: of each state only as many names are shown as fit, and the others are left out. Of
 * an actor that is not a machine, a `value` may be anything.
 *
 * @param otherwise - Converts what is not the value of a state.
 */
export function stateValueToPlain(value: unknown, otherwise: (value: unknown) => Json): Json {
  let names = MAX_STATE_NAMES;
  let characters = MAX_STATE_CHARACTERS;
  const convert = (inner: unknown, depth: number): Json => {
    if (typeof inner === 'string') return shown(inner);
    if (!isRecord(inner)) return otherwise(inner);
    if (depth >= MAX_STATE_DEPTH) return '[too deep]';
    const states: [string, Json][] = [];
    for (const key of Object.keys(inner)) {
      if (names <= 0 || characters <= 0)
        return Object.fromEntries([...states, ['…', '[too large]']]);
      states.push([shown(key), convert(inner[key], depth + 1)]);
    }
    return Object.fromEntries(states);
  };
  const shown = (name: string): string => {
    const short = shortName(name);
    names -= 1;
    characters -= short.length;
    return short;
  };
  return convert(value, 0);
}

/** Whether a value is a plain object, as the values of compound and parallel states are. */
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
