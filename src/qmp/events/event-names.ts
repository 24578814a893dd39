/** The check of the names, filters and listeners that callers pass. */

import { ArgumentError } from '../../core/errors.ts';
import { show } from '../../core/shape.ts';
import type { WaitForOptions, Wanted } from './event-wait.ts';
import type { QmpEvent } from '../types.ts';

/**
 * Checks the name of an event. QMP writes the names of events in upper case; only those that a
 * distributor has added (`__com.example_NAME`) may have lower-case letters.
 *
 * @throws {ArgumentError} When no event can have this name.
 */
export function checkEventName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw new ArgumentError(`The name of an event must be a string, not ${show(name)}`);
  }
  if (!/[a-z]/.test(name) || name.startsWith('__')) return;
  throw new ArgumentError(
    `No QMP event is called '${name}': their names are in upper case, such as 'SHUTDOWN'. The end and ` +
      'the failure of a session are not events: see closed, outcome and runstates()',
  );
}

/** @throws {ArgumentError} When `listener` is not a function. */
export function checkListener(event: string, listener: unknown): void {
  if (typeof listener === 'function') return;
  throw new ArgumentError(`The listener of ${event} must be a function, not ${show(listener)}`);
}

/**
 * Returns the arguments of `waitFor()`, whose filter may be left out.
 *
 * @param owner - What is called, for errors.
 * @throws {ArgumentError} When one of them has a wrong type, or a name that no event can have.
 */
export function wantedBy(
  events: unknown,
  filterOrOptions: unknown,
  options: WaitForOptions | undefined,
  owner = 'waitFor()',
): [Wanted, WaitForOptions] {
  const names = Array.isArray(events) ? [...new Set<unknown>(events)] : [events];
  if (names.length === 0) throw new ArgumentError(`${owner} needs the name of an event`);
  const wanted = { names: names.map(checkedName), owner };
  if (isFilter(filterOrOptions)) return [{ ...wanted, filter: filterOrOptions }, options ?? {}];
  if (filterOrOptions === undefined) return [wanted, options ?? {}];
  if (typeof filterOrOptions === 'object' && filterOrOptions !== null && options === undefined) {
    return [wanted, filterOrOptions];
  }
  throw new ArgumentError(
    `The filter of ${owner} must be a function, not ${show(filterOrOptions)}`,
  );
}

const isFilter = (value: unknown): value is (event: QmpEvent) => boolean =>
  typeof value === 'function';

/** Checks a name, and returns it. */
export function checkedName(name: unknown): string {
  checkEventName(name);
  return name;
}
