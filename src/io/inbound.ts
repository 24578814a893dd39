/** The inbound half of one stream: decodes its bytes, and returns the messages one by one. */

import type { Duplex } from 'node:stream';
import {
  ClosedError,
  CodecError,
  describe,
  isWirechartError,
  type WirechartError,
} from '../core/errors.ts';
import type { Decoder } from '../core/types.ts';

/**
 * It listens to the stream from the moment that the stream is open until it closes, so that no
 * byte, end or error is lost between the handshake and the reader, or between two readers. While
 * `onChange` is not set, it pauses the stream, and so buffers one chunk at most.
 */
export class Inbound<In> {
  /** Called on bytes, the end and a failure. Set by the handshake or the reader loop. */
  onChange: (() => void) | undefined;
  /** The pending promise of `onMessage` for the last message. It may outlive its reader. */
  handling: PromiseLike<void> | undefined;
  /** The error of a handler that failed after its reader was stopped; `destroy()` reports it. */
  unreportedError: WirechartError | undefined;

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
    // The events that a stream emitted before it became ours are not repeated.
    this.#ended = stream.readableEnded;
    if (stream.errored !== null) this.#onError(stream.errored);
    if (stream.destroyed) this.#onClose();
  }

  /**
   * Returns the next message, or `undefined` when there is none now (see `isEnded()` for whether
   * more may come).
   *
   * @throws {WirechartError} The error of the decoder or, after all messages that arrived before
   *   it, the failure of the stream.
   */
  next(): In | undefined {
    const message = this.#read();
    if (message !== undefined) return message;
    if (this.#failure !== undefined && !this.#ended) throw this.#failure;
    return undefined;
  }

  /**
   * Whether the peer has ended its side. To be called when `next()` has returned every message.
   *
   * @throws {CodecError} When the stream ended in the middle of a message.
   */
  isEnded(): boolean {
    if (!this.#ended) return false;
    try {
      this.#decoder.end();
    } catch (error) {
      throw codecError(error);
    }
    return true;
  }

  /**
   * Marks the stream as failed, and returns the failure. A stream and its writes often report one
   * failure several times: every caller gets the error that was made of the first report.
   */
  fail(reason: unknown): WirechartError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = isWirechartError(reason)
      ? reason
      : new ClosedError(`The stream failed: ${describe(reason)}`, { cause: reason });
    this.onChange?.();
    return this.#failure;
  }

  /** Lets the stream read on. */
  resume(): void {
    this.#stream.resume();
  }

  /** Stops reading, which makes the peer wait (backpressure). */
  pause(): void {
    if (!this.#discarding) this.#stream.pause();
  }

  /** Discards, undecoded, whatever arrives from now on. */
  discard(): void {
    this.#discarding = true;
    this.onChange = undefined;
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
    if (this.onChange === undefined) this.#stream.pause();
    else this.onChange();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.onChange?.();
  };
  readonly #onError = (error: Error): void => {
    this.fail(error);
  };
  readonly #onClose = (): void => {
    // Closing is a failure only before the peer has ended its side, and while we still read.
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

/** Wraps what a decoder threw: a user's codec may throw anything. */
const codecError = (thrown: unknown): WirechartError =>
  isWirechartError(thrown)
    ? thrown
    : new CodecError(`The decoder threw: ${describe(thrown)}`, undefined, { cause: thrown });
