/**
 * The check of what a caller passes: an option with an unknown name would do nothing, silently.
 *
 * Every object of options has a table of its names. `Names` makes the compiler keep the table and the
 * interface alike.
 */

import { ArgumentError } from './errors.ts';
import { isSignal, memberOf, show } from './shape.ts';
import type { DisconnectOptions, WaitOptions } from './types.ts';

/** The names of the options in the interface `T`. */
export type Names<T> = Readonly<Record<keyof T, true>>;

const NO_NAMES: readonly string[] = [];

/** The options of a call that waits. */
const WAIT: Names<WaitOptions> = { signal: true };
const DISCONNECT: Names<DisconnectOptions> = { signal: true, force: true };

/**
 * Checks that every option has a known name. An option that is `undefined` counts as absent.
 *
 * @param owner - What the options are those of, for the error: `new QmpClient()`, `connect()`.
 * @param given - The options, of any type. `undefined` are none.
 * @param names - An object that has the known names as its keys.
 * @throws {ArgumentError} When a name is unknown, or `given` is not an object of options.
 */
export function checkNames(owner: string, given: unknown, names: object): void {
  if (hasOnly(given, names)) return;
  for (const name of unknownNames(owner, given, names)) {
    throw new ArgumentError(`${owner} has no option '${name}'${adviseName(name, names)}`);
  }
}

/**
 * The same for options of which others may be known elsewhere: refuses only a name that looks like a known
 * one.
 */
export function checkSpelling(owner: string, given: unknown, names: object): void {
  for (const name of unknownNames(owner, given, names)) {
    const nearest = nearestName(name, Object.keys(names));
    if (nearest === undefined) continue;
    throw new ArgumentError(`${owner} has no option '${name}': did you mean '${nearest}'?`);
  }
}

/** The names of the own options of a class of clients, if it says them: they may look like those of all. */
export function ownNamesOf(kind: object): object {
  const names: unknown = Reflect.get(kind, 'ownOptions');
  return typeof names === 'object' && names !== null ? names : {};
}

/** Whether options have known names only. The usual case, on the path of every request: it allocates nothing. */
function hasOnly(given: unknown, names: object): boolean {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  // Inherited names count, too: those of an `AbortSignal` are.
  for (const name in given) if (!Object.hasOwn(names, name)) return false;
  return true;
}

/** The names of given options that are not in a table. */
function unknownNames(owner: string, given: unknown, names: object): readonly string[] {
  if (given === undefined) return NO_NAMES;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ArgumentError(`The options of ${owner} must be an object, not ${show(given)}`);
  }
  if (isSignal(given)) {
    throw new ArgumentError(`The options of ${owner} must be an object: pass { signal }`);
  }
  const isUnknown = (name: string): boolean =>
    !Object.hasOwn(names, name) && memberOf(given, name) !== undefined;
  return Object.keys(given).filter(isUnknown);
}

/** The end of the error of an unknown name: the name that was probably meant, or all names. */
export function adviseName(name: string, names: object): string {
  const known = Object.keys(names);
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `: did you mean '${nearest}'?`;
  return known.length === 0 ? '' : `; it has ${known.join(', ')}`;
}

/**
 * Checks the options of a call that waits, and returns the signal.
 *
 * @param owner - The call, for the error: `connect()`.
 * @param names - An object whose keys are all names that are known. Default: `signal`.
 * @throws {ArgumentError} When an option is unknown, or `signal` is not an `AbortSignal`.
 */
export function signalOf(
  owner: string,
  options: WaitOptions | undefined,
  names: object = WAIT,
): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkNames(owner, options, names);
  const { signal } = options;
  if (signal === undefined || isSignal(signal)) return signal;
  const hint = isSignal(memberOf(signal, 'signal')) ? '; pass its member signal' : '';
  throw new ArgumentError(`signal of ${owner} must be an AbortSignal, not ${show(signal)}${hint}`);
}

/** The same for `disconnect()` and its like, with the other option that these have. */
export function endOptions(
  owner: string,
  options: DisconnectOptions | undefined,
): { readonly signal: AbortSignal | undefined; readonly force: boolean } {
  const signal = signalOf(owner, options, DISCONNECT);
  checkKinds(owner, options, { force: 'boolean' });
  return { signal, force: options?.force ?? false };
}

/**
 * Checks the types of some options. An option that is `undefined` counts as absent.
 *
 * @param kinds - For each option the result of `typeof`.
 * @throws {ArgumentError} When an option has another type.
 */
export function checkKinds(
  owner: string,
  given: unknown,
  kinds: Readonly<Record<string, 'boolean' | 'function' | 'string'>>,
): void {
  for (const [name, kind] of Object.entries(kinds)) {
    const value = memberOf(given, name);
    if (value === undefined || typeof value === kind) continue;
    throw new ArgumentError(`${name} of ${owner} must be a ${kind}, not ${show(value)}`);
  }
}

/**
 * Checks options that have one of a few values. An option that is `undefined` counts as absent.
 *
 * @throws {ArgumentError} When an option has another value.
 */
export function checkChoices(
  owner: string,
  given: unknown,
  choices: Readonly<Record<string, readonly unknown[]>>,
): void {
  for (const [name, values] of Object.entries(choices)) {
    const value = memberOf(given, name);
    if (value === undefined || values.includes(value)) continue;
    const known = values.map((each) => JSON.stringify(each)).join(' or ');
    throw new ArgumentError(`${name} of ${owner} must be ${known}, not ${show(value)}`);
  }
}

/**
 * Checks that an option is an object with some methods.
 *
 * @throws {ArgumentError} When it is something else, but `undefined`.
 */
export function checkMethods(owner: string, given: unknown, name: string, methods: string[]): void {
  const value = memberOf(given, name);
  if (value === undefined) return;
  const missing = methods.find((method) => typeof memberOf(value, method) !== 'function');
  if (missing === undefined) return;
  throw new ArgumentError(
    `${name} of ${owner} must be an object with the methods ${methods.join(', ')}, not ${show(value)}` +
      (typeof value === 'object' && value !== null ? ` without ${missing}` : ''),
  );
}

/**
 * Returns one of the options of a caller for each of the names, so that an object that takes more options
 * can pass these on.
 */
export function pickOptions<K extends PropertyKey, T extends Partial<Record<K, unknown>>>(
  given: T,
  names: Readonly<Record<K, unknown>>,
): Pick<T, K & keyof T>;
export function pickOptions(given: object, names: object): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(names, name)));
}

/** Names with a larger distance are not alike. */
const MAX_DISTANCE = 2;

/** The known name that is most like `name`; `undefined` when none is much like it. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const folded = fold(name);
  const [nearest] = known
    // The distance is at least the difference of the lengths; a long name would be compared for long.
    .filter((candidate) => Math.abs(fold(candidate).length - folded.length) <= MAX_DISTANCE)
    .map((candidate) => ({ candidate, distance: editDistance(folded, fold(candidate)) }))
    .sort((one, other) => one.distance - other.distance);
  if (nearest === undefined) return undefined;
  const allowed = Math.min(MAX_DISTANCE, Math.floor(nearest.candidate.length / 3));
  return nearest.distance <= allowed ? nearest.candidate : undefined;
}

const fold = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

/** How many letters have to be inserted, removed or replaced, or pairs of them swapped. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      const isSwapped =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          (current[column - 1] ?? 0) + 1,
          (last[column] ?? 0) + 1,
          (last[column - 1] ?? 0) + cost,
          isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? Infinity;
}
