/** The decoder of `jsonStream()`. */

import { CodecError } from '../core/errors.ts';
import type { Limits } from '../core/codec.ts';
import { utf8Length } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import { AsciiLines, UNSURE } from './json-check.ts';
import { JsonScanner, isReset } from './json-scanner.ts';
import type { Stop } from './json-scanner.ts';
import { type BoundOptions, MAX_DEPTH, tooDeep } from './json-bounds.ts';
import { beginsWithOneOf, JsonReader } from './json.ts';
import type { IntegerOptions } from './json.ts';
import type { PreambleOptions } from './preamble.ts';
import { decodeUtf8, quoteBytes, rawOf, tryDecodeUtf8 } from './utf8.ts';

const LF = 0x0a;
const CR = 0x0d;

/** What the decoder expects next. */
type Place =
  /** White space, or the beginning of a value. */
  | 'between'
  /** The beginning of a line in a block of complete lines. */
  | 'line'
  /** The rest of a value. */
  | 'value'
  /** The rest of a value that has been rejected; its bytes are dropped. */
  | 'refused'
  /** The rest of a line that has been rejected. */
  | 'garbage';

/** The options of a decoder. */
export interface StreamSettings extends IntegerOptions, BoundOptions, PreambleOptions {
  /** The characters with which a value may begin. */
  readonly first: string;
  /**
   * Returns the index of the next line if the message on the line at `at` is to be skipped, else
   * `UNSURE`. It is called when all messages before that line have been read.
   */
  readonly skip?: ((lines: AsciiLines, at: number) => number) | undefined;
}

/**
 * Finds the values by scanning every byte, unless a shortcut finds the same values: a line that begins
 * and ends like a value, and that `JSON.parse` accepts, is exactly one value. The complete lines of a
 * chunk are decoded together and parsed one by one, up to the first that is not one value. The rest is
 * scanned, so no byte is decoded more than twice.
 */
export class JsonStreamDecoder<In> extends BufferedDecoder<In> {
  readonly #json: JsonReader;
  readonly #scanner: JsonScanner;
  readonly #first: string;
  readonly #skip: StreamSettings['skip'];
  #place: Place = 'between';
  /** The text of the block; its bytes stay in the buffer until they need not be scanned any more. */
  #block = '';
  #blockSize = 0;
  /** Whether a line of the block has been parsed. */
  #isEntered = false;
  /** The block with its bytes, while its lines may be skipped. */
  #lines: AsciiLines | undefined;
  #at = 0;
  /** How many bytes at the front of the buffer must be scanned instead of tried as lines. */
  #tried = 0;
  /** How many bytes at the front of the buffer have been scanned. */
  #scanned = 0;
  /** How many bytes of a rejected value have been dropped. */
  #dropped = 0;

  constructor(limits: Limits, settings: StreamSettings) {
    super(limits, { skipUntil: settings.skipUntil });
    this.#json = new JsonReader(settings, this.limit);
    this.#scanner = new JsonScanner(settings.maxDepth ?? MAX_DEPTH);
    this.#first = settings.first;
    this.#skip = settings.skip;
  }

