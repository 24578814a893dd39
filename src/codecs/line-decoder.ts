/** The base class of decoders whose messages are lines. */

import { utf8Length } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import { decodeUtf8, tryDecodeUtf8 } from './utf8.ts';

const CR = 0x0d;
const LF = 0x0a;

/**
 * Splits the stream into lines, which end in `\n` or `\r\n`; a subclass turns them into messages.
 *
 * All complete lines of a chunk are decoded to text together, because each call of the decoder is
 * expensive. Only if that fails, the lines are decoded one by one, to find the invalid one.
 */
export abstract class LineDecoder<In> extends BufferedDecoder<In> {
  /** Complete lines as text, removed from the buffer. */
  #block = '';
  #at = 0;
  /** Whether a line of the block may exceed the limit. */
  #checked = false;
  /** How many bytes of the buffer are complete lines that must be decoded one by one. */
  #damaged = 0;
  /** How many bytes of the buffer have been searched for line ends. */
  #searched = 0;

  override get buffered(): number {
    return this.buffer.length + this.#block.length - this.#at;
  }

  /** Returns the message of a line; `undefined` for a line without one. */
  protected abstract parse(line: string): In | undefined;

  /** Called with each block, as text and in UTF-8, before its lines are parsed. */
  protected abstract enter(block: string, bytes: Uint8Array): void;

  /** Returns the index of the first line from `from` on that may have a message; the length, if none has. */
  protected skipBlank(_block: string, from: number): number {
    return from;
  }

  protected override next(): In | undefined {
    for (;;) {
      const line = this.#line();
      if (line === undefined) return undefined;
      const message = this.parse(line);
      if (message !== undefined) return message;
    }
  }

  #line(): string | undefined {
    while (this.#at === this.#block.length || this.#skipBlank()) {
      if (this.#damaged === 0) this.#nextBlock();
      if (this.#damaged > 0) return this.#damagedLine();
      if (this.#block === '') return undefined;
    }
    const from = this.#at;
    const newline = this.#block.indexOf('\n', from);
    this.#at = newline + 1;
    const ended = newline > from && this.#block.charCodeAt(newline - 1) === CR;
    const line = this.#block.slice(from, ended ? newline - 1 : newline);
    if (this.#checked) this.#check(line);
    return line;
  }

  /** Skips lines without a message; returns whether the block has no others. */
  #skipBlank(): boolean {
    // Where a line may exceed the limit, each must be measured.
    if (!this.#checked) this.#at = this.skipBlank(this.#block, this.#at);
    return this.#at === this.#block.length;
  }

  #nextBlock(): void {
    this.#block = '';
    this.#at = 0;
    const found = this.buffer.view(this.#searched).lastIndexOf(LF);
    const size = this.#searched + found + 1;
    this.#searched = this.buffer.length;
    if (found === -1) {
      this.#checkTail();
      return;
    }
    const bytes = this.buffer.view(0, size);
    const block = tryDecodeUtf8(bytes);
    if (block === undefined) {
      this.#damaged = size;
      return;
    }
    this.#drop(size);
    this.#checked = size > this.limit;
    this.#block = block;
    this.enter(block, bytes);
  }

  #damagedLine(): string {
    const newline = this.buffer.view().indexOf(LF);
    const line = withoutCr(this.buffer.view(0, newline));
    this.#drop(newline + 1);
    this.#damaged -= newline + 1;
    if (line.length > this.limit) throw this.tooLarge(line.length);
    const text = decodeUtf8(line);
    this.enter(text, line);
    return text;
  }

  #drop(count: number): void {
    this.buffer.drop(count);
    this.#searched -= count;
  }

  #check(line: string): void {
    // A UTF-16 code unit takes three bytes of UTF-8 at most.
    if (line.length * 3 <= this.limit) return;
    const size = utf8Length(line);
    if (size <= this.limit) return;
    this.#block = '';
    this.#at = 0;
    throw this.tooLarge(size);
  }

  #checkTail(): void {
    if (this.buffer.length <= this.limit) return;
    // A CR at the end may belong to a line end.
    const { length } = withoutCr(this.buffer.view());
    if (length > this.limit) throw this.tooLarge(length);
  }
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
