/**
 * What a value is, judged by its members.
 *
 * `instanceof` compares with the classes of one realm and of one copy of a package. Jest, `node:vm` and
 * Vitest's `vmThreads` run code in other realms, and a program may load this package twice, so a value
 * that comes from outside is never judged by `instanceof` (a rule of the linter enforces this).
 */

import { printable } from './printable.ts';

/** The member `name` of any value; `undefined` when it has none, or when reading it throws. */
export function memberOf(value: unknown, name: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** The `code` of an error, as Node and this library set it; `undefined` when it has none. */
export function codeOf(error: unknown): string | undefined {
  const code = memberOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** Whether a value is an error of any realm, or looks like one. */
export const isError = (value: unknown): value is Error =>
  typeof memberOf(value, 'message') === 'string' && typeof memberOf(value, 'name') === 'string';

/** Its getter returns the name of a typed array of any realm, and `undefined` for anything else. */
const TAG = /* @__PURE__ */ (() =>
  Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(Uint8Array.prototype),
    Symbol.toStringTag,
  ))();

/** Whether a value is a `Uint8Array` of any realm; a `Buffer` is one. */
export const isBytes = (value: unknown): value is Uint8Array =>
  // `Object.prototype.toString` would take twenty times as long, and this is asked for each message.
  TAG?.get?.call(value) === 'Uint8Array';

/** Whether a value can be awaited: a promise of any realm, or anything else that has a `then`. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof memberOf(value, 'then') === 'function';

/** Whether a value is an `AbortSignal` of any realm, or looks like one. */
export const isSignal = (value: unknown): boolean =>
  typeof memberOf(value, 'aborted') === 'boolean' &&
  typeof memberOf(value, 'addEventListener') === 'function';

/** The longest part of a text that an error shows. */
const MAX_SHOWN_CHARACTERS = 100;

/** A short text for any value that an error is about: texts are quoted, objects named. Never throws. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${printable(JSON.stringify(value.slice(0, MAX_SHOWN_CHARACTERS)))} (a string)`;
    case 'bigint':
      return bigintText(value);
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    case 'object':
      return value === null ? 'null' : showObject(value);
    default:
      return String(value);
  }
}

/** A bigint of more bits is not printed: that takes more and more time for each digit. */
const MAX_PRINTED_BITS = 131_072;

/** The text of a bigint, as in JavaScript: its digits and an `n`; of a huge one only what it is. */
export const bigintText = (value: bigint): string =>
  BigInt.asIntN(MAX_PRINTED_BITS, value) === value
    ? `${String(value)}n`
    : `[a bigint of more than ${String(MAX_PRINTED_BITS)} bits]`;

function showObject(value: object): string {
  if (Array.isArray(value)) return 'an array';
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return tag === 'Object' ? 'an object' : `an object (${tag})`;
}

/**
 * Sets a member that is neither printed with its object nor part of its JSON: what a peer has sent may hold
 * secrets, and an error is printed without a thought.
 */
export function setUnprinted(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
