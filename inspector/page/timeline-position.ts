/** Where the viewport is in a list that grows at its end, loses its oldest rows, and may be filtered anew. */

import type { ScrollMap } from './timeline-scroll.ts';
import type { SeqList } from './timeline-seqs.ts';

/** Keeps the first visible row where it is, or follows the newest one. */
export class ListPosition {
  /** Whether the newest row is kept in view, as long as the list is not held. */
  follows = true;
  readonly #seqs: SeqList;
  readonly #map: ScrollMap;
  /** The rows before the entries, which have no numbers. */
  #extra = 0;
  /** The first visible row, by the number of its entry, and how much of it is above the viewport. */
  #anchor: { readonly seq: number | undefined; readonly within: number } | undefined;
  #offset = 0;

  constructor(seqs: SeqList, map: ScrollMap) {
    this.#seqs = seqs;
    this.#map = map;
  }

  /** The position of the viewport in the list, in pixels. */
  get offset(): number {
    return this.#offset;
  }

  /** The number of rows before the entries. */
  get extra(): number {
    return this.#extra;
  }

  /**
   * Computes the position for the current rows.
   *
   * @param isHeld - Whether the rows must stay where they are although the list grows.
   */
  update(extra: number, isHeld: boolean): void {
    this.#extra = extra;
    this.#map.rows = extra + this.#seqs.length;
    if (this.follows && !isHeld) this.moveTo(this.#map.maxOffset);
    else this.#restore();
  }

  /** Moves the viewport. */
  moveTo(offset: number): void {
    this.#offset = this.#map.clamp(offset);
    const row = Math.floor(this.#offset / this.#map.rowHeight);
    const seq = this.#seqs.at(row - this.#extra);
    const within = this.#offset - (seq === undefined ? 0 : row * this.#map.rowHeight);
    this.#anchor = { seq, within };
  }

  /** Moves the viewport as the user scrolls: at the end it follows again. */
  scrollTo(offset: number): void {
    this.moveTo(offset);
    this.follows = this.#map.maxOffset - this.#offset < this.#map.rowHeight;
  }

  /** Moves the viewport so that the row of an entry is visible, if it is in the list. */
  show(seq: number): void {
    if (!this.#seqs.has(seq)) return;
    const row = this.rowOf(seq);
    // With the first entry, what is said before it is visible, too.
    const first = row === this.#extra ? 0 : row;
    this.moveTo(this.#map.offsetShowing(first, this.#offset));
  }

  /** The row of an entry; without one, that of the entry before it. */
  rowOf(seq: number): number {
    return this.#extra + this.#seqs.countUpTo(seq) - 1;
  }

  #restore(): void {
    const { seq, within } = this.#anchor ?? { seq: undefined, within: this.#offset };
    // When the entry is no longer in the list, the next one takes its place.
    const row = seq === undefined ? 0 : this.rowOf(seq - 1) + 1;
    this.#offset = this.#map.clamp(row * this.#map.rowHeight + within);
  }
}
