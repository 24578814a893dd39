/** Collects items that are pushed one by one, and delivers those of one turn as a batch. */

const MAX_BATCH_ITEMS = 256;

/** Delivers a batch at the end of the turn, or as soon as it is full. */
export class Batcher<T> {
  readonly #deliver: (items: readonly T[]) => void;
  #items: T[] = [];

  constructor(deliver: (items: readonly T[]) => void) {
    this.#deliver = deliver;
  }

  /** Adds an item, which is delivered at the end of this turn at the latest. */
  push(item: T): void {
    if (this.#items.length === 0) {
      queueMicrotask(() => {
        this.flush();
      });
    }
    this.#items.push(item);
    if (this.#items.length >= MAX_BATCH_ITEMS) this.flush();
  }

  /** Delivers the items collected so far. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#deliver(items);
  }
}
