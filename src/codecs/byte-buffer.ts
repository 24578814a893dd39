/** The bytes of a stream that are not messages yet. */

import { allocate } from './bytes.ts';

/** A store above this size is given back as soon as little of it is in use. */
const MAX_KEPT_BYTES = 256 * 1024;
const MIN_CAPACITY_BYTES = 4 * 1024;
/** A smaller chunk is cheaper to copy than to wrap. */
const MIN_WRAPPED_BYTES = 512;
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array();

/**
 * A queue of bytes: appended at the end, dropped from the front, each byte copied an amortised
 * constant number of times whatever the sizes of the chunks.
 */
export class ByteBuffer {
  /** Our memory; empty until needed. */
  #store = NOTHING;
  /** Where the bytes are: our memory, or that of the last chunk. */
  #bytes = NOTHING;
  #start = 0;
  #end = 0;

  /** How many bytes are held. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** How many bytes of memory are kept for them, that of the last chunk not counted. */
  get capacity(): number {
    return this.#store.length;
  }

  /**
   * Adds `chunk` at the end. When nothing is held its memory may be used in place, so the caller
   * must leave it alone until the next `own()` or `append()`.
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

  /** Copies what is still in the memory of the last chunk, and gives back memory not needed. */
  own(): void {
    const { length } = this;
    const oversized = this.#store.length > MAX_KEPT_BYTES && length * 4 <= this.#store.length;
    if (oversized) this.#moveTo(length === 0 ? NOTHING : allocateAtLeast(length));
    else if (this.#bytes !== this.#store) this.#makeRoom(0);
  }

  /**
   * The bytes from `from` up to `to`, counted from the first one held. Not a copy: good until the
   * next `append()`.
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

  /** Drops everything and keeps no memory. */
  clear(): void {
    this.drop(this.length);
    this.#moveTo(NOTHING);
  }

  /** Sees to it that `count` more bytes can be written at the end, in our memory. */
  #makeRoom(count: number): void {
    const needed = this.length + count;
    const inPlace = this.#bytes === this.#store;
    if (inPlace && this.#end + count <= this.#store.length) return;
    // Moving to the front pays only when it moves no more than was dropped since the last move.
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
