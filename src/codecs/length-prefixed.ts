/** Binary messages, each with its length before it. */

import { ArgumentError, CodecError } from '../core/errors.ts';
import type { BinaryCodec, Limits } from '../core/codec.ts';
import { nameOfValue } from '../core/encoded.ts';
import { checkChoices, checkNames } from '../core/options.ts';
import { isBytes } from '../core/shape.ts';
import { allocateFrame } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import { quoteBytes } from './utf8.ts';

/** How the length is encoded. */
export interface LengthPrefixedOptions {
  /** Its size in bytes; it is unsigned. Default 4. */
  readonly size?: 1 | 2 | 4 | undefined;
  /** The order of its bytes. Default `'big'`, the network byte order. */
  readonly endian?: 'big' | 'little' | undefined;
}

interface Prefix {
  readonly size: 1 | 2 | 4;
  readonly endian: 'big' | 'little';
}

/**
 * Binary messages, each with its length before it as an unsigned integer. `maxMessageBytes` bounds a
 * message without its length.
 *
 * - Encoding copies the message, whose memory may be reused after `send()`. It throws a `CodecError` for a
 *   message that is not a `Uint8Array`, or whose length does not fit.
 * - Decoding throws a `LimitError` as soon as a length exceeds the bound; after that, nothing more can
 *   be decoded. Each decoded message is a copy, which its receiver may keep and change.
 * - A stream that ends within a message is a `CodecError`.
 *
 * @throws {ArgumentError} When `size` is not 1, 2 or 4.
 */
export function lengthPrefixed(options: LengthPrefixedOptions = {}): BinaryCodec<Uint8Array> {
  checkNames('lengthPrefixed()', options, { size: true, endian: true });
  checkChoices('lengthPrefixed()', options, { endian: ['big', 'little'] });
  const prefix = { size: options.size ?? 4, endian: options.endian ?? 'big' };
  if (![1, 2, 4].includes(prefix.size)) {
    throw new ArgumentError(`size must be 1, 2 or 4, not ${String(prefix.size)}`);
  }
  return {
    encode: (message) => encode(message, prefix),
    createDecoder: (limits) => new LengthPrefixedDecoder(limits, prefix),
  };
}

function encode(message: Uint8Array, { size, endian }: Prefix): Uint8Array {
  if (!isBytes(message)) throw notBytes(message);
  const longest = 2 ** (size * 8) - 1;
  if (message.length > longest) {
    const text = `A message of ${String(message.length)} bytes is too long for a length of ${String(size)} bytes`;
    throw new CodecError(text);
  }
  const frame = allocateFrame(size + message.length);
  for (let i = 0; i < size; i += 1) {
    frame[endian === 'big' ? size - 1 - i : i] = message.length >>> (8 * i);
  }
  frame.set(message, size);
  return frame;
}

const notBytes = (message: unknown): CodecError =>
  new CodecError(
    `The message must be a Uint8Array, not ${nameOfValue(message)}` +
      (typeof message === 'string' ? ': encode it, as with new TextEncoder().encode(text)' : ''),
  );

class LengthPrefixedDecoder extends BufferedDecoder<Uint8Array> {
  readonly #prefix: Prefix;

  constructor(limits: Limits, prefix: Prefix) {
    super(limits);
    this.#prefix = prefix;
  }

  protected override next(): Uint8Array | undefined {
    const { size, endian } = this.#prefix;
    const { buffer } = this;
    if (buffer.length < size) return undefined;
    let length = 0;
    for (let i = 0; i < size; i += 1) {
      length = length * 256 + (buffer.byteAt(endian === 'big' ? i : size - 1 - i) ?? 0);
    }
    if (length > this.limit) {
      throw this.tooLarge(
        length,
        ` If that is no length, the peer speaks another protocol: ${quoteBytes(buffer.view())}`,
      );
    }
    if (buffer.length < size + length) return undefined;
    buffer.drop(size);
    return buffer.take(length);
  }
}
