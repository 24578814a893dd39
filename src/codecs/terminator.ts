/** What ends a line: any bytes. */

import { ArgumentError, CodecError } from '../core/errors.ts';
import { isBytes, show } from '../core/shape.ts';
import { encodeUtf8 } from './bytes.ts';
import { quoteBytes, tryDecodeUtf8 } from './utf8.ts';

/** A longer terminator would make the search for it expensive. */
const MAX_TERMINATOR_BYTES = 128;
/** So many bytes in a row that begin no terminator are looked at one by one: a call costs more than these. */
const MAX_MISSES = 16;
const LF = 0x0a;

/** Searches for the ends of lines. One object serves all sessions of a codec. */
export class Terminator {
  readonly bytes: Uint8Array;
  /** The same as text; `undefined` when it is not UTF-8. */
  readonly text: string | undefined;
  /** Whether lines may end in `\n` or `\r\n`, whichever of them is sent; else the terminator is exact. */
  readonly isLineFeed: boolean;
  /** What is searched for: `\n`, or the terminator. */
  readonly #searched: Uint8Array;
  /** How many bytes of the terminator match still when the byte after the first 1, 2, … does not. */
  readonly #fallbacks: readonly number[];

  /**
   * @param owner - The codec, for the error: `lines()`.
   * @throws {ArgumentError} When `terminator` cannot end a line.
   */
  constructor(owner: string, terminator: string | Uint8Array) {
    const bytes = bytesOf(terminator);
    if (bytes === undefined || bytes.length === 0 || bytes.length > MAX_TERMINATOR_BYTES) {
      throw new ArgumentError(
        `terminator of ${owner} must be a text or Uint8Array of 1 to ${String(MAX_TERMINATOR_BYTES)} ` +
          `bytes, not ${show(terminator)}`,
      );
    }
    this.bytes = bytes;
    this.text = tryDecodeUtf8(bytes);
    this.isLineFeed = this.text === '\n' || this.text === '\r\n';
    this.#searched = this.isLineFeed ? Uint8Array.of(LF) : bytes;
    this.#fallbacks = fallbacksOf(this.#searched);
  }

  /** The size of what `endOfFirst()` finds. */
  get size(): number {
    return this.#searched.length;
  }

  /** Returns the index after the first terminator in `bytes`, or 0. */
  endOfFirst(bytes: Uint8Array): number {
    const [byte = 0] = this.#searched;
    return this.size === 1 ? bytes.indexOf(byte) + 1 : this.#search(bytes, 0, true).end;
  }

  /**
   * Searches the bytes that follow a part of a stream without a terminator.
   *
   * @param matched - How many bytes of a terminator that part ends with.
   * @returns The index after the last terminator, or 0, and `matched` for what follows these bytes.
   */
  endOfLast(
    bytes: Uint8Array,
    matched: number,
  ): { readonly end: number; readonly matched: number } {
    const [byte = 0] = this.#searched;
    if (this.size > 1) return this.#search(bytes, matched, false);
    return { end: bytes.lastIndexOf(byte) + 1, matched: 0 };
  }

  /** Knuth, Morris and Pratt: each byte is looked at once, and an incomplete match may continue later. */
  #search(bytes: Uint8Array, matched: number, onlyFirst: boolean) {
    const [searched, fallbacks, first = 0] = [this.#searched, this.#fallbacks, this.#searched[0]];
    let end = 0;
    let misses = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      while (matched > 0 && byte !== searched[matched]) matched = fallbacks[matched - 1] ?? 0;
      if (byte === searched[matched]) {
        misses = 0;
        matched++;
      } else if (++misses > MAX_MISSES) {
        const next = bytes.indexOf(first, at + 1);
        if (next === -1) break;
        at = next - 1;
      }
      if (matched < searched.length) continue;
      end = at + 1;
      matched = 0;
      if (onlyFirst) break;
    }
    return { end, matched };
  }

  /**
   * Returns a line with its terminator, as text.
   *
   * @throws {CodecError} When the line would arrive changed, because it contains a terminator, or because
   *   its end and the beginning of the terminator make one.
   */
  append(line: string): string {
    const { text = '' } = this;
    if (this.isLineFeed) return checkLineFeeds(line) + text;
    const framed = line + text;
    if (framed.indexOf(text) < line.length) throw this.#contained();
    return framed;
  }

  /** The same as bytes. */
  appendBytes(line: string): Uint8Array {
    if (this.text !== undefined) return encodeUtf8(this.append(line));
    const content = encodeUtf8(line);
    const framed = new Uint8Array(content.length + this.bytes.length);
    framed.set(content);
    framed.set(this.bytes, content.length);
    if (this.endOfFirst(framed) < framed.length) throw this.#contained();
    return framed;
  }

  #contained(): CodecError {
    return new CodecError(
      `The line contains its terminator, ${quoteBytes(this.bytes)}, or makes one with it`,
    );
  }
}

function checkLineFeeds(line: string): string {
  if (line.includes('\n')) throw new CodecError('The line contains a line end');
  if (!line.endsWith('\r')) return line;
  throw new CodecError(
    'The line ends in a carriage return, which would be taken for a part of its terminator',
  );
}

function bytesOf(terminator: unknown): Uint8Array | undefined {
  if (isBytes(terminator)) return new Uint8Array(terminator);
  const isText = typeof terminator === 'string' && !/\p{Surrogate}/u.test(terminator);
  return isText ? encodeUtf8(terminator) : undefined;
}

/** For each beginning of `searched`, the size of the longest shorter beginning that it ends with. */
function fallbacksOf(searched: Uint8Array): readonly number[] {
  const fallbacks = [0];
  for (let at = 1, matched = 0; at < searched.length; at++) {
    while (matched > 0 && searched[at] !== searched[matched]) matched = fallbacks[matched - 1] ?? 0;
    if (searched[at] === searched[matched]) matched++;
    fallbacks.push(matched);
  }
  return fallbacks;
}
