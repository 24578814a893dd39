/** A map that may change while its values are gone through. */

/** See the module's comment. */
export class SnapshotMap<Key, Value> {
  readonly #map = new Map<Key, Value>();
  /** The values, while they are what the map has. */
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

  /** The values as they are now, and stay in this array: made once, and not for each event anew. */
  values(): readonly Value[] {
    return (this.#values ??= [...this.#map.values()]);
  }
}
