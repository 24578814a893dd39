/** The header of a frame: its length, and maybe a byte with its type. */

import { CodecError } from '../core/errors.ts';
import type { ByteBuffer } from './byte-buffer.ts';

/** How a header is laid out. */
export interface HeaderLayout {
  /** Where the type is, relative to the length. */
  readonly type: 'before' | 'after' | undefined;
  /** How many bytes the length has, at most where it is a varint. */
  readonly size: number;
  readonly format: 'big' | 'little' | 'varint';
  /** Whether the length counts its own bytes, and the type. */
  readonly countsLength: boolean;
  readonly countsType: boolean;
}

/** A header that has arrived. */
export interface ReadHeader {
  /** How many bytes it has. */
  readonly size: number;
  readonly payloadSize: number;
}

/** The fault of a header after which nothing can be decoded. */
type HeaderFault = string;

/** A byte of a varint that is not its last one. */
const CONTINUED = 0x80;

/** Reads and writes headers. One object serves all sessions of a codec. */
export class FrameHeader {
  readonly #layout: HeaderLayout;
  readonly #lengthAt: number;
  readonly #isVarint: boolean;
  readonly #isBig: boolean;
  /** What the length of a frame with a type counts besides the payload. */
  readonly #counted: number;
  readonly #typeSize: number;
  readonly #longest: number;

  constructor(layout: HeaderLayout) {
    const { type, format, size } = layout;
    this.#layout = layout;
    this.#isVarint = format === 'varint';
    this.#isBig = format === 'big';
    this.#typeSize = type === undefined ? 0 : 1;
    this.#lengthAt = type === 'before' ? 1 : 0;
    this.#counted = this.#countedOf(this.#typeSize);
    this.#longest = 2 ** (size * (this.#isVarint ? 7 : 8)) - 1;
  }

  /**
   * Reads the header at the front of `buffer`. Its type may not have arrived.
   *
   * @returns `undefined` when bytes of the length are missing.
   */
  read(buffer: ByteBuffer): ReadHeader | HeaderFault | undefined {
    const { size } = this.#layout;
    const at = this.#lengthAt;
    if (this.#isVarint) return this.#readVarint(buffer, at);
    if (buffer.length < at + size) return undefined;
    let length = 0;
    for (let i = 0; i < size; i++) {
      length = length * 256 + (buffer.byteAt(at + (this.#isBig ? i : size - 1 - i)) ?? 0);
    }
    return this.#headerOf(size, length);
  }

  /** Returns the type of a frame whose header has arrived. */
  typeIn(buffer: ByteBuffer, header: ReadHeader): number {
    return buffer.byteAt(this.#lengthAt === 1 ? 0 : header.size - 1) ?? 0;
  }

  #readVarint(buffer: ByteBuffer, at: number): ReadHeader | HeaderFault | undefined {
    const { size } = this.#layout;
    let length = 0;
    for (let i = 0; i < size; i++) {
      const byte = buffer.byteAt(at + i);
      if (byte === undefined) return undefined;
      length += (byte % CONTINUED) * 2 ** (7 * i);
      if (byte < CONTINUED) return this.#headerOf(i + 1, length);
    }
    return `its length, a varint, has more than ${String(size)} bytes`;
  }

  #headerOf(lengthSize: number, length: number): ReadHeader | HeaderFault {
    const payloadSize = length - this.#counted;
    if (payloadSize >= 0) return { size: this.#typeSize + lengthSize, payloadSize };
    return `its length is ${String(length)}, but must be ${String(this.#counted)} at least`;
  }

  /**
   * Returns how many bytes `write()` writes.
   *
   * @param type - `undefined` for a frame without a type.
   * @throws {CodecError} When the length does not fit.
   */
  sizeFor(type: number | undefined, payloadSize: number): number {
    const typeSize = type === undefined ? 0 : 1;
    const length = payloadSize + this.#countedOf(typeSize);
    if (length > this.#longest) throw this.#tooLong(payloadSize);
    return typeSize + (this.#isVarint ? varintSize(length) : this.#layout.size);
  }

  /** Writes the header at the front of `bytes`. */
  write(bytes: Uint8Array, type: number | undefined, payloadSize: number): void {
    const typeSize = type === undefined ? 0 : 1;
    const length = payloadSize + this.#countedOf(typeSize);
    const at = this.#lengthAt * typeSize;
    const end = this.#isVarint
      ? writeVarint(bytes, at, length)
      : this.#writeFixed(bytes, at, length);
    if (type !== undefined) bytes[at === 1 ? 0 : end] = type;
  }

  #countedOf(typeSize: number): number {
    const { countsLength, countsType, size } = this.#layout;
    return (countsLength ? size : 0) + (countsType ? typeSize : 0);
  }

  #writeFixed(bytes: Uint8Array, at: number, length: number): number {
    const { size } = this.#layout;
    let left = length;
    for (let i = 0; i < size; i++) {
      bytes[at + (this.#isBig ? size - 1 - i : i)] = left % 256;
      left = Math.floor(left / 256);
    }
    return at + size;
  }

  #tooLong(payloadSize: number): CodecError {
    const { size } = this.#layout;
    const kind = this.#isVarint ? 'a varint' : 'a length';
    return new CodecError(
      `A payload of ${String(payloadSize)} bytes is too long for ${kind} of ${String(size)} bytes`,
    );
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= CONTINUED; left = Math.floor(left / CONTINUED)) size++;
  return size;
}

/** Returns the index after it. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let left = value;
  let next = at;
  for (; left >= CONTINUED; left = Math.floor(left / CONTINUED)) {
    bytes[next++] = (left % CONTINUED) + CONTINUED;
  }
  bytes[next] = left;
  return next + 1;
}
