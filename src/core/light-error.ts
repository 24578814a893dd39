/**
 * What is kept of errors for long: as they are, unless they hold a lot. A callback often throws an error
 * that quotes what a peer has sent, and a peer may send 16 MB each time.
 */

import { cutText, MAX_KEPT_CHARACTERS } from './printable.ts';
import { isBytes, isError, memberOf } from './shape.ts';
import { weightOf } from './weight.ts';
import { isWirechartError, type WirechartError } from './wirechart-error.ts';

/** How much memory an error that is kept may take, with its causes, in bytes. */
const MAX_KEPT_BYTES = 4 * MAX_KEPT_CHARACTERS;
/** How many causes below one another are kept. */
const MAX_DEPTH = 8;
/** What a value that is left out is replaced by. */
const LEFT_OUT = '[too large]';

/**
 * Returns an error for long keeping: itself, unless it takes more than 64 KiB with its causes. Then it is a
 * copy of the same class, with the same code, in which texts are cut and large members left out. Never throws.
 */
export function lightened(error: WirechartError): WirechartError {
  try {
    if (weightOfError(error, 0) <= MAX_KEPT_BYTES) return error;
    const copy = lightCopy(error, 0);
    return isWirechartError(copy) ? copy : error;
  } catch {
    // A member of a program's error threw when it was read.
    return error;
  }
}

function weightOfError(error: object, depth: number): number {
  let weight = 0;
  for (const name of Reflect.ownKeys(error)) {
    const value = memberOf(error, name);
    if (!isError(value)) weight += weightOfMember(value);
    else if (depth < MAX_DEPTH) weight += weightOfError(value, depth + 1);
    if (weight > MAX_KEPT_BYTES) break;
  }
  return weight;
}

/** Objects that are no data, such as sockets, lead to the rest of the program, and are not weighed. */
function weightOfMember(value: unknown): number {
  if (isBytes(value)) return value.length;
  return isObject(value) && !isPlain(value) ? 0 : weightOf(value, MAX_KEPT_BYTES);
}

function lightCopy(error: Error, depth: number): Error {
  const copy = new Error(cutText(error.message));
  Reflect.setPrototypeOf(copy, Reflect.getPrototypeOf(error));
  for (const name of Reflect.ownKeys(error)) {
    if (name === 'message') continue;
    const enumerable = Object.getOwnPropertyDescriptor(error, name)?.enumerable ?? false;
    const value = lightValue(memberOf(error, name), depth);
    Object.defineProperty(copy, name, { value, enumerable, writable: true, configurable: true });
  }
  return copy;
}

function lightValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cutText(value);
  if (isError(value)) return depth < MAX_DEPTH ? lightCopy(value, depth + 1) : LEFT_OUT;
  return weightOfMember(value) <= MAX_KEPT_CHARACTERS ? value : LEFT_OUT;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isPlain = (object: object): boolean => {
  if (Array.isArray(object)) return true;
  const prototype: unknown = Object.getPrototypeOf(object);
  return !isObject(prototype) || Object.getPrototypeOf(prototype) === null;
};
