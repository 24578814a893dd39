/** The last bytes of a text that may be endless. */
export class Tail {
  readonly #limit: number;
  #bytes = Buffer.alloc(0);
  #isCut = false;

  /** @param limit - How many bytes are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#bytes, chunk.subarray(-this.#limit)]);
    this.#isCut ||= this.#bytes.length + chunk.length > this.#limit;
    // A copy: a view would keep all of the concatenation alive.
    this.#bytes = Buffer.from(bytes.subarray(-this.#limit));
  }

  /** What is kept, as UTF-8; a character that was cut in two is left out. */
  toString(): string {
    const isWhole = (byte: number) => (byte & 0xc0) !== 0x80;
    const start = this.#isCut ? this.#bytes.findIndex(isWhole) : 0;
    return this.#bytes.subarray(start < 0 ? this.#bytes.length : start).toString();
  }
}
