/** The base class of decoders: a buffer, a bound, and fatal errors. */

import { ClosedError, CodecError, LimitError } from '../core/errors.ts';
import { resolveLimits } from '../core/limits.ts';
import type { Decoder, Limits } from '../core/codec.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { Preamble } from './preamble.ts';
import { rawOf } from './utf8.ts';

/** Collects bytes in `buffer`; a subclass takes the messages out of it in `next()`. */
export abstract class BufferedDecoder<In> implements Decoder<In> {
  protected readonly buffer = new ByteBuffer();
  /** The largest message, in bytes without its framing. */
  protected readonly limit: number;
  #fatal: CodecError | LimitError | undefined;
  /** Removes what precedes the first message; `undefined` when that has begun. */
  #preamble: Preamble | undefined;

  /**
   * @param preamble - Removes what may precede the first message. Default: nothing does.
   * @throws {ArgumentError} When a limit is not a number above 0.
   */
  constructor(limits: Limits, preamble?: Preamble) {
    this.limit = resolveLimits(limits).maxMessageBytes;
    this.#preamble = preamble;
  }

  /** How many bytes it holds. */
  get buffered(): number {
    return this.buffer.length;
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

  /**
   * Returns the next message, or `undefined` when more bytes are needed.
   *
   * @throws {CodecError} When bytes that it has removed from the buffer are not a message.
   * @throws {LimitError} From `tooLarge()`.
   */
  protected abstract next(): In | undefined;

  /** The bytes of an incomplete message. */
  protected unfinished(): Uint8Array {
    return this.buffer.view();
  }

  /** Makes every later `read()` throw `error`, and returns it to be thrown. */
  protected fatal<E extends CodecError | LimitError>(error: E): E {
    this.#fatal = error;
    this.buffer.clear();
    return error;
  }

  /**
   * Returns the fatal error for a message of `actual` bytes, to be thrown.
   *
   * @param note - A sentence that is added to its text.
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
