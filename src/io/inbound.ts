/**
 * The inbound half of one stream: bytes in, messages out, taken one by one.
 *
 * It listens from the moment the stream is open until it closes, so that no byte, end or error falls
 * between the handshake and the reader, or between two readers. Nobody waits for `change`: it pauses
 * the stream, and so holds at most what one chunk brings.
 */

import type { Duplex } from 'node:stream';
import { ClosedError, CodecError, describe, WirechartError } from '../core/errors.ts';
import type { Decoder } from '../core/types.ts';

/** See the module's comment. */
export class Inbound<In> {
  /** Called when there may be something to take: bytes, the end, a failure. Set by who reads. */
  change: (() => void) | undefined;
  /** What the user's callback for the last message still does. Survives a change of readers. */
  handling: PromiseLike<void> | undefined;
  /** How that ended, when no reader was there to hear it; to be told at the latest in the end. */
  fault: WirechartError | undefined;

  readonly #stream: Duplex;
  readonly #decoder: Decoder<In>;
  #ended: boolean;
  #discarding = false;
  #failure: WirechartError | undefined;

  constructor(stream: Duplex, decoder: Decoder<In>) {
    this.#stream = stream;
    this.#decoder = decoder;
    stream.on('data', this.#onData);
    stream.once('end', this.#onEnd);
    stream.once('error', this.#onError);
    stream.once('close', this.#onClose);
    // What a stream has told before it was ours, it does not tell again.
    this.#ended = stream.readableEnded;
    if (stream.errored !== null) this.#onError(stream.errored);
    if (stream.destroyed) this.#onClose();
  }

  /**
   * The next message, or `undefined` when there is none yet, or none any more (see `isOver`).
   *
   * @throws {WirechartError} What the decoder throws, and the failure of the stream, after the
   *   messages that came before it.
   */
  next(): In | undefined {
    const message = this.#read();
    if (message !== undefined) return message;
    if (this.#failure !== undefined && !this.#ended) throw this.#failure;
    return undefined;
  }

  /**
   * Whether the peer has ended its side; to be asked when `next()` has given all messages.
   *
   * @throws {CodecError} When the end cut a message.
   */
  isOver(): boolean {
    if (!this.#ended) return false;
    try {
      this.#decoder.end();
    } catch (error) {
      throw codecError(error);
    }
    return true;
  }

  /**
   * Notes that the stream cannot be used any more, and why. One failure is often reported several
   * times, by the stream and by a write: the first report counts, and is what all get to see.
   */
  fail(reason: unknown): WirechartError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure =
      reason instanceof WirechartError
        ? reason
        : new ClosedError(`The stream failed: ${describe(reason)}`, { cause: reason });
    this.change?.();
    return this.#failure;
  }

  /** Lets bytes come. */
  resume(): void {
    this.#stream.resume();
  }

  /** Asks the peer to wait. */
  pause(): void {
    if (!this.#discarding) this.#stream.pause();
  }

  /** From now on throws away what comes, without looking at it. */
  discard(): void {
    this.#discarding = true;
    this.change = undefined;
    this.#stream.resume();
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    if (this.#discarding) return;
    try {
      this.#decoder.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    } catch (error) {
      this.fail(codecError(error));
      return;
    }
    if (this.change === undefined) this.#stream.pause();
    else this.change();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.change?.();
  };
  readonly #onError = (error: Error): void => {
    this.fail(error);
  };
  readonly #onClose = (): void => {
    // An end of ours, or after the peer's, is no failure.
    if (this.#discarding || this.#ended) return;
    this.fail(new ClosedError('The stream was closed before the peer had ended it'));
  };

  #read(): In | undefined {
    try {
      return this.#decoder.read();
    } catch (error) {
      throw codecError(error);
    }
  }
}

/** What a decoder threw; a codec of the user's may throw anything. */
const codecError = (thrown: unknown): WirechartError =>
  thrown instanceof WirechartError
    ? thrown
    : new CodecError(`The decoder threw: ${describe(thrown)}`, undefined, { cause: thrown });
