/** The base class of decoders whose messages are lines. */

import type { Limits } from '../core/codec.ts';
import { checkKinds, checkNames, type Names } from '../core/options.ts';
import { isBlank, isBlankCode, skipBlankLines } from './blank-lines.ts';
import { encodeUtf8, utf8Length } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import type { PreambleOptions } from './preamble.ts';
import { Terminator } from './terminator.ts';
import { decodeUtf8, tryDecodeUtf8 } from './utf8.ts';

/** The options of a `LineDecoder`. */
export interface LineDecoderOptions extends PreambleOptions {
  /**
   * What ends each line: a text or bytes, up to 128 bytes long. With `'\n'` or `'\r\n'`, lines may end in
   * either of them. With anything else, exactly this ends a line, and line ends are content. Bytes that are
   * not UTF-8 are allowed; lines are then decoded one by one, which is slower. Default `'\n'`.
   */
  readonly terminator?: string | Uint8Array | undefined;
  /**
   * Whether lines that consist of spaces, tabs, `\r` and `\n` are skipped; the stream may then end in such
   * a line without its terminator. Default `false`.
   */
  readonly skipBlank?: boolean | undefined;
}

const OPTIONS: Names<LineDecoderOptions> = { terminator: true, skipBlank: true, skipUntil: true };
const CR = 0x0d;

/**
 * The base class of a decoder of your own whose messages are lines of UTF-8 text: it splits the stream into
 * lines, and a subclass turns each line into a message in `parse()`. A line of more than `maxMessageBytes`,
 * without its terminator, is a `LimitError`, and a line that is not UTF-8 is a `CodecError`; the lines before it
 * are decoded first. A byte order mark at the start of the stream is dropped.
 *
 * All complete lines of a chunk are decoded to text together, because each call of the decoder of UTF-8 is
 * expensive. Only if that fails, the lines are decoded one by one, to find the invalid one.
 *
 * @example
 * ```ts
 * class NumberDecoder extends LineDecoder<number> {
 *   protected override parse(line: string): number {
 *     if (!/^\d+$/.test(line)) throw new CodecError('The line is not a number');
 *     return Number(line);
 *   }
 * }
 * ```
 */
export abstract class LineDecoder<In> extends BufferedDecoder<In> {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'LineDecoder';

  readonly #terminator: Terminator;
  readonly #skipsBlank: boolean;
  /** What ends a line of a block. */
  readonly #end: string;
  /** Complete lines as text, removed from the buffer. */
  #block = '';
  #at = 0;
  /** Whether a line of the block may exceed the limit. */
  #checked = false;
  /** How many bytes of the buffer are complete lines that must be decoded one by one. */
  #damaged = 0;
  /** How many bytes of the buffer have been searched, and with how many bytes of a terminator they end. */
  #searched = 0;
  #matched = 0;

  /**
   * @param limits - The bounds of the session, as `createDecoder()` is given them.
   * @throws {ArgumentError} When an option is unknown or cannot be used, or a limit is not a number above 0.
   */
  constructor(limits: Limits, options: LineDecoderOptions = {}) {
    checkNames('new LineDecoder()', options, OPTIONS);
    checkKinds('new LineDecoder()', options, { skipBlank: 'boolean' });
    super(limits, { skipUntil: options.skipUntil });
    const { terminator = '\n', skipBlank = false } = options;
    this.#terminator = new Terminator('new LineDecoder()', terminator);
    this.#skipsBlank = skipBlank;
    this.#end = this.#terminator.isLineFeed ? '\n' : (this.#terminator.text ?? '');
  }

  override get buffered(): number {
    return super.buffered + this.#block.length - this.#at;
  }

  /**
   * Returns the message of a line, which has no terminator; `undefined` for a line without a message, such as a
   * comment.
   *
   * @throws {CodecError} When the line is not a message. The next call has the next line.
   */
  protected abstract parse(line: string): In | undefined;

  /**
   * Called with each block of complete lines before they are parsed: for what is faster done once for many
   * lines. Implement it if you need it.
   *
   * @param block - The lines with their terminators, as text; one line without, where lines are decoded one by
   *   one.
   * @param bytes - The same in UTF-8: a view, valid during the call.
   */
  protected enter?(block: string, bytes: Uint8Array): void;

  protected override unread(): Uint8Array {
    const text = encodeUtf8(this.#block.slice(this.#at));
    const bytes = new Uint8Array(text.length + this.buffer.length);
    bytes.set(text);
    bytes.set(this.buffer.view(), text.length);
    return bytes;
  }

  protected override unfinished(): Uint8Array {
    const rest = this.buffer.view();
    return this.#skipsBlank && rest.every(isBlankCode) ? rest.subarray(0, 0) : rest;
  }

  protected override next(): In | undefined {
    for (;;) {
      const line = this.#line();
      if (line === undefined) return undefined;
      if (this.#skipsBlank && isBlank(line)) continue;
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
    const end = this.#block.indexOf(this.#end, from);
    this.#at = end + this.#end.length;
    const hasCr =
      this.#terminator.isLineFeed && end > from && this.#block.charCodeAt(end - 1) === CR;
    const line = this.#block.slice(from, hasCr ? end - 1 : end);
    if (this.#checked) this.#check(line);
    return line;
  }

  /** Skips lines without a message; returns whether the block has no others. */
  #skipBlank(): boolean {
    // Where a line may exceed the limit, each must be measured.
    if (this.#skipsBlank && !this.#checked && this.#end.length === 1) {
      this.#at = skipBlankLines(this.#block, this.#at, this.#end.charCodeAt(0));
    }
    return this.#at === this.#block.length;
  }

  #nextBlock(): void {
    this.#block = '';
    this.#at = 0;
    const unsearched = this.buffer.view(this.#searched);
    const { end, matched } = this.#terminator.endOfLast(unsearched, this.#matched);
    const size = this.#searched + end;
    this.#searched = this.buffer.length;
    this.#matched = matched;
    if (end === 0) {
      this.#checkTail();
      return;
    }
    const bytes = this.buffer.view(0, size);
    const block = this.#end === '' ? undefined : tryDecodeUtf8(bytes);
    if (block === undefined) {
      this.#damaged = size;
      return;
    }
    this.#drop(size);
    this.#checked = size > this.limit;
    this.#block = block;
    this.enter?.(block, bytes);
  }

  #damagedLine(): string {
    const end = this.#terminator.endOfFirst(this.buffer.view(0, this.#damaged));
    const content = this.buffer.view(0, end - this.#terminator.size);
    const line = this.#terminator.isLineFeed ? withoutCr(content) : content;
    this.#drop(end);
    this.#damaged -= end;
    if (line.length > this.limit) throw this.tooLarge(line.length);
    const text = decodeUtf8(line);
    this.enter?.(text, line);
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
    // What the last bytes of it may begin is not content yet.
    const { length } = this.#terminator.isLineFeed
      ? withoutCr(this.buffer.view())
      : this.buffer.view(this.#matched);
    if (length > this.limit) throw this.tooLarge(length);
  }
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
