/**
 * Bounds what the parser makes of a text: a value takes up to a thousand times as long as a byte, and up to
 * a hundred times as much memory. Messages that are small enough for any content are not looked at.
 */

import { CodecError } from '../core/errors.ts';
import { endOfString } from './json-strings.ts';
import { rawOf } from './utf8.ts';

/** The default of the option `maxDepth`. */
export const MAX_DEPTH = 1024;

/** The least default of the option `maxValues`: they take some 0.1 s in the worst case. */
const MIN_VALUES = 262_144;
/** A codec that accepts larger messages accepts more values: one for so many bytes. */
const BYTES_PER_VALUE = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
/** What `[` and `]` become with the bit by which they differ from `{` and `}`: which these have already. */
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BRACKET_BIT = 0x20;

/** The options with the bounds. */
export interface BoundOptions {
  /**
   * How deeply objects and arrays may be nested; `[[]]` has two levels. A message that is nested deeper is
   * a `CodecError`. Default 1024.
   */
  readonly maxDepth?: number | undefined;
  /**
   * How many values a message may have: objects, arrays, strings, numbers, `true`, `false` and `null`, at
   * any level; the name of a member counts as one. A message with more is a `CodecError`. Default: one for
   * each 64 bytes of `limits.maxMessageBytes`, and 262 144 at least, which is the default for 16 MiB, too.
   */
  readonly maxValues?: number | undefined;
}

/** The bounds of one decoder. */
export class JsonBounds {
  readonly #maxDepth: number;
  readonly #maxValues: number;
  /** A text with fewer characters cannot exceed a bound: each level has two brackets. */
  readonly minCharacters: number;
  /** Whether a text of the block may have too many values. */
  #isDense = false;

  constructor({ maxDepth = MAX_DEPTH, maxValues }: BoundOptions, maxMessageBytes: number) {
    this.#maxDepth = maxDepth;
    this.#maxValues =
      maxValues ?? Math.max(MIN_VALUES, Math.floor(maxMessageBytes / BYTES_PER_VALUE));
    this.minCharacters = Math.min(2 * (maxDepth + 1), this.#maxValues);
  }

  /** Looks at a block that contains all texts to be checked next; in `bytes`, it is the same text. */
  enter(bytes: Uint8Array): void {
    this.#isDense = bytes.length >= this.#maxValues && countMarks(bytes) >= this.#maxValues;
  }

  /**
   * To be called before a text is parsed.
   *
   * @throws {CodecError} When it has too many values.
   */
  checkValues(text: string): void {
    if (!this.#isDense || text.length < this.#maxValues || !hasMoreValues(text, this.#maxValues))
      return;
    if (!isEnclosed(text)) {
      throw new CodecError('The message is not JSON: it does not end as it begins', rawOf(text));
    }
    throw new CodecError(
      `The message has more than ${String(this.#maxValues)} values. ` +
        'Raise the bound with the option maxValues of the codec, or with limits.maxMessageBytes.',
      rawOf(text),
    );
  }

  /**
   * To be called with a text that is JSON.
   *
   * @throws {CodecError} When it is nested too deeply.
   */
  checkDepth(text: string): void {
    if (mayBeDeeper(text, this.#maxDepth) && isDeeper(text, this.#maxDepth)) throw tooDeep(text);
  }
}

/** The error of a message that has more levels than `maxDepth`. */
export const tooDeep = (message: string | Uint8Array, cause?: unknown): CodecError =>
  new CodecError('The message is nested too deeply', rawOf(message), { cause });

/** Whether the text ends with the bracket that belongs to its first one, as a text with two values must. */
function isEnclosed(text: string): boolean {
  const first = text.charCodeAt(text.search(/\S/));
  const last = text.charCodeAt(text.trimEnd().length - 1);
  return (first | BRACKET_BIT) === OPEN && last === first + 2;
}

/**
 * Counts the commas, colons and opening brackets: a text has at most one value more than these. Four bytes are
 * compared at once: in words of which the bytes are 0 that are looked for, the highest bit of each such byte
 * is set, and no other.
 */
export function countMarks(bytes: Uint8Array): number {
  // Words begin at a multiple of four.
  const head = -bytes.byteOffset & 3;
  const wordCount = Math.max(0, (bytes.length - head) >> 2);
  if (wordCount === 0) return countInBytes(bytes);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, wordCount);
  const tail = bytes.subarray(head + wordCount * 4);
  return countInBytes(bytes.subarray(0, head)) + countInWords(words) + countInBytes(tail);
}

function countInBytes(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (isMark(byte)) count++;
  return count;
}

const isMark = (byte: number): boolean =>
  byte === COMMA || byte === COLON || (byte | BRACKET_BIT) === OPEN;

/** A byte counts up to this. */
const MAX_SUMMED_WORDS = 255;

function countInWords(words: Int32Array): number {
  let count = 0;
  for (let at = 0; at < words.length;) {
    const end = Math.min(words.length, at + MAX_SUMMED_WORDS);
    let sums = 0;
    for (; at < end; at++) {
      const word = words[at] ?? 0;
      const commas = zeroBytes(word ^ 0x2c2c2c2c);
      const colons = zeroBytes(word ^ 0x3a3a3a3a);
      const opened = zeroBytes((word | 0x20202020) ^ 0x7b7b7b7b);
      // No byte is two of these.
      sums = (sums + ((commas | colons | opened) >>> 7)) | 0;
    }
    count += (sums & 0xff) + ((sums >>> 8) & 0xff) + ((sums >>> 16) & 0xff) + (sums >>> 24);
  }
  return count;
}

const zeroBytes = (word: number): number =>
  ~(((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word | 0x7f7f7f7f);

/**
 * Whether a text has more than `max` values. There is one at the beginning, one after each comma and colon,
 * and one after each bracket that opens what is not empty.
 */
export function hasMoreValues(text: string, max: number): boolean {
  let count = 1;
  let isOpened = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= SPACE) continue;
    const bracket = code | BRACKET_BIT;
    // The last bracket is counted when it is known not to be empty.
    if (isOpened && bracket !== CLOSE) count++;
    isOpened = bracket === OPEN;
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === COMMA || code === COLON) count++;
    if (count > max) return true;
  }
  return false;
}

/** Whether a text may have more levels than `maxDepth`. `false` is certain. */
function mayBeDeeper(text: string, maxDepth: number): boolean {
  // Each level has two brackets.
  if (text.length < 2 * (maxDepth + 1)) return false;
  let opened = 0;
  for (const bracket of '{[') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++opened > maxDepth) return true;
    }
  }
  return false;
}

/** Whether a text, which is JSON, has more levels than `maxDepth`. */
function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at) - 1;
      continue;
    }
    const bracket = code | BRACKET_BIT;
    if (bracket === OPEN && ++depth > maxDepth) return true;
    if (bracket === CLOSE) depth--;
  }
  return false;
}
