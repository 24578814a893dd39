/**
 * Makes texts that a peer chose safe to show to people.
 *
 * A terminal obeys control characters: they can move the cursor, change the clipboard, or hide text. A
 * line end lets a peer forge a log record, and directional characters change the order in which a text is
 * read. Everything that the library prints, logs or puts into an error's message passes through here; the
 * exact text stays available in a property, such as `CodecError.raw`.
 */

/** How many characters of a peer's text are kept where it is shown, logged or kept as a reason. */
export const MAX_SHOWN_CHARACTERS = 4096;

/** Controls (C0, DEL, C1), invisible and directional characters, line separators, and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/**
 * Returns `text` with an escape, as in JavaScript, for each character that is not visible where it stands:
 * `\x1b`, `\n`, `\u202e`, `\u{e0001}`. It is one line afterwards. Applied twice, it changes nothing more.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf);
}

/** The same, for a text of several lines: its line feeds stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * Returns the first `max` characters of a text, with a note of how many were left out; the whole text if
 * it is not longer. A surrogate pair is not split.
 */
export function cutText(text: string, max = MAX_SHOWN_CHARACTERS): string {
  if (text.length <= max) return text;
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(max - 1));
  const kept = text.slice(0, isSplit ? max - 1 : max);
  return `${kept}… (${String(text.length - kept.length)} characters more)`;
}

function escapeOf(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}
