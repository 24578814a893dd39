/** What a scripted peer fails with: its script and the client do not agree. */

import { printableLines } from '../core/printable.ts';
import { isError } from '../core/shape.ts';
import { shown } from './codec-check-error.ts';

/** A script and the other side do not agree: another message came than was expected, or none. */
export class ScriptError extends Error {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'ScriptError';

  /** What was expected, for the comparison that test runners show; absent if that is not one message. */
  declare readonly expected?: unknown;
  /** What came instead. */
  declare readonly actual?: unknown;

  /** @internal */
  constructor(
    message: string,
    options: ErrorOptions & { readonly expected?: unknown; readonly actual?: unknown } = {},
  ) {
    super(printableLines(message), 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'ScriptError';
    if ('expected' in options) this.expected = options.expected;
    if ('actual' in options) this.actual = options.actual;
  }
}

/** What a script has thrown, as an error. */
export const toError = (thrown: unknown): Error =>
  isError(thrown)
    ? thrown
    : new ScriptError(`The script threw ${shown(thrown)}.`, { cause: thrown });
