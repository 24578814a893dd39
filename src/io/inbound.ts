/** The inbound half of one stream: decodes its bytes, and returns the messages one by one. */

import type { Duplex } from 'node:stream';
import {
  ClosedError,
  CodecError,
  describe,
  isWirechartError,
  LimitError,
  type WirechartError,
} from '../core/errors.ts';
import type { StopSignal } from '../async/stop-signal.ts';
import { nameOfValue } from '../core/encoded.ts';
import type { Bounds } from '../core/limits.ts';
import { memberOf } from '../core/shape.ts';
import { Counters } from '../core/stats.ts';
import type { ByteShare } from '../core/byte-budget.ts';
import type { Decoder } from '../core/types.ts';
import { type ByteTrace, checkNothingLeft, findRest } from './left-over.ts';

/** So many bytes more than `maxMessageBytes` a decoder may hold, for the framing of a message. */
const MAX_FRAMING_BYTES = 64 * 1024;
/** So many messages may a decoder return without any byte, and for each byte that it is given. */
const MESSAGES_WITHOUT_BYTES = 1024;
/** A compressed byte may stand for many messages. */
const MESSAGES_PER_BYTE = 64;

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
  /** How many chunks have arrived. */
  received = 0;
  /** The error of a handler that failed after its reader was stopped. */
  unreportedError: WirechartError | undefined;

  readonly #stream: Duplex;
  readonly #decoder: Decoder<In>;
  readonly #maxMessageBytes: number;
  readonly #counters: Counters;
  readonly #share: ByteShare | undefined;
  /** Keeps the bytes of a handshake, for a decoder that cannot give back what it holds. */
  #trace: ByteTrace | undefined;
  /** How many bytes are counted in the share: those that arrived and have not been handled. */
  #held = 0;
  /** What the counters said when the stream became ours. */
  readonly #messagesBefore: number;
  /** How many messages had been returned when the decoder had last returned all of them. */
  #drainedAt: number;
  /** How many bytes it was given since then; also before, if there were no messages. */
  #bytesSince = 0;
  /** How many messages may be returned until the decoder has consumed what it was given. */
  #mostMessages: number;
  #ended: boolean;
  #discarding = false;
  #isUndecodable = false;
  #failure: WirechartError | undefined;

  constructor(
    stream: Duplex,
    decoder: Decoder<In>,
    { maxMessageBytes }: Pick<Bounds, 'maxMessageBytes'>,
    counters = new Counters(),
    share?: ByteShare,
    trace?: ByteTrace,
  ) {
    this.#stream = stream;
    this.#trace = trace;
    this.#decoder = decoder;
    this.#maxMessageBytes = maxMessageBytes;
    this.#counters = counters;
    this.#share = share;
    this.#messagesBefore = counters.messagesIn;
    this.#drainedAt = counters.messagesIn;
    this.#mostMessages = counters.messagesIn + MESSAGES_WITHOUT_BYTES;
    stream.on('data', this.#onData);
    stream.once('end', this.#onEnd);
    stream.once('error', this.#onError);
    stream.once('close', this.#onClose);
    // The events that a stream emitted before it became ours are not repeated.
    this.#ended = stream.readableEnded;
    if (stream.errored !== null) this.#onError(stream.errored);
    if (stream.destroyed) this.#onClose();
  }

  /** Whether a message has been decoded. */
  get hasMessage(): boolean {
    return this.#counters.messagesIn > this.#messagesBefore;
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
    if (message !== undefined) {
      this.#counters.messagesIn += 1;
      if (this.#counters.messagesIn > this.#mostMessages) throw phantomError(message);
      return message;
    }
    this.#checkHeld();
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

  /** Why the peer has ended its side, if the stream says so: the exit of a child. */
  get endCause(): WirechartError | undefined {
    const cause = memberOf(this.#stream, 'endCause');
    return isWirechartError(cause) ? cause : undefined;
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

  /** Whether bytes have arrived that were not returned as messages, as far as it is known. */
  get hasUnread(): boolean {
    return (this.#decoder.buffered ?? 0) > 0 || this.#stream.readableLength > 0;
  }

  /** Decodes bytes that another decoder has left. */
  prime(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#take(bytes);
  }

  /** The handshake has ended: the bytes behind its last message need not be found any more. */
  settleCodec(): void {
    this.#trace = undefined;
  }

  /**
   * Gives the stream up, for another codec. Returns the bytes behind the last message.
   *
   * @param recreate - Creates another decoder of the same codec.
   * @throws {WirechartError} When the stream or the decoder has failed, or the bytes cannot be found.
   */
  detach(recreate: () => Decoder<In>): Uint8Array {
    if (this.#failure !== undefined) throw this.#failure;
    const rest = this.#rest(recreate);
    this.#release();
    return rest;
  }

  /**
   * Gives the stream up, for TLS.
   *
   * @throws {CodecError} When the peer has sent more than the messages that were returned.
   * @throws {WirechartError} When the stream has failed, or the peer has ended its side.
   */
  detachEmpty(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) throw new ClosedError('The peer ended the stream before TLS began');
    this.#release();
    checkNothingLeft(this.#decoder, this.#stream);
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

  /**
   * Discards, undecoded, whatever arrives from now on, until `signal` is aborted. Resolves when the peer
   * has ended its side; rejects when the stream fails.
   */
  skipToEnd(signal: StopSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.discard();
      const check = (): void => {
        if (this.#ended) resolve();
        else if (this.#failure !== undefined) reject(this.#failure);
        else return;
        this.onChange = undefined;
      };
      this.onChange = check;
      signal.addEventListener(
        'abort',
        () => {
          if (this.onChange === check) this.onChange = undefined;
        },
        { once: true },
      );
      check();
    });
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    this.received += 1;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#counters.bytesIn += bytes.length;
    if (this.#discarding) return;
    this.#take(bytes);
  };

  #take(bytes: Uint8Array): void {
    this.#trace?.note(bytes);
    this.#bytesSince += bytes.length;
    this.#mostMessages += bytes.length * MESSAGES_PER_BYTE;
    if (this.#share !== undefined && !this.#hold(this.#held + bytes.length)) return;
    try {
      this.#decoder.write(bytes);
    } catch (error) {
      this.#isUndecodable = true;
      this.fail(codecError(error));
      return;
    }
    if (this.onChange === undefined) this.#stream.pause();
    else this.onChange();
  }

  readonly #onEnd = (): void => {
    // What could not be decoded is reported before the end.
    this.#ended = !this.#isUndecodable;
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

  #rest(recreate: () => Decoder<In>): Uint8Array {
    try {
      if (this.#decoder.rest !== undefined) return this.#decoder.rest();
      return findRest(this.#trace, this.#counters.messagesIn - this.#messagesBefore, recreate);
    } catch (error) {
      throw codecError(error);
    }
  }

  #release(): void {
    this.onChange = undefined;
    this.#stream.off('data', this.#onData).off('end', this.#onEnd);
    this.#stream.off('error', this.#onError).off('close', this.#onClose);
    if (this.#share !== undefined) this.#hold(0);
  }

  /** Checks what the decoder holds, when it has returned all messages. */
  #checkHeld(): void {
    const { messagesIn } = this.#counters;
    if (messagesIn !== this.#drainedAt) this.#bytesSince = 0;
    this.#drainedAt = messagesIn;
    const since = this.#bytesSince;
    this.#mostMessages = messagesIn + MESSAGES_WITHOUT_BYTES + since * MESSAGES_PER_BYTE;
    if (this.#share !== undefined) this.#hold(this.#decoder.buffered ?? since);
    const limit = this.#maxMessageBytes;
    if (since <= limit + MAX_FRAMING_BYTES) return;
    const { buffered } = this.#decoder;
    if ((buffered ?? since) <= limit + MAX_FRAMING_BYTES) return;
    throw heldError(limit, buffered ?? since, buffered === undefined);
  }

  /** Counts so many bytes as held. Returns `false` when the peer has failed by that. */
  #hold(bytes: number): boolean {
    const more = bytes - this.#held;
    this.#held = bytes;
    return more === 0 || this.#share === undefined || this.#share.change(more);
  }

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

const heldError = (limit: number, held: number, isGuess: boolean): LimitError =>
  new LimitError(
    `The decoder holds ${String(held)} bytes without returning a message; the limit is ${String(limit)}. ` +
      'Raise it with the option limits.maxMessageBytes' +
      (isGuess ? ', or give the decoder a member `buffered` if it has dropped these bytes.' : '.'),
    limit,
    held,
  );

const phantomError = (message: unknown): CodecError =>
  new CodecError(
    `The decoder's read() returns messages without end, although no bytes arrive; the last one is ` +
      `${nameOfValue(message)}. It must consume the bytes of each message that it returns, and return ` +
      'undefined, and nothing else, when there is none.',
  );
