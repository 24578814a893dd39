/** Holds the bytes of a stream that have not been decoded yet. */

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
 * sizes of the chunks, each byte is copied an amortized constant number of times.
 */
export class ByteBuffer {
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
   * Appends a chunk. The chunk may be used in place, so the caller must not change it until the next
   * `own()` or `append()`.
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

  /** Copies what is left of the last chunk, and releases memory that is not needed. */
  own(): void {
    const { length } = this;
    const oversized = this.#store.length > MAX_KEPT_BYTES && length * 4 <= this.#store.length;
    if (oversized) this.#moveTo(length === 0 ? NOTHING : allocateAtLeast(length));
    else if (this.#bytes !== this.#store) this.#makeRoom(0);
  }

  /**
   * Returns the bytes from `from` up to `to`, counted from the first byte held. This is a view, valid
   * until the next `append()` or `own()`.
   */
  view(from = 0, to = this.length): Uint8Array {
    return this.#bytes.subarray(this.#start + from, this.#start + to);
  }

  /** Drops the first `count` bytes. */
  drop(count: number): void {
    this.#start += count;
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
  }

  /** Drops everything, and releases the memory. */
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
