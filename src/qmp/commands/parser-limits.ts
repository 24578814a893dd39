/**
 * What QEMU's JSON parser takes at most. When a message exceeds a limit, the parser starts over in the middle of
 * it: it reports an error for each bracket that is left, and executes an object in the rest as a command of its
 * own. So such a message must not be sent.
 */

import { CodecError } from '../../core/errors.ts';

/** How many objects and arrays may be open at once, the command itself included. */
const MAX_NESTING = 1024;
/** How many brackets, commas, colons, strings, numbers and words a message may have. */
const MAX_TOKENS = 2 ** 21;
/** How long all these may be together, in bytes. */
const MAX_BYTES = 2 ** 26;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Checks the JSON text of a command, which is compact.
 *
 * @param name - The name of the command, for the error.
 * @throws {CodecError} When QEMU could not parse it.
 */
export function checkParsable(text: string, name: string | undefined): void {
  // Each level has two brackets: hardly any command is as long as that.
  if (text.length <= 2 * MAX_NESTING) return;
  const { nesting, tokens } = measure(text);
  const problem =
    textOver(nesting, MAX_NESTING, 'levels of objects and arrays') ??
    textOver(tokens, MAX_TOKENS, 'tokens of JSON') ??
    textOver(bytesOf(text), MAX_BYTES, 'bytes');
  if (problem === undefined) return;
  throw new CodecError(
    `${String(name)} was not sent: it has ${problem}, and would execute the rest as commands`,
  );
}

const textOver = (count: number, limit: number, what: string): string | undefined =>
  count > limit
    ? `${String(count)} ${what}; QEMU's parser gives up after ${String(limit)}`
    : undefined;

/** Only the size of a text that may be too large is measured exactly. */
const bytesOf = (text: string): number =>
  3 * text.length > MAX_BYTES ? Buffer.byteLength(text) : text.length;

function measure(text: string): { readonly nesting: number; readonly tokens: number } {
  let depth = 0;
  let nesting = 0;
  let tokens = 0;
  let isInScalar = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const change = changeOf(code);
    const isScalar = change === 0 && code !== COMMA && code !== COLON;
    if (!isScalar || !isInScalar) tokens += 1;
    isInScalar = isScalar;
    depth += change;
    if (depth > nesting) nesting = depth;
    if (code === QUOTE) at = endOfString(text, at);
  }
  return { nesting, tokens };
}

/** How a character changes the depth. `{` and `}` differ from `[` and `]` in one bit. */
function changeOf(code: number): number {
  const bracket = code | 0x20;
  if (bracket === 0x7b) return 1;
  return bracket === 0x7d ? -1 : 0;
}

/** The index of the quote that ends the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** Whether an odd number of backslashes precedes a quote. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text.charCodeAt(at) === BACKSLASH) at -= 1;
  return (quote - 1 - at) % 2 === 1;
}
