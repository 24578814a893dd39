/** One deadline on a clock that may be replaced. */

import { ArgumentError } from '../core/errors.ts';
import type { Clock } from '../core/types.ts';

/** The longest time that a timer can hold, in ms; one set for longer would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws {ArgumentError} When a deadline that a caller set is not a number of ms above 0. */
export function checkTimeout(ms: number | undefined): void {
  if (ms === undefined || ms > 0) return;
  throw new ArgumentError(`timeout must be a number of ms above 0, not ${String(ms)}`);
}

/**
 * Calls `expire` after `ms` of the clock's time, or never where that is longer than a timer can hold.
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
