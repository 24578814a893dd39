/** The texts of what was thrown, safe to show: see `printable.ts`. */

import { cutText, printable, shownMessage } from './printable.ts';
import { BRAND } from './retryable.ts';
import { isError, memberOf } from './shape.ts';

/**
 * The text of anything that was thrown, cut and printable; the name of its type when it has no text. It is
 * one line, except for an error of this library whose message quotes the standard error of a program.
 */
export function describe(thrown: unknown): string {
  const text = rawTextOf(thrown);
  // OpenSSL ends its texts with a line feed.
  return memberOf(thrown, BRAND) === true ? shownMessage(text) : printable(cutText(text.trimEnd()));
}

function rawTextOf(thrown: unknown): string {
  if (!isError(thrown)) return textOf(thrown);
  return thrown.message || describeParts(thrown) || thrown.name;
}

/** The texts of the errors in an `AggregateError`. Of one within it only the text: it may contain itself. */
function describeParts(error: Error): string {
  const errors = memberOf(error, 'errors');
  if (!Array.isArray(errors)) return '';
  const describePart = (part: unknown): string =>
    memberOf(part, 'errors') === undefined ? rawTextOf(part) : textOf(part);
  return errors.map(describePart).join('; ');
}

/** `String(value)`, also for a value without a text (a null prototype, a `toString` that throws). */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `an unprintable ${typeof value}`;
  }
}
