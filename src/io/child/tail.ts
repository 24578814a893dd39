/** Keeps the last bytes of a text of any length. */
export class Tail {
  readonly #limit: number;
  #bytes = Buffer.alloc(0);
  #isCut = false;

  /** @param limit - How many bytes to keep. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#bytes, chunk.subarray(-this.#limit)]);
    this.#isCut ||= this.#bytes.length + chunk.length > this.#limit;
    // A copy: a view would retain the whole concatenation.
    this.#bytes = Buffer.from(bytes.subarray(-this.#limit));
  }

  /** Decodes the kept bytes as UTF-8, without a character whose first bytes are lost. */
  toString(): string {
    const beginsCharacter = (byte: number) => (byte & 0xc0) !== 0x80;
    const start = this.#isCut ? this.#bytes.findIndex(beginsCharacter) : 0;
    return this.#bytes.subarray(start < 0 ? this.#bytes.length : start).toString();
  }
}
