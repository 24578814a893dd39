/** The receiving side of `jsonStream()`. */

import { CodecError } from '../core/errors.ts';
import type { Limits } from '../core/codec.ts';
import { utf8Length } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import { type AsciiLines, asciiLines, UNSURE } from './json-check.ts';
import { JsonScanner, isReset } from './json-scanner.ts';
import type { Stop } from './json-scanner.ts';
import { beginsWithOneOf, JsonReader } from './json.ts';
import type { IntegerOptions } from './json.ts';
import { decodeUtf8, rawOf, tryDecodeUtf8 } from './utf8.ts';

/** How deep objects and arrays may be nested where nothing else is said. */
export const MAX_DEPTH = 1024;

const LF = 0x0a;
const CR = 0x0d;

/** Where in the stream the decoder is. */
type Place =
  /** Before a value, or white space. */
  | 'between'
  /** At the start of a line of a block of complete lines. */
  | 'line'
  /** Within a value. */
  | 'value'
  /** Within a value that was refused, whose bytes are not kept. */
  | 'refused'
  /** Within a line that was refused. */
  | 'garbage';

/** The settings of a stream, all of them given. */
export interface StreamSettings extends IntegerOptions {
  /** The characters that may begin a value. */
  readonly first: string;
  readonly maxDepth: number;
  /**
   * The index of the next line, if the one at `at` is a message that may be left out; else `UNSURE`. It
   * is asked when all messages before that line have been taken.
   */
  readonly skip?: ((lines: AsciiLines, at: number) => number) | undefined;
}

/**
 * Finds the values by scanning every byte, except where a shortcut finds the same ones: a line that
 * begins and ends like a value, and that `JSON.parse` accepts, is exactly one value. The complete
 * lines of a chunk are decoded together and taken that way up to the first that cannot be. What is
 * left of them is scanned, so no byte is decoded more than twice.
 */
export class JsonStreamDecoder<In> extends BufferedDecoder<In> {
  readonly #json: JsonReader;
  readonly #scanner: JsonScanner;
  readonly #first: string;
  readonly #maxDepth: number;
  readonly #skip: StreamSettings['skip'];
  #place: Place = 'between';
  /** The block's text; its bytes stay in the buffer until it is known that no scan is needed. */
  #block = '';
  #blockSize = 0;
  /** Whether a line of the block has been read. */
  #isEntered = false;
  /** The same with its bytes, where lines may be skipped. */
  #lines: AsciiLines | undefined;
  #at = 0;
  /** How many bytes at the front of the buffer are not to be tried as lines. */
  #tried = 0;
  /** How many bytes at the front of the buffer are scanned. */
  #scanned = 0;
  /** How many bytes of a refused value were dropped. */
  #dropped = 0;

  constructor(limits: Limits, settings: StreamSettings) {
    super(limits);
    this.#json = new JsonReader(settings);
    this.#scanner = new JsonScanner(settings.maxDepth);
    this.#first = settings.first;
    this.#maxDepth = settings.maxDepth;
    this.#skip = settings.skip;
  }

  override write(chunk: Uint8Array): void {
    // The buffer may move its bytes; then those lines are read.
    this.#lines = undefined;
    super.write(chunk);
  }

  protected override next(): In | undefined {
    for (;;) {
      if (this.#place === 'line') {
        const message = this.#nextLine();
        if (message !== undefined) return message;
      } else if (this.#place === 'value' || this.#place === 'refused') {
        const stop = this.#scan();
        if (stop === 'more') return undefined;
        if (this.#place === 'refused') this.#place = 'between';
        else if (stop === 'closed') return this.#takeValue();
        else this.#giveUp(stop);
      } else if (!this.#begin()) {
        return undefined;
      }
    }
  }

  /** Goes to the start of the next value, if it has come. */
  #begin(): boolean {
    if (this.#place === 'garbage' && !this.#skipGarbage()) return false;
    const bytes = this.buffer.view();
    let at = 0;
    while (isIgnored(bytes[at])) at++;
    this.#drop(at);
    if (at === bytes.length) return false;
    if (!this.#first.includes(String.fromCharCode(bytes[at] ?? 0))) {
      this.#place = 'garbage';
      const line = bytes.subarray(at, endOfGarbage(bytes, at));
      throw new CodecError('The bytes are not the beginning of a JSON message', rawOf(line));
    }
    if (this.#tried > 0 || !this.#openBlock()) this.#openValue();
    return true;
  }

  #skipGarbage(): boolean {
    const bytes = this.buffer.view();
    const end = endOfGarbage(bytes, 0);
    this.#drop(end);
    if (end === bytes.length) return false;
    this.#place = 'between';
    return true;
  }

  #openBlock(): boolean {
    const newline = this.buffer.view().lastIndexOf(LF);
    const size = newline === -1 ? this.buffer.length : newline + 1;
    const block = newline === -1 ? undefined : tryDecodeUtf8(this.buffer.view(0, size));
    if (block === undefined) {
      this.#tried = size;
      return false;
    }
    this.#block = block;
    this.#blockSize = size;
    this.#isEntered = false;
    this.#at = 0;
    this.#place = 'line';
    if (this.#skip !== undefined && block.length === size) {
      this.#lines = asciiLines(block, this.buffer.view(0, size));
    }
    return true;
  }

