/** The types of codecs. They need no type of Node, because codecs run in browsers, too. */

/**
 * The bounds of a session's buffers, in bytes. `Infinity` turns one off; a value that is not a
 * number above 0 is an `ArgumentError`.
 */
export interface Limits {
  /**
   * The largest inbound message, without its framing. A larger one ends the session with a
   * `LimitError`. Default 16 MiB (16 777 216).
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * The backpressure threshold: when so many outgoing bytes are queued for the kernel, the promise
   * of `send()` stays pending until the queue has shrunk to half of it. Default 256 KiB (262 144).
   */
  readonly highWaterMark?: number | undefined;
  /**
   * The largest outgoing queue, for callers that do not await `send()`: it rejects a message that
   * would exceed it with a `LimitError`, and the session goes on. Default 256 MiB (268 435 456).
   */
  readonly maxQueuedBytes?: number | undefined;
}

/** Turns messages into bytes and bytes into messages, without I/O: a codec never waits. */
export interface Codec<In, Out = In> {
  /**
   * Returns one message as bytes, framing included. Text is written as UTF-8.
   *
   * @throws {CodecError} When the message cannot be encoded: `send()` rejects with it, and the
   *   session goes on. Any other error is wrapped in a `CodecError`.
   */
  encode(message: Out): string | Uint8Array;
  /**
   * Creates the decoder of one session.
   *
   * @param limits - The bounds of the session; the decoder enforces `maxMessageBytes`.
   */
  createDecoder(limits: Limits): Decoder<In>;
}

/** Turns the bytes of one session, which go into `write()`, into messages, returned by `read()`. */
export interface Decoder<In> {
  /** Takes the next bytes of the stream: any part of a message, or several messages. */
  write(chunk: Uint8Array): void;
  /**
   * Returns the next message, or `undefined` when more bytes are needed.
   *
   * @throws {CodecError} When the bytes are not a message.
   * @throws {LimitError} When the message is, or would become, larger than `maxMessageBytes`.
   */
  read(): In | undefined;
  /**
   * Called when the stream has ended and `read()` has returned every message; maybe repeatedly.
   *
   * @throws {CodecError} When the stream ended in the middle of a message. Its `cause` is a
   *   `ClosedError`: the peer left, which is worth a retry, unlike bytes of another protocol.
   */
  end(): void;
}
