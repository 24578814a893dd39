/** Where a value is within a JSON value. */

import type { Json } from '../shared/view.ts';

/** The names of properties and the indices of items that lead to a value. */
export type JsonPath = readonly (string | number)[];

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** A path as JavaScript: `context.users[0]["first name"]`. */
export const pathText = (root: string, path: JsonPath): string =>
  root +
  path
    .map((key) => {
      if (typeof key === 'number') return `[${String(key)}]`;
      return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('');

/** The value at a path; `undefined` when there is none. */
export function valueAt(value: Json | undefined, path: JsonPath): Json | undefined {
  let at = value;
  for (const key of path) {
    if (at === undefined) return undefined;
    at = childOf(at, key);
  }
  return at;
}

function childOf(value: Json, key: string | number): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isList(value)) return typeof key === 'number' ? value[key] : undefined;
  return typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Whether a value is a list. `Array.isArray()` does not tell it from an object with properties. */
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
