/** What a stream may have before its first message: a byte order mark, and a banner. */

import { nameOfValue } from '../core/encoded.ts';
import { ArgumentError, ClosedError, CodecError, LimitError } from '../core/errors.ts';
import { encodeUtf8 } from './bytes.ts';
import { quoteBytes, rawOf } from './utf8.ts';

/** What precedes the first message of a stream. */
export interface PreambleOptions {
  /**
   * Drops what the peer sends before its first message: everything before the first line that begins with
   * this text, such as `'{'`. More than `maxMessageBytes` without such a line are a `LimitError`. Default:
   * the stream begins with a message.
   */
  readonly skipUntil?: string | undefined;
}

/** @throws {ArgumentError} When `skipUntil` cannot be the beginning of a line. */
export function checkPreamble({ skipUntil }: PreambleOptions): void {
  if (skipUntil === undefined) return;
  const isText: boolean = typeof skipUntil === 'string';
  if (isText && skipUntil !== '' && !skipUntil.includes('\n')) return;
  const value = isText ? JSON.stringify(skipUntil) : nameOfValue(skipUntil);
  throw new ArgumentError(`skipUntil must be the beginning of a line, not ${value}`);
}

const BYTE_ORDER_MARK = /* @__PURE__ */ Uint8Array.of(0xef, 0xbb, 0xbf);
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array();
const LF = 0x0a;

/**
 * Removes the preamble of one stream from its chunks. A byte order mark is always removed: programs on
 * Windows send one, and JSON permits to ignore it.
 */
export class Preamble {
  /** Whether the first message has begun: chunks need not pass this object any more. */
  isOver = false;
  failure: LimitError | undefined;
  readonly #until: Uint8Array | undefined;
  #mayBeMark = true;
  #isLineStart = true;
  /** The last bytes, when more are needed to judge them. */
  #held = NOTHING;
  /** How many bytes of a banner were dropped, and the first of them. */
  #dropped = 0;
  #first = NOTHING;

  constructor({ skipUntil }: PreambleOptions) {
    this.#until = skipUntil === undefined ? undefined : encodeUtf8(skipUntil);
  }

  /**
   * Returns the part of a chunk that follows the preamble. Sets `failure` when more than `limit` bytes of a
   * banner were dropped.
   */
  pass(chunk: Uint8Array, limit: number): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : join(this.#held, chunk);
    this.#held = NOTHING;
    const rest = this.#mayBeMark ? this.#passMark(bytes) : bytes;
    if (this.#mayBeMark) return NOTHING;
    if (this.#until !== undefined) return this.#passBanner(rest, this.#until, limit);
    this.isOver = true;
    return rest;
  }

  /** How many bytes it holds. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Returns the bytes that it holds, and `bytes` behind them. */
  with(bytes: Uint8Array): Uint8Array {
    return join(this.#held, bytes);
  }

  /** Returns the error of a stream that ends here; `undefined` when it may. */
  end(): CodecError | undefined {
    const size = this.#dropped + this.#held.length;
    if (size === 0) return undefined;
    const raw = join(this.#first, this.#held);
    const text =
      this.#until === undefined
        ? `The stream ended after ${String(size)} bytes of a message`
        : `The stream ended before a line that begins with ${quoteBytes(this.#until)}. It was ${quoteBytes(raw)}`;
    return new CodecError(text, raw, { cause: new ClosedError('The peer ended the stream') });
  }

  #passMark(bytes: Uint8Array): Uint8Array {
    const size = equalBytes(BYTE_ORDER_MARK, bytes, 0);
    const isUndecided = size === bytes.length && size < BYTE_ORDER_MARK.length;
    if (isUndecided) return this.#hold(bytes);
    this.#mayBeMark = false;
    return size === BYTE_ORDER_MARK.length ? bytes.subarray(size) : bytes;
  }

  #passBanner(bytes: Uint8Array, until: Uint8Array, limit: number): Uint8Array {
    let at = 0;
    while (at < bytes.length && this.#dropped + at <= limit) {
      const size = this.#isLineStart ? equalBytes(until, bytes, at) : 0;
      const isFound = size === until.length;
      if (isFound || (this.#isLineStart && at + size === bytes.length)) {
        this.#drop(bytes.subarray(0, at), limit, until);
        this.isOver = isFound;
        return isFound ? bytes.subarray(at) : this.#hold(bytes.subarray(at));
      }
      at = endOfLine(bytes, at);
      this.#isLineStart = bytes[at - 1] === LF;
    }
    this.#drop(bytes.subarray(0, at), limit, until);
    return NOTHING;
  }

  #hold(bytes: Uint8Array): Uint8Array {
    this.#held = new Uint8Array(bytes);
    return NOTHING;
  }

  #drop(bytes: Uint8Array, limit: number, until: Uint8Array): void {
    if (this.#first.length < 1024) this.#first = rawOf(join(this.#first, rawOf(bytes)));
    this.#dropped += bytes.length;
    if (this.#dropped <= limit) return;
    this.failure = new LimitError(
      `No line of the first ${String(this.#dropped)} bytes begins with ${quoteBytes(until)}; ` +
        `they begin with ${quoteBytes(this.#first)}. The limit is ${String(limit)} (limits.maxMessageBytes).`,
      limit,
      this.#dropped,
    );
  }
}

/** Lines that are not longer are searched byte by byte: a call costs more than these. */
const MAX_SHORT_BYTES = 16;

/** Returns the index after the line of `from`, or the length. */
function endOfLine(bytes: Uint8Array, from: number): number {
  const last = Math.min(bytes.length, from + MAX_SHORT_BYTES);
  for (let at = from; at < last; at++) if (bytes[at] === LF) return at + 1;
  const newline = bytes.indexOf(LF, last);
  return newline === -1 ? bytes.length : newline + 1;
}

/** How many bytes from `at` on are those of `expected`. */
function equalBytes(expected: Uint8Array, bytes: Uint8Array, at: number): number {
  let size = 0;
  while (size < expected.length && at + size < bytes.length) {
    if (bytes[at + size] !== expected[size]) break;
    size++;
  }
  return size;
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
