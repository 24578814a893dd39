/** The fields of PostgreSQL's messages: numbers, and texts with a zero behind them. */

import { CodecError } from 'wirechart';

/** Returns a text as a message has it. */
export function text(value: string): Uint8Array {
  if (value.includes('\0')) throw new CodecError('A text for PostgreSQL cannot contain U+0000');
  return new TextEncoder().encode(`${value}\0`);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the fields of a payload one after the other. */
export class Fields {
  readonly #payload: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  }

  int32(): number {
    return this.#view.getInt32(this.skip(4));
  }

  text(): string {
    const end = this.#payload.indexOf(0, this.#at);
    if (end < 0) throw this.#tooShort();
    const value = this.#decode(end - this.#at);
    this.skip(1);
    return value;
  }

  /** All that is left, as a text. */
  rest(): string {
    return this.#decode(this.#payload.length - this.#at);
  }

  list<T>(read: () => T): T[] {
    const length = this.#view.getInt16(this.skip(2));
    return Array.from({ length }, read);
  }

  /** The name of a column. Its table, type and format are not needed: all values are texts. */
  column(): string {
    const name = this.text();
    this.skip(18);
    return name;
  }

  /** A value of a row, with its length before it. */
  value(): string | null {
    const length = this.int32();
    return length < 0 ? null : this.#decode(length);
  }

  /** Texts with a letter before each. */
  map(): Map<string, string> {
    const map = new Map<string, string>();
    for (let letter; (letter = this.#payload[this.skip(1)]);) {
      map.set(String.fromCharCode(letter), this.text());
    }
    return map;
  }

  /** Returns where the skipped bytes begin. */
  skip(length: number): number {
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#payload.length) throw this.#tooShort();
    return from;
  }

  #decode(length: number): string {
    const from = this.skip(length);
    const bytes = this.#payload.subarray(from, this.#at);
    try {
      return UTF8.decode(bytes);
    } catch (cause) {
      throw new CodecError('A text is not UTF-8', bytes, { cause });
    }
  }

  #tooShort(): CodecError {
    return new CodecError('A message is too short', this.#payload);
  }
}
