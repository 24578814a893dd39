/** What `inspectTo()` throws in a browser, and its check of the options. */

import { printable } from '../core/printable.ts';
import { BRAND } from '../core/retryable.ts';

/**
 * The `ArgumentError` of the library, as far as a page can tell: it has the same name, code, mark and verdict. What is
 * missing is how Node prints it, and the search for what makes other errors final.
 */
export class BrowserArgumentError extends Error {
  readonly code = 'ERR_ARGUMENT';
  readonly retryable = false;

  constructor(message: string) {
    super(printable(message));
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** On the prototype, so that `stack` begins with it. */
  override get name(): string {
    return 'ArgumentError';
  }
}

/**
 * Checks that every option has a known name: an unknown one would do nothing, silently.
 *
 * @param names - An object that has the known names as its keys.
 * @throws {BrowserArgumentError} When a name is unknown, or `given` is not an object of options.
 */
export function checkInspectOptions(given: unknown, names: object): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new BrowserArgumentError('The options of inspectTo() must be an object');
  }
  // Inherited names count, too: those of an `AbortSignal` are.
  for (const name in given) {
    if (Object.hasOwn(names, name) || Reflect.get(given, name) === undefined) continue;
    const known = Object.keys(names).join("', '");
    throw new BrowserArgumentError(`inspectTo() has no option '${name}': did you mean '${known}'?`);
  }
}