  override get buffered(): number {
    // The lines of a block that have been read stay in the buffer for a while.
    return super.buffered - (this.#place === 'line' ? this.#at : 0);
  }

  override write(chunk: Uint8Array): void {
    // The buffer may move its bytes, which ends the view of them; the lines left are then parsed.
    this.#lines = undefined;
    super.write(chunk);
  }

  protected override unread(): Uint8Array {
    return this.buffer.view(this.#place === 'line' ? this.#sizeUpTo(this.#at) : 0);
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

  /** Moves to the beginning of the next value; false when it has not arrived. */
  #begin(): boolean {
    if (this.#place === 'garbage' && !this.#skipGarbage()) return false;
    if (this.buffer.length === 0) return false;
    const bytes = this.buffer.view();
    let at = 0;
    while (isIgnored(bytes[at])) at++;
    this.#drop(at);
    if (at === bytes.length) return false;
    if (!this.#first.includes(String.fromCharCode(bytes[at] ?? 0))) {
      this.#place = 'garbage';
      throw beginningError(bytes.subarray(at, endOfGarbage(bytes, at)));
    }
    const rest = at === 0 ? bytes : bytes.subarray(at);
    if (this.#tried > 0 || !this.#openBlock(rest)) this.#openValue();
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

  /** @param bytes - Those of the buffer. */
  #openBlock(bytes: Uint8Array): boolean {
    const newline = bytes.lastIndexOf(LF);
    const size = newline === -1 ? bytes.length : newline + 1;
    const lines = size === bytes.length ? bytes : bytes.subarray(0, size);
    const block = newline === -1 ? undefined : tryDecodeUtf8(lines);
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
      this.#lines = new AsciiLines(block, lines);
    }
    return true;
  }

  #openValue(): void {
    this.#scanner.restart();
    this.#scanned = 0;
    this.#dropped = 0;
    this.#place = 'value';
  }

  /** Returns the message on the next line; `undefined` when it has none, or when the block ends. */
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
    // Not past the end: V8 makes the whole check slower from then on after an index out of bounds.
    while (this.#at < this.#blockSize) {
      const next = this.#skip(this.#lines, this.#at);
      // A line near the limit must be measured before it may be skipped.
      if (next === UNSURE || next - this.#at > this.limit) return;
      this.#at = next;
    }
  }

  #tryLine(line: string): In | undefined {
    if (!this.#isFramed(line)) return undefined;
    if (this.#isTooLarge(line)) return undefined;
    if (!this.#isEntered) {
      const bytes = this.#lines?.bytes ?? this.buffer.view(0, this.#blockSize);
      this.#json.enter(this.#block, bytes);
      this.#isEntered = true;
    }
    try {
      return this.#json.parse(line) as In;
    } catch {
      // The scan finds the error, or that the line has several values; or the value is parsed again.
      return undefined;
    }
  }

  /** Whether the line begins and ends like a value. */
  #isFramed(line: string): boolean {
    const first = line.charCodeAt(0);
    // In ASCII, `]` is two characters after `[`, and `}` two after `{`.
    return beginsWithOneOf(line, this.#first) && line.charCodeAt(line.length - 1) === first + 2;
  }

  #isTooLarge(line: string): boolean {
    return line.length * 3 > this.limit && utf8Length(line) > this.limit;
  }

  #sizeUpTo(at: number): number {
    const isAscii = this.#block.length === this.#blockSize;
    return isAscii ? at : utf8Length(this.#block.slice(0, at));
  }

  /** Ends the block, and continues after its first `size` bytes. */
  #leaveBlock(size: number): void {
    this.#tried = this.#blockSize;
    this.#drop(size);
    this.#block = '';
    this.#lines = undefined;
    this.#place = 'between';
  }

  #scan(): Stop {
    const bytes = this.buffer.view();
    // One byte more than the limit, because it may be a reset.
    const to = Math.min(bytes.length, this.limit - this.#dropped + 1);
    const stop = this.#scanner.scan(bytes, this.#scanned, to);
    this.#scanned = this.#scanner.at;
    const size = this.#dropped + this.#scanned;
    if (size > this.limit && (stop === 'more' || stop === 'closed')) throw this.tooLarge(size);
    if (this.#place === 'refused') this.#dropScanned();
    return stop;
  }

  #takeValue(): In {
    const bytes = this.#dropValue();
    const text = decodeUtf8(bytes);
    this.#json.enter(text, bytes);
    return this.#json.parseScanned(text) as In;
  }

  /** Ends a value that is invalid. */
  #giveUp(stop: Stop): void {
    if (stop === 'invalid') this.#refuseByte();
    const bytes = this.#dropValue();
    if (stop === 'reset') return;
    const raw = rawOf(bytes);
    if (stop === 'broken') {
      throw new CodecError(`A string in the message contains a line end: ${quoteBytes(raw)}`, raw);
    }
    this.#place = 'refused';
    this.#dropped = bytes.length;
    throw tooDeep(raw);
  }

  /** Rejects the value at its last scanned byte, and drops the rest of the line from that byte on. */
  #refuseByte(): never {
    const raw = rawOf(this.buffer.view(0, this.#scanned));
    const bytes = this.buffer.view();
    const error = invalidError(bytes, this.#scanned - 1, raw);
    this.#scanned -= 1;
    this.#dropValue();
    this.#place = 'garbage';
    throw error;
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

/** @param line - What has arrived of it. */
const beginningError = (line: Uint8Array): CodecError =>
  new CodecError(
    `The bytes ${quoteBytes(line)} are not the beginning of a JSON message: ` +
      'the peer speaks another protocol, or prints a text before its first message.',
    rawOf(line),
  );

const invalidError = (bytes: Uint8Array, at: number, raw: Uint8Array): CodecError =>
  new CodecError(
    `The message is not JSON: unexpected ${quoteBytes(bytes.subarray(at, at + 1))} ` +
      `after ${quoteBytes(bytes.subarray(Math.max(0, at - 40), at))}`,
    raw,
  );

/** Whether a byte is ignored between values: white space, and resets, which have nothing to drop. */
function isIgnored(byte: number | undefined): boolean {
  return byte === 0x20 || byte === LF || byte === CR || byte === 0x09 || isReset(byte);
}

/** Returns the index of the first line end or reset from `from` on, else the length. */
function endOfGarbage(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== LF && !isReset(bytes[at])) at++;
  return at;
}
