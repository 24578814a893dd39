/** The errors of `JSON.parse`, without parts of the text. */

import { isError } from '../core/shape.ts';

/** How V8 ends the message of an unexpected token: with what surrounds it. */
const SURROUNDINGS = /, (?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/;

/**
 * Returns the error without what V8 quotes of the text, which may be a secret, in the message that is printed
 * with the stack.
 */
export function withoutText(error: unknown): unknown {
  if (!isError(error) || !SURROUNDINGS.test(error.message)) return error;
  return new SyntaxError(error.message.replace(SURROUNDINGS, ''));
}
