/** The numbers of the kept entries of one program, the oldest first. */

import type { HistoryBounds } from './history-bounds.ts';

/** A queue that is cheap at both ends, and counts. */
export class EntryQueue {
  /** In bytes, approximately. */
  size = 0;
  /** The number of entries that are no longer kept. */
  dropped = 0;
  #seqs: number[] = [];
  #head = 0;

  get length(): number {
    return this.#seqs.length - this.#head;
  }

  /** The number of the oldest entry; 0 when there is none. */
  get first(): number {
    return this.#seqs[this.#head] ?? 0;
  }

  /** Whether the oldest entry has to go. The newest is always kept. */
  exceeds({ entries, size }: HistoryBounds): boolean {
    return this.length > 1 && (this.length > entries || this.size > size);
  }

  push(seq: number, size: number): void {
    this.#seqs.push(seq);
    this.size += size;
  }

  /** Drops the oldest entry, which has this size. */
  shift(size: number): void {
    if (this.length === 0) return;
    this.#head += 1;
    this.size -= size;
    this.dropped += 1;
    // The array is rarely shortened, because shifting a long array is expensive.
    if (this.#head > 1000 && this.#head * 2 > this.#seqs.length) {
      this.#seqs = this.#seqs.slice(this.#head);
      this.#head = 0;
    }
  }
}
