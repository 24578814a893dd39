/**
 * Which of the language's own kinds a value is, also if it comes from another realm (a frame, Jest,
 * `node:vm`), and without a module of Node.
 */

import { isError } from '../core/shape.ts';

/** Whether a value is a Map. */
export const isMap = (value: object): value is ReadonlyMap<unknown, unknown> =>
  mayBe(value, 'Map', Map.prototype) && hasSize(Map.prototype, value);

/** Whether a value is a Set. */
export const isSet = (value: object): value is ReadonlySet<unknown> =>
  mayBe(value, 'Set', Set.prototype) && hasSize(Set.prototype, value);

/** The check that does not throw: by the tag of the class, or by the class of this realm. */
function mayBe(value: object, tag: string, prototype: object): boolean {
  return (
    Object.prototype.isPrototypeOf.call(prototype, value) ||
    Reflect.get(value, Symbol.toStringTag) === tag
  );
}

/** The getter of `size` throws for everything that is no true Map or Set. */
function hasSize(prototype: object, value: object): boolean {
  try {
    Reflect.get(prototype, 'size', value);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value is an error of any realm; unlike a plain object with a name and a message, it has a stack. */
export const isErrorObject = (value: object): value is Error =>
  (isError(value) && 'stack' in value) ||
  Object.prototype.toString.call(value) === '[object Error]';
