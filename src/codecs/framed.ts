/** Binary messages behind a header with their length, and maybe their type. */

import { ArgumentError, CodecError } from '../core/errors.ts';
import type { Codec, Encoded, Limits } from '../core/codec.ts';
import { checkChoices, checkKinds, checkNames } from '../core/options.ts';
import { show } from '../core/shape.ts';
import { BufferedDecoder } from './decoder.ts';
import { encodeFrame } from './frame-encoder.ts';
import { FrameHeader, type HeaderLayout, type ReadHeader } from './frame-header.ts';
import { quoteBytes, rawOf } from './utf8.ts';

/** How many bytes a length may have. */
export type LengthSize = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The options of `framed()` for frames that consist of a length and a payload. */
export interface FrameOptions {
  /** Frames have no type. */
  readonly type?: undefined;
  /** The size of the length in bytes; it is unsigned. Default 4. */
  readonly size?: LengthSize | undefined;
  /** The order of the bytes of the length. Default `'big'`, the network byte order. */
  readonly endian?: 'big' | 'little' | undefined;
  /**
   * The length is a varint of at most so many bytes, instead of having `size` and `endian`: 7 bits in each byte,
   * the lowest first, and the highest bit set in all but the last (LEB128; MQTT has 4 bytes at most). As few
   * bytes as possible are sent; more are accepted. Default: the length is not a varint.
   */
  readonly varint?: LengthSize | undefined;
  /** What the length counts besides the payload: `'length'` is its own size. Default: nothing. */
  readonly includes?: 'length' | undefined;
}

/** The options of `framed()` for frames that have a type, too. */
export interface TypedFrameOptions extends Omit<FrameOptions, 'type' | 'includes'> {
  /** Where the byte with the type is: before the length, or after it. */
  readonly type: 'before' | 'after';
  /**
   * What the length counts besides the payload: its own size (`'length'`), the byte of the type (`'type'`), or
   * both (`'header'`). Default: nothing.
   */
  readonly includes?: 'length' | 'type' | 'header' | undefined;
}

/** A received frame with a type. */
export interface Frame {
  /** From 0 to 255. */
  readonly type: number;
  /** A copy, which its receiver may keep and change. */
  readonly payload: Uint8Array;
}

/** A frame with a type to be sent. */
export interface OutboundFrame {
  /** From 0 to 255. `null` omits the byte: a few protocols begin with a frame that has no type. */
  readonly type: number | null;
  /** Text is sent as UTF-8, and the parts of an array one after the other. */
  readonly payload: Encoded;
}

/** Turns frames into messages of your own, and back. */
export interface FrameMapping<Received, Sent, In, Out> {
  /**
   * Returns the message of a frame; `undefined` for a frame without one, such as a keep-alive. All sessions of
   * the codec use this function, so it must keep no state.
   *
   * @throws {CodecError} When the frame is not a message. The next call has the next frame.
   */
  readonly decode: (frame: Received) => In | undefined;
  /**
   * Returns the frame of a message.
   *
   * @throws {CodecError} When the message has no frame: `send()` rejects with it.
   */
  readonly encode: (message: Out) => Sent;
}

/** The options of all forms of `framed()`. Methods, because the types of their parameters vary. */
interface AnyOptions extends Omit<FrameOptions, 'type' | 'includes'> {
  readonly type?: TypedFrameOptions['type'] | undefined;
  readonly includes?: TypedFrameOptions['includes'];
  decode?(frame: unknown): unknown;
  encode?(message: unknown): unknown;
}

const NAMES: Readonly<Record<keyof AnyOptions, true>> = {
  type: true,
  size: true,
  endian: true,
  varint: true,
  includes: true,
  decode: true,
  encode: true,
};

/**
 * Binary messages behind a header with their length. PostgreSQL is
 * `framed({ type: 'before', includes: 'length' })`, MQTT `framed({ type: 'before', varint: 4 })`, and DNS over TCP
 * `framed({ size: 2 })`. Messages are payloads, or `{ type, payload }` where frames have a type; `decode` and
 * `encode`, which are given together, map them to messages of your own. `maxMessageBytes` bounds the payload.
 *
 * - Encoding copies a payload of up to 16 KiB. A larger one is sent without a copy: do not change it until
 *   `flush()` has resolved. Encoding throws a `CodecError` for a type that is not a byte, for a payload that is not
 *   bytes or text, and for one whose length does not fit.
 * - Decoding throws a `LimitError` as soon as a length exceeds the bound, and a `CodecError` for a length that is
 *   smaller than what it includes and for a varint of too many bytes. After these errors, nothing more can be
 *   decoded.
 * - A stream that ends within a frame is a `CodecError`.
 *
 * @throws {ArgumentError} When an option is unknown, has a value that is not allowed, or contradicts another.
 */
