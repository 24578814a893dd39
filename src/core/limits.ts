/** The default of every deadline and bound, and the check of the values that a caller passes. */

import { ArgumentError } from './errors.ts';
import type { Limits, ServerTimeouts, Timeouts } from './types.ts';

/** Every deadline of a session with its value, in milliseconds. */
export type Deadlines = Readonly<Record<keyof Timeouts, number>>;

/** Every deadline of a server and its sessions with its value, in milliseconds. */
export type ServerDeadlines = Readonly<Record<keyof ServerTimeouts, number>>;

/** Every bound of a session with its value, in bytes. */
export type Bounds = Readonly<Record<keyof Limits, number>>;

const DEFAULT_DEADLINES_MS: Deadlines = {
  connect: 10_000,
  accept: 30_000,
  handshake: 10_000,
  drain: 5_000,
  flush: 5_000,
  close: 2_000,
  idle: Infinity,
};

const DEFAULT_BOUNDS: Bounds = {
  maxMessageBytes: 16 * 1024 * 1024,
  highWaterMark: 256 * 1024,
  maxQueuedBytes: 256 * 1024 * 1024,
};

/**
 * Returns the given deadlines, with defaults for the others.
 *
 * @throws {ArgumentError} When one is not a number of milliseconds above 0 (`Infinity` is allowed).
 */
export function resolveDeadlines(given: Timeouts = {}): Deadlines {
  return resolveNumbers('timeouts', DEFAULT_DEADLINES_MS, given);
}

/**
 * Returns the given bounds, with defaults for the others.
 *
 * @throws {ArgumentError} When one is not a number of bytes above 0 (`Infinity` is allowed).
 */
export function resolveLimits(given: Limits = {}): Bounds {
  return resolveNumbers('limits', DEFAULT_BOUNDS, given);
}

/**
 * Returns the given numbers of one option, with defaults for the others.
 *
 * @param option - The name of the option, for the error.
 * @param allowZero - Whether 0 is valid, too. Default false.
 * @throws {ArgumentError} When one is not a number above 0 (`Infinity` is allowed).
 */
export function resolveNumbers<K extends string>(
  option: string,
  defaults: Readonly<Record<K, number>>,
  given: Readonly<Partial<Record<NoInfer<K>, number | undefined>>>,
  { allowZero = false } = {},
): Readonly<Record<K, number>> {
  const resolved: Record<K, number> = { ...defaults };
  for (const key in defaults) {
    const value: unknown = given[key] ?? defaults[key];
    if (typeof value !== 'number' || !(value > 0 || (allowZero && value === 0))) {
      const expected = allowZero ? 'a number of 0 or more' : 'a number above 0';
      throw new ArgumentError(`${option}.${key} must be ${expected}, not ${String(value)}`);
    }
    resolved[key] = value;
  }
  return resolved;
}
