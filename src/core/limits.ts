/** The default of every deadline and bound, and the check of the values that a caller passes. */

import { ArgumentError } from './errors.ts';
import { checkNames } from './options.ts';
import { show } from './shape.ts';
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
  firstMessage: Infinity,
};

const DEFAULT_BOUNDS: Bounds = {
  maxMessageBytes: 16 * 1024 * 1024,
  highWaterMark: 256 * 1024,
  maxQueuedBytes: 256 * 1024 * 1024,
};

/**
 * Returns the given deadlines, with defaults for the others.
 *
 * @param others - An object whose keys are further names that `given` may have.
 * @throws {ArgumentError} When one is not a number of milliseconds above 0 (`Infinity` is allowed), or has an
 *   unknown name.
 */
export function resolveDeadlines(given: Timeouts = {}, others: object = {}): Deadlines {
  checkNames('timeouts', given, { ...DEFAULT_DEADLINES_MS, ...others });
  return resolveNumbers('timeouts', DEFAULT_DEADLINES_MS, given);
}

/**
 * Returns the given bounds, with defaults for the others. The default of `highWaterMark` is
 * `maxQueuedBytes`, if that is less.
 *
 * @param others - An object whose keys are further names that `given` may have.
 * @throws {ArgumentError} When one is not a number of bytes above 0 (`Infinity` is allowed), or has an
 *   unknown name, or `highWaterMark` is finite and above `maxQueuedBytes`.
 */
export function resolveLimits(given: Limits = {}, others: object = {}): Bounds {
  checkNames('limits', given, { ...DEFAULT_BOUNDS, ...others });
  const bounds = resolveNumbers('limits', DEFAULT_BOUNDS, given);
  const { highWaterMark, maxQueuedBytes } = bounds;
  if (highWaterMark <= maxQueuedBytes || highWaterMark === Infinity) return bounds;
  if (given.highWaterMark === undefined) return { ...bounds, highWaterMark: maxQueuedBytes };
  throw new ArgumentError(
    `limits.highWaterMark (${String(highWaterMark)}) must not be above limits.maxQueuedBytes ` +
      `(${String(maxQueuedBytes)}): send() would reject before it waits`,
  );
}

/** The names of the deadlines of a session, and of its bounds. */
export const DEADLINE_NAMES: Readonly<Record<keyof Timeouts, unknown>> = DEFAULT_DEADLINES_MS;
export const BOUND_NAMES: Readonly<Record<keyof Limits, unknown>> = DEFAULT_BOUNDS;

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
    // Only undefined counts as absent.
    const { [key]: value = defaults[key] }: Readonly<Partial<Record<K, unknown>>> = given;
    if (typeof value !== 'number' || !(value > 0 || (allowZero && value === 0))) {
      const expected = allowZero ? 'a number of 0 or more' : 'a number above 0';
      throw new ArgumentError(`${option}.${key} must be ${expected}, not ${show(value)}`);
    }
    resolved[key] = value;
  }
  return resolved;
}
