/** A FIFO queue with constant-time operations. */

/**
 * The array is compacted when at least so many items were taken from it, and at least as many as are
 * left: on average, an item is moved at most once.
 */
const COMPACT_AFTER_ITEMS = 32;

/** Keeps the index of its first item, because `Array.shift()` is linear. Items taken are not retained. */
export class Queue<T extends object | number> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items are queued. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The item that `take()` would return. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  /** A copy of the items, the first one first. */
  toArray(): T[] {
    return this.#items.slice(this.#head).filter((item) => item !== undefined);
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes and returns the first item; `undefined` when the queue is empty. */
  take(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= COMPACT_AFTER_ITEMS && this.#head >= this.size) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Removes an item, wherever it stands. Linear. */
  remove(item: T): void {
    const at = this.#items.indexOf(item, this.#head);
    if (at >= 0) this.#items.splice(at, 1);
  }

  /** Removes all items. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
