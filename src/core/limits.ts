/** The default of every deadline and every bound, and the check of what a caller gives instead. */

import { ArgumentError } from './errors.ts';
import type { Limits, ServerTimeouts, Timeouts } from './types.ts';

/** Every deadline with its value, in milliseconds. */
export type Deadlines = Readonly<Record<keyof Timeouts, number>>;

/** Every deadline of a server with its value, in milliseconds. */
export type ServerDeadlines = Readonly<Record<keyof ServerTimeouts, number>>;

/** Every bound with its value, in bytes. */
export type Bounds = Readonly<Record<keyof Limits, number>>;

const DEADLINES: Deadlines = {
  connect: 10_000,
  accept: 30_000,
  handshake: 10_000,
  flush: 5_000,
  close: 2_000,
};

const BOUNDS: Bounds = {
  maxMessageBytes: 16 * 1024 * 1024,
  highWaterMark: 256 * 1024,
  maxQueuedBytes: 256 * 1024 * 1024,
};

/**
 * The deadlines, with defaults for those not given.
 *
 * @throws {ArgumentError} When one is not a number of milliseconds above 0 (`Infinity` is one).
 */
export function resolveDeadlines(given: Timeouts = {}): Deadlines {
  return resolveNumbers('timeouts', DEADLINES, given);
}

/**
 * The bounds, with defaults for those not given.
 *
 * @throws {ArgumentError} When one is not a number of bytes above 0 (`Infinity` is one).
 */
export function resolveLimits(given: Limits = {}): Bounds {
  return resolveNumbers('limits', BOUNDS, given);
}

/**
 * Numbers of one option, with defaults for those not given.
 *
 * @param option - Its name, for the error.
 * @param orZero - Whether 0 is one of them.
 * @throws {ArgumentError} When one is not a number above 0.
 */
export function resolveNumbers<K extends string>(
  option: string,
  defaults: Readonly<Record<K, number>>,
  given: Readonly<Partial<Record<NoInfer<K>, number | undefined>>>,
  { orZero = false } = {},
): Readonly<Record<K, number>> {
  const resolved: Record<K, number> = { ...defaults };
  for (const key in defaults) {
    const value: unknown = given[key] ?? defaults[key];
    if (typeof value !== 'number' || !(value > 0 || (orZero && value === 0))) {
      const wanted = orZero ? 'a number of 0 or more' : 'a number above 0';
      throw new ArgumentError(`${option}.${key} must be ${wanted}, not ${String(value)}`);
    }
    resolved[key] = value;
  }
  return resolved;
}
