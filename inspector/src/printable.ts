/**
 * Makes texts that others chose safe to show in a terminal: names of files, parts of recordings.
 *
 * The same as `printable()` of the package wirechart, which this package does not depend on; a test
 * compares the two.
 */

/** Controls, invisible and directional characters, line separators, and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Returns a text with an escape, as in JavaScript, for each character that is not visible where it stands. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escapeOf);

function escapeOf(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}
