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

/**
 * One message as bytes. Text is written as UTF-8, always: for another encoding, return bytes. The parts
 * of an array are written one after the other, large ones without being copied.
 */
export type Encoded = string | Uint8Array | readonly Uint8Array[];

/** Turns messages into bytes and bytes into messages, without I/O: a codec never waits. */
export interface Codec<In, Out = In> {
  /**
   * Returns one message as bytes, framing included. Anything but a string, a `Uint8Array` or an array of
   * `Uint8Array`s makes `send()` reject with a `CodecError`, and the session goes on.
   *
   * Returned bytes are not copied, and may wait in the queue until the kernel takes them: the codec must
   * not change them afterwards. Copy bytes that are part of the message, unless your users know that they
   * must not change a message after `send()`.
   *
   * @throws {CodecError} When the message cannot be encoded: `send()` rejects with it, and the
   *   session goes on. Any other error is wrapped in a `CodecError`.
   */
  encode(message: Out): Encoded;
  /**
   * Creates the decoder of one session: another one each time, as it holds the bytes of its session.
   *
   * @param limits - The bounds of the session; the decoder enforces `maxMessageBytes`.
   */
  createDecoder(limits: Limits): Decoder<In>;
}

/** A codec whose messages are text on the wire. */
export interface TextCodec<In, Out = In> extends Codec<In, Out> {
  /** Returns one message as text, framing included. */
  encode(message: Out): string;
}

/** A codec whose messages are bytes on the wire. */
export interface BinaryCodec<In, Out = In> extends Codec<In, Out> {
  /** Returns one message as bytes, framing included. */
  encode(message: Out): Uint8Array;
}

/** Turns the bytes of one session, which go into `write()`, into messages, returned by `read()`. */
export interface Decoder<In> {
  /**
   * How many bytes it holds that it has not returned as messages. Optional: without it, all bytes that
   * came after the last message count as held.
   *
   * When `read()` has returned `undefined` and the decoder holds more than `maxMessageBytes` and 65 536
   * bytes of framing, the session ends with a `LimitError`. So a decoder that drops many bytes without
   * returning a message (keep-alives, comments) needs this member.
   */
  readonly buffered?: number;
  /**
   * Returns a copy of the bytes that it was given and that no returned message has. `Session.switchCodec()`
   * calls it, once, and gives them to the next decoder; this one is not used any more. Optional: without it,
   * the session keeps the first 64 KiB of its handshake, and decodes them again to find where the last
   * message ended.
   *
   * @throws {CodecError} When nothing more can be decoded.
   */
  rest?(): Uint8Array;
  /**
   * Takes the next bytes of the stream: any part of a message, or several messages. The memory of the
   * chunk may be reused when `read()` has returned `undefined`.
   */
  write(chunk: Uint8Array): void;
  /**
   * Returns the next message, or `undefined` when more bytes are needed. It is called until it returns
   * `undefined`, so it must consume each message that it returns: after 1 024 messages, and 64 for each
   * byte, without a new byte the session ends with a `CodecError`.
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
