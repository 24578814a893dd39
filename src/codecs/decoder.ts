/** The base class of decoders: a buffer, a bound, and fatal errors. */

import { ClosedError, CodecError, LimitError } from '../core/errors.ts';
import { resolveLimits } from '../core/limits.ts';
import type { Decoder, Limits } from '../core/codec.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { checkPreamble, Preamble, type PreambleOptions } from './preamble.ts';
import { rawOf } from './utf8.ts';

/**
 * The base class of a decoder of your own. It collects the bytes of a session in `buffer`; a subclass
 * implements `next()`, which takes the messages out of it. The base class keeps the rest of the contract of
 * `Decoder`:
 *
 * - each byte is copied a constant number of times, whatever the sizes of the chunks;
 * - the memory of a chunk is not used after `read()` has returned `undefined`;
 * - a fatal error is thrown again by each later `read()`;
 * - a stream that ends while bytes are left in `buffer` is a `CodecError`.
 *
 * @example
 * ```ts
 * class TwoByteDecoder extends BufferedDecoder<Uint8Array> {
 *   protected override next(): Uint8Array | undefined {
 *     return this.buffer.length < 2 ? undefined : this.buffer.take(2);
 *   }
 * }
 * const codec = {
 *   encode: (message) => message,
 *   createDecoder: (limits) => new TwoByteDecoder(limits),
 * };
 * ```
 */
export abstract class BufferedDecoder<In> implements Decoder<In> {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'BufferedDecoder';

  /** The bytes that have arrived and that `next()` has not dropped. */
  protected readonly buffer = new ByteBuffer();
  /** The largest message, in bytes without its framing: `maxMessageBytes`. It may be `Infinity`. */
  protected readonly limit: number;
  #fatal: CodecError | LimitError | undefined;
  /** Removes what precedes the first message; `undefined` when that has begun. */
  #preamble: Preamble | undefined;

  /**
   * @param limits - The bounds of the session, as `createDecoder()` is given them.
   * @param preamble - For a protocol of text: what may precede the first message. Even if it is empty, a byte
   *   order mark is dropped. Default: the stream begins with a message.
   * @throws {ArgumentError} When a limit is not a number above 0, or `skipUntil` cannot be the beginning of a
   *   line.
   */
  constructor(limits: Limits, preamble?: PreambleOptions) {
    this.limit = resolveLimits(limits).maxMessageBytes;
    if (preamble === undefined) return;
    checkPreamble(preamble);
    this.#preamble = new Preamble(preamble);
  }

  /** How many bytes it holds that no returned message has. */
  get buffered(): number {
    return this.buffer.length + (this.#preamble?.heldBytes ?? 0);
  }

  write(chunk: Uint8Array): void {
    if (this.#fatal !== undefined) return;
    const bytes =
      this.#preamble === undefined ? chunk : this.#withoutPreamble(this.#preamble, chunk);
    this.buffer.append(bytes);
  }

  read(): In | undefined {
    if (this.#fatal !== undefined) throw this.#fatal;
    const message = this.next();
    // Not later, in write(): the caller may reuse the memory of the chunk before.
    if (message === undefined) this.buffer.own();
    return message;
  }

  end(): void {
    const cut = this.#preamble?.end();
    if (cut !== undefined) throw cut;
    const rest = this.unfinished();
    if (rest.length === 0) return;
    const size = String(rest.length);
    const text = `The stream ended after ${size} bytes of a message`;
    throw new CodecError(text, rawOf(rest), {
      cause: new ClosedError('The peer ended the stream'),
    });
  }

  rest(): Uint8Array {
    if (this.#fatal !== undefined) throw this.#fatal;
    const unread = this.unread();
    return this.#preamble === undefined ? new Uint8Array(unread) : this.#preamble.with(unread);
  }

  /**
   * Returns the next message, whose bytes it has dropped from `buffer`, or `undefined` when more bytes are
   * needed. It is called again with more bytes, so it should not search again those that it has searched.
   *
   * A view of `buffer` must not be a part of the message: its memory is reused. `buffer.take()` copies.
   *
   * @throws {CodecError} When the bytes are not a message. Drop these bytes before you throw, and the next
   *   call continues behind them; or throw `this.fatal(error)` when the end of the message is not known.
   * @throws {LimitError} From `tooLarge()`, as soon as the message is known to exceed `limit`.
   */
  protected abstract next(): In | undefined;

  /**
   * The bytes of an incomplete message, when `next()` has returned `undefined`; if there are any at the end
   * of the stream, `end()` throws. Default: those in `buffer`. Override it if some of these may end a stream, or
   * if `next()` drops bytes of a message before it returns the message.
   */
  protected unfinished(): Uint8Array {
    return this.buffer.view();
  }

  /**
   * The bytes that no returned message has, for `rest()`. Default: those in `buffer`. Override it, and
   * `buffered`, if `next()` drops bytes of a message before it returns the message.
   */
  protected unread(): Uint8Array {
    return this.buffer.view();
  }

  /** Makes every later `read()` throw `error`, drops all bytes, and returns `error`, to be thrown. */
  protected fatal<E extends CodecError | LimitError>(error: E): E {
    this.#fatal = error;
    this.buffer.clear();
    return error;
  }

  /**
   * Returns the fatal error for a message of more than `limit` bytes, to be thrown.
   *
   * @param actual - The size of the message, or how many of its bytes have arrived.
   * @param note - A sentence that is added to the text, with a space before it.
   */
  protected tooLarge(actual: number, note = ''): LimitError {
    const limit = this.limit;
    const text =
      `A message of ${String(actual)} bytes or more exceeds the limit of ${String(limit)}. ` +
      `Raise it with the option limits.maxMessageBytes.${note}`;
    return this.fatal(new LimitError(text, limit, actual));
  }

  #withoutPreamble(preamble: Preamble, chunk: Uint8Array): Uint8Array {
    const bytes = preamble.pass(chunk, this.limit);
    // Thrown by read(), as every error of a decoder.
    this.#fatal = preamble.failure;
    if (preamble.isOver || preamble.failure !== undefined) this.#preamble = undefined;
    return bytes;
  }
}
