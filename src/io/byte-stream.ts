/** What counts as a byte stream: a duplex stream of Node, or two halves, of whatever library and realm. */

import type { Duplex, Readable, Writable } from 'node:stream';
import { isWirechartError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import type { WebReadable, WebWritable } from '../core/types.ts';

/** The readable half of a byte stream that has been checked. */
export type ReadableHalf = Readable | WebReadable;
/** The writable half of a byte stream that has been checked. */
export type WritableHalf = Writable | WebWritable;

/** A byte stream of an address that has been checked: one object, or two. */
export type ByteStream =
  Duplex | { readonly readable: ReadableHalf; readonly writable: WritableHalf };

const hasMethods = (value: unknown, ...names: string[]): boolean =>
  names.every((name) => typeof memberOf(value, name) === 'function');

/** Whether a value is a readable stream of the WHATWG, or looks like one. */
export const isWebReadable = (value: unknown): value is WebReadable =>
  hasMethods(value, 'getReader');
/** Whether a value is a writable stream of the WHATWG, or looks like one. */
export const isWebWritable = (value: unknown): value is WebWritable =>
  hasMethods(value, 'getWriter');
/** Whether a value can be the readable half of a byte stream. */
export const isReadable = (value: unknown): value is ReadableHalf =>
  isWebReadable(value) || hasMethods(value, 'on', 'once', 'pause', 'resume', 'destroy');
/** Whether a value can be the writable half of a byte stream. */
export const isWritable = (value: unknown): value is WritableHalf =>
  isWebWritable(value) || hasMethods(value, 'on', 'once', 'write', 'end', 'destroy');

/** Whether a value has the methods of a readable and of a writable stream of Node. */
export const isDuplexShaped = (value: unknown): value is Duplex =>
  hasMethods(value, 'on', 'once', 'pause', 'resume', 'write', 'end', 'destroy');

/** Whether a value is a byte stream, of whatever library and realm. */
export const isByteStream = (value: unknown): value is ByteStream =>
  isDuplexShaped(value) ||
  (isReadable(memberOf(value, 'readable')) && isWritable(memberOf(value, 'writable')));

/** Says why a byte stream cannot be used; `undefined` when it can. */
export function flawOf(stream: ByteStream): string | undefined {
  if (!isDuplexShaped(stream)) return flawOfHalves(stream.readable, stream.writable);
  return flawOfHalves(stream, stream) ?? (isFromPair(stream) ? FROM_PAIR : undefined);
}

/** Says why a stream with these two halves, which may be one object, cannot be used. */
export function flawOfHalves(readable: unknown, writable: unknown): string | undefined {
  const is = (half: unknown, ...members: string[]) =>
    members.some((name) => memberOf(half, name) === true);
  if (is(readable, 'readableObjectMode') || is(writable, 'writableObjectMode')) {
    return 'it is in object mode, and must carry bytes';
  }
  if (typeof memberOf(readable, 'readableEncoding') === 'string') {
    return 'it has an encoding, and must carry bytes; do not call setEncoding()';
  }
  // The stream of a child that failed reports by itself why, when it is dialed.
  if (isWirechartError(memberOf(readable, 'errored'))) return undefined;
  if (is(readable, 'destroyed') || is(writable, 'destroyed')) {
    return 'it is destroyed; open a new one';
  }
  if (is(readable, 'locked') || is(writable, 'locked')) {
    return 'it is locked by another reader or writer';
  }
  if (is(readable, 'readableEnded') || memberOf(readable, 'readable') === false) {
    return 'it cannot be read from any more; open a new one';
  }
  if (is(writable, 'writableEnded') || memberOf(writable, 'writable') === false) {
    return 'it cannot be written to any more; open a new one';
  }
  return undefined;
}

const FROM_PAIR =
  'it was made by Duplex.from(), whose destroy() leaves the readable half open once the writable half ' +
  'is done, so that the process cannot exit; pass the pair itself, { stream: { readable, writable } }, ' +
  'or joinStreams(readable, writable)';

/**
 * Whether a stream was made by `Duplex.from({ readable, writable })` of Node or of readable-stream.
 *
 * In all versions of Node up to 26, such a stream forgets both halves as soon as one of them is done: then
 * its `destroy()` closes nothing, and the halves cannot be reached from outside.
 */
function isFromPair(stream: Duplex): boolean {
  const prototype = Object.getPrototypeOf(stream) as { constructor?: { name?: unknown } } | null;
  // The class of the same name in the package duplexify, which has no such fault, has these as methods.
  return prototype?.constructor?.name === 'Duplexify' && Object.hasOwn(stream, '_destroy');
}
