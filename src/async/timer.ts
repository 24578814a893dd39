/** Timers on a replaceable clock, and the check of a timeout that a caller passes. */

import { ArgumentError } from '../core/errors.ts';
import { show } from '../core/shape.ts';
import type { Clock } from '../core/types.ts';

/** The longest delay of a timer in Node, about 24.8 days; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws {ArgumentError} When `ms` is neither `undefined` nor above 0. */
export function checkTimeout(ms: number | undefined): void {
  const given: unknown = ms;
  if (given === undefined || (typeof given === 'number' && given > 0)) return;
  throw new ArgumentError(`timeout must be a number of ms above 0, not ${show(given)}`);
}

/**
 * Calls `expire` after `ms` milliseconds of the clock's time; never, if `ms` is `undefined` or
 * longer than `MAX_TIMER_MS`.
 *
 * @returns A function that cancels it.
 */
export function startTimer(
  ms: number | undefined,
  expire: () => void,
  clock: Clock = globalThis,
): () => void {
  if (ms === undefined || ms > MAX_TIMER_MS) return () => undefined;
  const timer: unknown = clock.setTimeout(expire, ms);
  return () => {
    clock.clearTimeout(timer);
  };
}
