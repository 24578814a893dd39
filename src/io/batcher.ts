/** Items that come one by one, and are handed on together: those of one turn, up to a number. */

/** Of one batch. */
const MAX_BATCH_ITEMS = 256;

/** See the module's comment. */
export class Batcher<T> {
  readonly #deliver: (items: readonly T[]) => void;
  #items: T[] = [];

  constructor(deliver: (items: readonly T[]) => void) {
    this.#deliver = deliver;
  }

  /** Takes an item, which is delivered at the end of this turn at the latest. */
  push(item: T): void {
    if (this.#items.length === 0) {
      queueMicrotask(() => {
        this.flush();
      });
    }
    this.#items.push(item);
    if (this.#items.length >= MAX_BATCH_ITEMS) this.flush();
  }

  /** Delivers what there is. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#deliver(items);
  }
}
