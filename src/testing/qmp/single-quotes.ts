/** Texts in single quotes, which QEMU accepts, as JSON's in double quotes. */

const DOUBLE = 0x22;
const SINGLE = 0x27;
const BACKSLASH = 0x5c;
const LF = 0x0a;
const RESET = 0xff;

/** Turns the texts in single quotes of a stream of JSON into texts in double quotes, chunk by chunk. */
export class SingleQuotes {
  /** The quote that ends the text that the stream is in. */
  #quote: number | undefined;
  #isEscaped = false;

  /** Returns the next chunk, translated: the chunk itself if there is nothing to translate. */
  translate(chunk: Uint8Array): Uint8Array {
    if (this.#quote !== SINGLE && !chunk.includes(SINGLE)) {
      this.#follow(chunk);
      return chunk;
    }
    return Uint8Array.from([...chunk].flatMap((byte) => this.#next(byte)));
  }

  /** Notes in which text the stream is after a chunk without single quotes. */
  #follow(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte === LF || byte === RESET) this.#leave();
      else if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === DOUBLE) this.#quote = this.#quote === undefined ? DOUBLE : undefined;
      else this.#isEscaped = byte === BACKSLASH && this.#quote !== undefined;
    }
  }

  #leave(): void {
    this.#quote = undefined;
    this.#isEscaped = false;
  }

  /** Returns the bytes for one byte of the stream. */
  #next(byte: number): readonly number[] {
    // A text does not go on after the end of a line: the decoder starts again there.
    if (byte === LF || byte === RESET) {
      this.#leave();
      return [byte];
    }
    if (this.#quote === undefined) return this.#outside(byte);
    if (this.#isEscaped) return this.#escaped(byte);
    if (byte === BACKSLASH) {
      this.#isEscaped = true;
      // In single quotes, it depends on the next byte whether JSON has this escape.
      return this.#quote === DOUBLE ? [byte] : [];
    }
    if (byte !== this.#quote) return byte === DOUBLE ? [BACKSLASH, DOUBLE] : [byte];
    this.#quote = undefined;
    return [DOUBLE];
  }

  #escaped(byte: number): readonly number[] {
    this.#isEscaped = false;
    if (this.#quote === DOUBLE || byte === SINGLE) return [byte];
    return [BACKSLASH, byte];
  }

  #outside(byte: number): readonly number[] {
    if (byte !== SINGLE && byte !== DOUBLE) return [byte];
    this.#quote = byte;
    return [DOUBLE];
  }
}
