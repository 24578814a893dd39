/** Compares values deeply, as a peer would: bytes are equal whatever their class. */

import { isDeepStrictEqual } from 'node:util';
import { isBytes } from '../core/shape.ts';

/**
 * Whether two values are equal: of the same structure and classes, with the same members. A `Buffer` equals
 * a `Uint8Array` of the same bytes, and an object without a prototype equals a plain one.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (isBytes(one) && isBytes(other)) return Buffer.compare(one, other) === 0;
  return isDeepStrictEqual(copyOf(one), copyOf(other));
}

/**
 * Returns a deep copy of the objects, arrays, maps, sets and bytes of a value. Anything else, such as an
 * error or a date, is the same object in the copy.
 */
export function copyOf(value: unknown, known = new Map<unknown, unknown>()): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (known.has(value)) return known.get(value);
  if (isBytes(value)) return new Uint8Array(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    known.set(value, copy);
    for (const item of value) copy.push(copyOf(item, known));
    return copy;
  }
  switch (tagOf(value)) {
    case 'Map':
      return new Map([...(value as Map<unknown, unknown>)].map((pair) => copyPair(pair, known)));
    case 'Set':
      return new Set([...(value as Set<unknown>)].map((item) => copyOf(item, known)));
    case 'Object':
      return copyObject(value, known);
    default:
      return value;
  }
}

function copyPair(pair: [unknown, unknown], known: Map<unknown, unknown>): [unknown, unknown] {
  return [copyOf(pair[0], known), copyOf(pair[1], known)];
}

function copyObject(value: object, known: Map<unknown, unknown>): object {
  const copy: object = Object.create(
    isPlain(value) ? Object.prototype : prototypeOf(value),
  ) as object;
  known.set(value, copy);
  for (const [name, member] of Object.entries(value)) {
    // Not an assignment, which would call the setter of `__proto__`.
    const copied = { value: copyOf(member, known), enumerable: true, writable: true };
    Object.defineProperty(copy, name, { ...copied, configurable: true });
  }
  return copy;
}

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;

/** Whether an object is a plain one, of any realm, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype = prototypeOf(value);
  return prototype === null || (prototypeOf(prototype) === null && 'hasOwnProperty' in prototype);
}
