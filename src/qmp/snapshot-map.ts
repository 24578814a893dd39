/** A map that may be changed while its values are being iterated. */

/** `values()` returns an array that later changes of the map leave as it is. */
export class SnapshotMap<Key, Value> {
  readonly #map = new Map<Key, Value>();
  /** The result of `values()`, until the map changes. */
  #values: readonly Value[] | undefined;

  get size(): number {
    return this.#map.size;
  }

  set(key: Key, value: Value): this {
    this.#map.set(key, value);
    this.#values = undefined;
    return this;
  }

  delete(key: Key): void {
    this.#map.delete(key);
    this.#values = undefined;
  }

  /** The current values. The array is created once per change, not once per event. */
  values(): readonly Value[] {
    return (this.#values ??= [...this.#map.values()]);
  }
}
