/** The ids of commands in flight: the lowest free number, because QEMU reads its input byte by byte. */

/** So many ids are bits of one number. */
const BITS = 31;

/** A number is free again when it was released. */
export class CommandIds {
  /** Bit n is set while the id n + 1 is taken. */
  #taken = 0;
  /** Larger ids that are free, in no order: with so many commands in flight, a digit does not count. */
  readonly #released: number[] = [];
  #next = BITS + 1;

  /** Takes an id from 1 on: some servers would take 0 for no id. */
  take(): number {
    const free = ~this.#taken & 0x7fff_ffff;
    if (free === 0) return this.#released.pop() ?? this.#next++;
    const lowest = free & -free;
    this.#taken |= lowest;
    return BITS + 1 - Math.clz32(lowest);
  }

  release(id: number): void {
    if (id <= BITS) this.#taken &= ~(1 << (id - 1));
    else this.#released.push(id);
  }
}