export function framed<In, Out = In>(
  options:
    | (FrameOptions & FrameMapping<Uint8Array, Encoded, In, Out>)
    | (TypedFrameOptions & FrameMapping<Frame, OutboundFrame, In, Out>),
): Codec<In, Out>;
/** The same with messages that are payloads. */
export function framed(options?: FrameOptions): Codec<Uint8Array, Encoded>;
/** The same with messages that are frames with a type. */
export function framed(options: TypedFrameOptions): Codec<Frame, OutboundFrame>;
export function framed(options: AnyOptions = {}): Codec<unknown, never> {
  const layout = layoutOf(options);
  const header = new FrameHeader(layout);
  // A copy: later changes of the options have no effect.
  const { ...mapping } = options;
  const hasType = layout.type !== undefined;
  return {
    encode: (message) =>
      encodeFrame(header, mapping.encode ? mapping.encode(message) : message, hasType),
    createDecoder: (limits) => new FramedDecoder(limits, header, hasType, mapping),
  };
}

function layoutOf(options: AnyOptions): HeaderLayout {
  checkNames('framed()', options, NAMES);
  checkChoices('framed()', options, {
    type: ['before', 'after'],
    endian: ['big', 'little'],
    includes: ['length', 'type', 'header'],
  });
  checkKinds('framed()', options, { decode: 'function', encode: 'function' });
  checkSize('size', options.size);
  checkSize('varint', options.varint);
  const conflict = conflictIn(options);
  if (conflict !== undefined) throw new ArgumentError(`framed() ${conflict}`);
  const { type, size = 4, endian = 'big', varint, includes } = options;
  return {
    type,
    size: varint ?? size,
    format: varint === undefined ? endian : 'varint',
    countsLength: includes === 'length' || includes === 'header',
    countsType: includes === 'type' || includes === 'header',
  };
}

function checkSize(name: string, size: number | undefined): void {
  if (size === undefined || (Number.isInteger(size) && size >= 1 && size <= 8)) return;
  throw new ArgumentError(
    `${name} of framed() must be a number of bytes from 1 to 8, not ${show(size)}`,
  );
}

/** Returns which options contradict each other. */
function conflictIn(options: AnyOptions) {
  const { type, size, endian, varint, includes } = options;
  if (varint !== undefined && (size ?? endian) !== undefined)
    return 'takes either varint, or size and endian';
  if (varint !== undefined && (includes === 'length' || includes === 'header'))
    return `cannot have includes: '${includes}' with a varint, whose size depends on its value`;
  if (type === undefined && (includes === 'type' || includes === 'header'))
    return `cannot have includes: '${includes}' without the option type`;
  if ((options.decode === undefined) !== (options.encode === undefined))
    return 'needs decode and encode together, or neither';
  return undefined;
}

class FramedDecoder extends BufferedDecoder<unknown> {
  readonly #header: FrameHeader;
  readonly #hasType: boolean;
  readonly #mapping: Pick<AnyOptions, 'decode'>;

  constructor(
    limits: Limits,
    header: FrameHeader,
    hasType: boolean,
    mapping: Pick<AnyOptions, 'decode'>,
  ) {
    super(limits);
    this.#header = header;
    this.#hasType = hasType;
    this.#mapping = mapping;
  }

  protected override next(): unknown {
    for (;;) {
      const frame = this.#nextFrame();
      if (frame === undefined) return undefined;
      const message = this.#mapping.decode ? this.#mapping.decode(frame) : frame;
      if (message !== undefined) return message;
    }
  }

  #nextFrame(): Uint8Array | Frame | undefined {
    const { buffer } = this;
    const header = this.#header.read(buffer);
    if (header === undefined) return undefined;
    if (typeof header === 'string') throw this.#invalid(header);
    const { size, payloadSize } = header;
    if (payloadSize > this.limit || !Number.isSafeInteger(payloadSize))
      throw this.#exceeded(header);
    if (buffer.length < size + payloadSize) return undefined;
    const payload = new Uint8Array(buffer.view(size, size + payloadSize));
    const frame = this.#hasType ? { type: this.#header.typeIn(buffer, header), payload } : payload;
    buffer.drop(size + payloadSize);
    return frame;
  }

  #invalid(why: string): CodecError {
    const bytes = this.buffer.view();
    const text = `The header of a frame is invalid: ${why}. The frame begins with ${quoteBytes(bytes)}`;
    return this.fatal(new CodecError(text, rawOf(bytes)));
  }

  #exceeded({ payloadSize }: ReadHeader) {
    const shown = quoteBytes(this.buffer.view());
    const note = ` If that is no length, the peer speaks another protocol: ${shown}`;
    return this.tooLarge(payloadSize, note);
  }
}
