/** Holds the bytes of a stream that have not been decoded yet. */

import { ArgumentError } from '../core/errors.ts';
import { allocate } from './bytes.ts';

/**
 * Own memory above this size is released as soon as little of it is in use: a silent peer would keep it, and a
 * server has many peers.
 */
const MAX_KEPT_BYTES = 64 * 1024;
const MIN_CAPACITY_BYTES = 4 * 1024;
/** Copying a smaller chunk is cheaper than using it in place. */
const MIN_WRAPPED_BYTES = 512;
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array();

/**
 * A queue of bytes: chunks are appended at the end, and bytes are dropped at the front. Whatever the
 * sizes of the chunks, each byte is copied an amortized constant number of times. Positions are counted
 * from the first byte held.
 */
export class ByteBuffer {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'ByteBuffer';

  /** The memory of this buffer; empty until it is needed. */
  #store = NOTHING;
  /** The memory with the bytes: `#store`, or the last chunk. */
  #bytes = NOTHING;
  #start = 0;
  #end = 0;

  /** The number of bytes held. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The size of the memory of this buffer, without the last chunk. */
  get capacity(): number {
    return this.#store.length;
  }

  /**
   * Appends a chunk. A large chunk may be used in place, so its memory must not change until `own()` is
   * called. Ends every view.
   */
  append(chunk: Uint8Array): void {
    if (this.length === 0 && chunk.length >= MIN_WRAPPED_BYTES) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
    } else {
      this.#makeRoom(chunk.length);
      this.#bytes.set(chunk, this.#end);
      this.#end += chunk.length;
    }
  }

  /**
   * Copies what is left of the last chunk, whose memory may be reused then, and releases memory that is not
   * needed. Ends every view. A `BufferedDecoder` calls it when its `next()` has returned `undefined`.
   */
  own(): void {
    const { length } = this;
    const oversized = this.#store.length > MAX_KEPT_BYTES && length * 4 <= this.#store.length;
    if (oversized) this.#moveTo(length === 0 ? NOTHING : allocateAtLeast(length));
    else if (this.#bytes !== this.#store) this.#makeRoom(0);
  }

  /** Returns the byte at `index`; `undefined` when so many bytes are not held. */
  byteAt(index: number): number | undefined {
    return index >= 0 && index < this.length ? this.#bytes[this.#start + index] : undefined;
  }

  /**
   * Returns the index of the first `byte` from `from` on, or -1. A search that found nothing should not be
   * repeated from the start when more bytes have come: remember `length`, and continue there.
   *
   * @throws {ArgumentError} When `from` is not an integer from 0 to `length`.
   */
  indexOf(byte: number, from = 0): number {
    const index = this.view(from).indexOf(byte);
    return index === -1 ? -1 : from + index;
  }

  /**
   * Returns the bytes from `from` up to `to`, which is not included. This is a view: it is valid until the
   * next `append()`, `own()` or `clear()`, and must not be changed. `drop()` does not end it. It may be a
   * `Buffer` of Node, whose `slice()` does not copy: use `take()`, or `new Uint8Array(view)`.
   *
   * @throws {ArgumentError} When `from` and `to` are not integers with 0 ≤ `from` ≤ `to` ≤ `length`.
   */
  view(from = 0, to = this.length): Uint8Array {
    checkIndex('to', to, this.length);
    checkIndex('from', from, to);
    return this.#bytes.subarray(this.#start + from, this.#start + to);
  }

  /**
   * Drops the first `count` bytes, and returns a copy of them, which its receiver may keep and change.
   *
   * @throws {ArgumentError} When `count` is not an integer from 0 to `length`; nothing is dropped.
   */
  take(count: number): Uint8Array {
    checkIndex('count', count, this.length);
    // Not slice(), which does not copy where the chunk is a Buffer.
    const bytes = new Uint8Array(this.view(0, count));
    this.drop(count);
    return bytes;
  }

  /**
   * Drops the first `count` bytes.
   *
   * @throws {ArgumentError} When `count` is not an integer from 0 to `length`; nothing is dropped.
   */
  drop(count: number): void {
    checkIndex('count', count, this.length);
    this.#start += count;
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
  }

  /** Drops everything, and releases the memory. Ends every view. */
  clear(): void {
    this.drop(this.length);
    this.#moveTo(NOTHING);
  }

  /** Makes room for `count` more bytes at the end of `#store`. */
  #makeRoom(count: number): void {
    const needed = this.length + count;
    const inPlace = this.#bytes === this.#store;
    if (inPlace && this.#end + count <= this.#store.length) return;
    // To move the bytes to the front pays only if it moves no more than was dropped since then.
    const fits = needed <= this.#store.length && (!inPlace || this.#start >= this.length);
    this.#moveTo(fits ? this.#store : allocateAtLeast(Math.max(needed, this.#store.length * 2)));
  }

  #moveTo(store: Uint8Array): void {
    store.set(this.view());
    this.#end = this.length;
    this.#start = 0;
    this.#store = store;
    this.#bytes = store;
  }
}

const allocateAtLeast = (size: number): Uint8Array => allocate(Math.max(size, MIN_CAPACITY_BYTES));

function checkIndex(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new ArgumentError(
    `${name} must be an integer from 0 to ${String(max)}, not ${String(value)}: ` +
      'the ByteBuffer holds no other bytes',
  );
}
