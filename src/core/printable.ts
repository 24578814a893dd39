/**
 * Makes texts that a peer chose safe to show to people.
 *
 * A terminal obeys control characters: they can move the cursor, change the clipboard, or hide text. A
 * line end lets a peer forge a log record, and directional characters change the order in which a text is
 * read. Everything that the library prints, logs or puts into an error's message passes through here; the
 * exact text stays available in a property, such as `CodecError.raw`.
 */

/** How many characters of a peer's text are kept where it is shown, logged or kept as a reason. */
const MAX_SHOWN_CHARACTERS = 4096;

/**
 * How many characters of a peer's text an error keeps exactly. Errors are kept for long: as the causes of
 * outages, for as long as the program runs.
 */
export const MAX_KEPT_CHARACTERS = 16_384;

/** Controls (C0, DEL, C1), invisible and directional characters, line separators, and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The same without the line feed. */
const UNPRINTABLE_IN_LINES = /[\0-\t\v-\x1f\x7f-\x9f\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Most texts have no other characters than these, which is found out in a tenth of the time: blocks without
 * any of the above. Missing are Arabic, surrogates, and some punctuation.
 */
const PLAIN =
  /^[ -~\xa0-\xac\xae-\u05ff\u0900-\u180d\u180f-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\uf900-\ufefe\uff00-\ufff8]*$/;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/**
 * Returns `text` with an escape, as in JavaScript, for each character that is not visible where it stands:
 * `\x1b`, `\n`, `\u202e`, `\u{e0001}`. It is one line afterwards. Applied twice, it changes nothing more.
 */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escapeOf);
}

/** The same, for a text of several lines: its line feeds stay. */
export function printableLines(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE_IN_LINES, escapeOf);
}

/** The same for a text in JSON: with JSON's own escapes, so that it is still JSON, of the same value. */
export function printableJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(UNPRINTABLE_IN_LINES, jsonEscapeOf);
}

/** Whether `printableLines()` would change nothing. */
export const isPrintable = (text: string): boolean => text.search(UNPRINTABLE_IN_LINES) === -1;

/** How long the message of an error can be: a text of a peer, and what is said about it. */
const MAX_MESSAGE_CHARACTERS = 2 * MAX_SHOWN_CHARACTERS;

/** Returns the message of an error: cut, and printable but for its line feeds. */
export const shownMessage = (message: string): string =>
  printableLines(cutText(message, MAX_MESSAGE_CHARACTERS));

/**
 * Returns the first `max` characters of a text, with a note of how many were left out; the whole text if
 * it is not longer. A surrogate pair is not split.
 */
export function cutText(text: string, max = MAX_SHOWN_CHARACTERS): string {
  if (text.length <= max) return text;
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(max - 1));
  const kept = flat(text.slice(0, isSplit ? max - 1 : max));
  return `${kept}… (${String(text.length - kept.length)} characters more)`;
}

/** A copy of a text. In V8, a slice would keep the whole text in memory. */
const flat = (slice: string): string => slice.split('').join('');

function escapeOf(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

/** JSON has one escape for each half of a surrogate pair. */
function jsonEscapeOf(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
