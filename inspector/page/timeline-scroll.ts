/**
 * Maps the position of a scroll bar to the rows of a list. Browsers bound the height of an element, so a long
 * list is taller than the element that is scrolled: then a pixel of the scroll bar is more than one of the list.
 */

/** In pixels; below the bounds of all browsers. */
const MAX_HEIGHT = 12_000_000;

/** A list of rows of the same height, in a viewport. */
export class ScrollMap {
  /** The number of rows. */
  rows = 0;
  /** The height of the viewport, in pixels. */
  viewport = 0;
  readonly rowHeight: number;
  readonly #maxHeight: number;

  constructor(rowHeight: number, maxHeight: number = MAX_HEIGHT) {
    this.rowHeight = rowHeight;
    this.#maxHeight = maxHeight;
  }

  /** The height of the element that is scrolled. */
  get height(): number {
    return Math.min(this.rows * this.rowHeight, this.#maxHeight);
  }

  /** The offset at which the last row is at the bottom of the viewport. */
  get maxOffset(): number {
    return Math.max(0, this.rows * this.rowHeight - this.viewport);
  }

  get #maxScrollTop(): number {
    return Math.max(0, this.height - this.viewport);
  }

  /** The position in the list, in its pixels, for a position of the scroll bar. */
  offsetOf(scrollTop: number): number {
    const max = this.#maxScrollTop;
    return max === 0 ? 0 : (Math.min(scrollTop, max) / max) * this.maxOffset;
  }

  /** The position of the scroll bar for a position in the list. */
  scrollTopOf(offset: number): number {
    const max = this.maxOffset;
    return max === 0 ? 0 : (this.clamp(offset) / max) * this.#maxScrollTop;
  }

  clamp(offset: number): number {
    return Math.min(this.maxOffset, Math.max(0, offset));
  }

  /** The nearest position at which a row is whole in the viewport. */
  offsetShowing(row: number, offset: number): number {
    const top = row * this.rowHeight;
    if (top < offset) return this.clamp(top);
    const least = top + this.rowHeight - this.viewport;
    return this.clamp(Math.max(offset, least));
  }
}