  #openValue(): void {
    this.#scanner.restart();
    this.#scanned = 0;
    this.#dropped = 0;
    this.#place = 'value';
  }

  /** The message on the next line; `undefined` too where there is none, or the block is left. */
  #nextLine(): In | undefined {
    this.#skipLines();
    const from = this.#at;
    const newline = this.#block.indexOf('\n', from);
    if (newline === -1) {
      this.#leaveBlock(this.#blockSize);
      return undefined;
    }
    const ended = newline > from && this.#block.charCodeAt(newline - 1) === CR;
    const line = this.#block.slice(from, ended ? newline - 1 : newline);
    const message = line === '' ? undefined : this.#tryLine(line);
    if (line === '' || message !== undefined) this.#at = newline + 1;
    else this.#leaveBlock(this.#sizeUpTo(from));
    return message;
  }

  #skipLines(): void {
    if (this.#lines === undefined || this.#skip === undefined) return;
    // Not past the end: an index out of bounds makes the whole look slower, from then on.
    while (this.#at < this.#blockSize) {
      const next = this.#skip(this.#lines, this.#at);
      // One that is near the limit is measured before it is left out.
      if (next === UNSURE || next - this.#at > this.limit) return;
      this.#at = next;
    }
  }

  #tryLine(line: string): In | undefined {
    if (!this.#isFramed(line)) return undefined;
    if (mayBeTooDeep(line, this.#maxDepth) || this.#isTooLarge(line)) return undefined;
    if (!this.#isEntered) this.#json.enter(this.#block);
    this.#isEntered = true;
    try {
      return this.#json.parse(line) as In;
    } catch {
      // The scan finds out what is wrong, or that it is several values.
      return undefined;
    }
  }

  /** Whether it begins and ends like a value. */
  #isFramed(line: string): boolean {
    const first = line.charCodeAt(0);
    // The closing bracket of either kind is two characters behind its opening one.
    return beginsWithOneOf(line, this.#first) && line.charCodeAt(line.length - 1) === first + 2;
  }

  #isTooLarge(line: string): boolean {
    return line.length * 3 > this.limit && utf8Length(line) > this.limit;
  }

  #sizeUpTo(at: number): number {
    const isAscii = this.#block.length === this.#blockSize;
    return isAscii ? at : utf8Length(this.#block.slice(0, at));
  }

  /** Goes on with the bytes behind the first `size` ones of the block. */
  #leaveBlock(size: number): void {
    this.#tried = this.#blockSize;
    this.#drop(size);
    this.#block = '';
    this.#lines = undefined;
    this.#place = 'between';
  }

  #scan(): Stop {
    const bytes = this.buffer.view();
    // One byte past the limit is looked at, since it may be a reset.
    const to = Math.min(bytes.length, this.limit - this.#dropped + 1);
    const stop = this.#scanner.scan(bytes, this.#scanned, to);
    this.#scanned = this.#scanner.at;
    const size = this.#dropped + this.#scanned;
    if (size > this.limit && (stop === 'more' || stop === 'closed')) throw this.tooLarge(size);
    if (this.#place === 'refused') this.#dropScanned();
    return stop;
  }

  #takeValue(): In {
    const text = decodeUtf8(this.#dropValue());
    this.#json.enter(text);
    return this.#json.parse(text) as In;
  }

  /** Ends a value that is none. */
  #giveUp(stop: Stop): void {
    const bytes = this.#dropValue();
    if (stop === 'reset') return;
    const raw = rawOf(bytes);
    if (stop === 'broken') throw new CodecError('A string in the message holds a line end', raw);
    this.#place = 'refused';
    this.#dropped = bytes.length;
    throw new CodecError('The message is nested too deep', raw);
  }

  #dropValue(): Uint8Array {
    const bytes = this.buffer.view(0, this.#scanned);
    this.#drop(this.#scanned);
    this.#scanned = 0;
    this.#place = 'between';
    return bytes;
  }

  #dropScanned(): void {
    this.#dropped += this.#scanned;
    this.#drop(this.#scanned);
    this.#scanned = 0;
  }

  #drop(count: number): void {
    this.buffer.drop(count);
    this.#tried = Math.max(0, this.#tried - count);
  }
}

/** White space, and resets where there is nothing to drop. */
function isIgnored(byte: number | undefined): boolean {
  return byte === 0x20 || byte === LF || byte === CR || byte === 0x09 || isReset(byte);
}

/** The index of the line end or reset from `from` on, or the length. */
function endOfGarbage(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== LF && !isReset(bytes[at])) at++;
  return at;
}

/** Whether a value may have more levels than `maxDepth`: `false` is certain, and cheap to know. */
function mayBeTooDeep(line: string, maxDepth: number): boolean {
  // Each level takes two brackets.
  if (line.length < 2 * (maxDepth + 1)) return false;
  let opened = 0;
  for (const bracket of '{[') {
    for (let at = line.indexOf(bracket); at !== -1; at = line.indexOf(bracket, at + 1)) {
      if (++opened > maxDepth) return true;
    }
  }
  return false;
}
