/** First in, first out. */

/** What was taken is cut off when it is so many, and no less than what is left: each item moves once. */
const COMPACT_AFTER_ITEMS = 32;

/** See the module's comment. A head index, because `shift()` is linear; what was taken is not held. */
export class Queue<T extends object> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many items wait. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The one that `take()` would give. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first out, if there is one. */
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

  /** Drops all. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
