/** Decodes RESP2 and RESP3: https://redis.io/docs/latest/develop/reference/protocol-spec */

import { BufferedDecoder, CodecError, type Limits } from 'wirechart';
import { Push, type Reply, RespError } from './values.ts';

/** How bytes are texts: `utf8`; or `latin1`, one character for each byte, for values that are not text. */
export type TextEncoding = 'utf8' | 'latin1';

/** The options of a decoder. */
export interface RespDecoderOptions {
  /** Default `utf8`. */
  readonly encoding?: TextEncoding | undefined;
  /** Whether a message may be a line of words, as people type it in telnet. Default false. */
  readonly inline?: boolean | undefined;
}

const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const BULK = 0x24; // $
const ARRAY = 0x2a; // *
const INTEGER = 0x3a; // :
const CHUNK = 0x3b; // ;
/** Integers of so many digits are exact. */
const EXACT_DIGITS = 15;
/** How deep arrays may be nested: code that handles a message is often recursive. */
const MAX_DEPTH = 128;
/**
 * Short texts are cut out of all bytes of a chunk as one text, because each call of a decoder is expensive. V8
 * copies such a piece; a longer one would keep the whole text in memory.
 */
const MAX_SLICE = 12;
const MAX_BLOCK_BYTES = 64 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/** An array, or its like, of which not all elements have arrived. */
class Frame {
  readonly type: string;
  /** How many elements are missing; `Infinity` where a later line says that there are no more. */
  left: number;
  readonly items: Reply[] = [];

  constructor(type: string, left: number) {
    this.type = type;
    this.left = type === '%' || type === '|' ? 2 * left : left;
  }

  /** The complete value. An attribute has none: it describes the value that follows. */
  get value(): Reply | undefined {
    const { items, type } = this;
    if (type === '*') return items;
    if (type === '%') return mapOf(items);
    if (type === '~') return new Set(items);
    return type === '>' ? pushOf(items) : undefined;
  }
}

function mapOf(items: readonly Reply[]): ReadonlyMap<Reply, Reply> {
  const map = new Map<Reply, Reply>();
  for (let at = 0; at < items.length; at += 2) map.set(items[at] ?? null, items[at + 1] ?? null);
  return map;
}

function pushOf([kind, ...values]: readonly Reply[]): Push {
  return new Push(typeof kind === 'string' ? kind : '', values);
}

/**
 * Looks at every byte once: the elements of an array that have arrived are kept in `#frames`, and the next
 * chunk continues behind them. The bytes of a message stay in the buffer until all of it has been decoded.
 */
export class RespDecoder extends BufferedDecoder<Reply> {
  readonly #encoding: TextEncoding;
  readonly #inline: boolean;
  /** A view of the buffer: one for all messages of a chunk. */
  #bytes: Buffer = NOTHING;
  /** The same as latin1, if it was needed. */
  #block: string | undefined;
  /** Where the present message begins in them. */
  #start = 0;
  /** Where its first element begins that has not been decoded. */
  #at = 0;
  /** Where the element after that begins. */
  #next = 0;
  /** Up to where an incomplete line has been searched for its end. */
  #searched = 0;
  readonly #frames: Frame[] = [];
  /** The parts of a text that is streamed, as latin1. */
  #chunks: string[] | undefined;

  constructor(limits: Limits, { encoding = 'utf8', inline = false }: RespDecoderOptions = {}) {
    super(limits);
    this.#encoding = encoding;
    this.#inline = inline;
  }

  override write(chunk: Uint8Array): void {
    this.#endView();
    super.write(chunk);
  }

  protected override next(): Reply | undefined {
    if (this.#bytes.length === 0) this.#bytes = asBuffer(this.buffer.view());
    for (let element; (element = this.#element()) !== undefined;) {
      this.#at = this.#next;
      const message = this.#put(element);
      if (message === undefined) continue;
      this.buffer.drop(this.#at - this.#start);
      this.#start = this.#at;
      return message;
    }
    this.#endView();
    return undefined;
  }

  /** The buffer may move now. Positions count from the present message on, with which it begins. */
  #endView(): void {
    this.#at -= this.#start;
    this.#searched -= this.#start;
    this.#start = 0;
    this.#bytes = NOTHING;
    this.#block = undefined;
  }

  /** Puts an element into the array that it belongs to. Returns the message, if it is complete. */
  #put(element: Reply | Frame): Reply | undefined {
    if (element instanceof Frame && element.left > 0) {
      if (this.#frames.length >= MAX_DEPTH) throw this.#wrong('An array is nested too deep');
      this.#frames.push(element);
      return undefined;
    }
    let value = element instanceof Frame ? element.value : element;
    for (let frame; value !== undefined && (frame = this.#frames.at(-1)); value = frame.value) {
      this.#checkSize(0);
      frame.items.push(value);
      frame.left -= 1;
      if (frame.left > 0) return undefined;
      this.#frames.pop();
    }
    return value;
  }

  /** Returns the element at `#at`, and sets `#next`. Returns `undefined` when more bytes are needed. */
  #element(): Reply | Frame | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    if (this.#chunks !== undefined) return this.#chunk(this.#chunks);
    const type = this.#bytes[this.#at];
    if (type !== INTEGER && type !== BULK && type !== ARRAY) return this.#otherElement();
    const number = this.#integer();
    if (number === undefined || type === INTEGER) return number ?? this.#otherElement();
    if (number < 0) return number === -1 ? null : this.#otherElement();
    return type === BULK ? this.#text(number) : new Frame('*', number);
  }

  /** Reads a type and a number that is exact. `undefined`: it is something else, or incomplete. */
  #integer(): number | undefined {
    const bytes = this.#bytes;
    const isNegative = bytes[this.#at + 1] === MINUS;
    const from = this.#at + (isNegative ? 2 : 1);
    let at = from;
    let value = 0;
    for (let byte; (byte = bytes[at] ?? 0) >= ZERO && byte <= NINE; at += 1) {
      value = value * 10 + byte - ZERO;
    }
    const isExact = at > from && at - from <= EXACT_DIGITS;
    if (!isExact || bytes[at] !== CR || bytes[at + 1] !== LF) return undefined;
    this.#next = at + 2;
    return isNegative ? -value : value;
  }

  /** Reads so many bytes of text from `#next` on. */
  #text(size: number, encoding: TextEncoding = this.#encoding): string | undefined {
    this.#checkSize(size);
    const from = this.#next;
    const to = from + size;
    if (this.#bytes.length < to + 2) return undefined;
    if (this.#bytes[to] !== CR || this.#bytes[to + 1] !== LF) {
      throw this.#wrong(`A text of ${String(size)} bytes has no line end behind it`);
    }
    this.#next = to + 2;
    if (size > MAX_SLICE || this.#bytes.length > MAX_BLOCK_BYTES) {
      return this.#bytes.toString(encoding, from, to);
    }
    this.#block ??= this.#bytes.toString('latin1');
    const text = this.#block.slice(from, to);
    return encoding === 'latin1' || isAscii(text) ? text : this.#bytes.toString(encoding, from, to);
  }

  /** Reads an element of a type that is less frequent. */
  #otherElement(): Reply | Frame | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const type = line.charAt(0);
    const rest = line.slice(1);
    const value = SIMPLE[type]?.(rest);
    if (value !== undefined) return value;
    if ('$!='.includes(type) && /^\d+$/.test(rest)) return this.#labelled(type, Number(rest));
    if ('*%~>|'.includes(type) && /^(\d+|\?)$/.test(rest)) {
      return new Frame(type, rest === '?' ? Infinity : Number(rest));
    }
    if (line === '$?') {
      this.#chunks = [];
      this.#at = this.#next;
      return this.#element();
    }
    if (line === '.' && this.#frames.at(-1)?.left === Infinity) return this.#lastFrame();
    if (this.#inline && this.#frames.length === 0) return inlineOf(line);
    throw this.#wrong(`A line is not RESP`);
  }

  /** A text that is an error, or that has a format. */
  #labelled(type: string, size: number): Reply | undefined {
    const text = this.#text(size);
    if (text === undefined || type === '$') return text;
    return type === '!' ? new RespError(text) : text.slice('txt:'.length);
  }

  /** The array that was streamed, and ends here. */
  #lastFrame(): Frame | undefined {
    const frame = this.#frames.pop();
    if (frame !== undefined) frame.left = 0;
    return frame;
  }

  /** Reads parts of a text that is streamed. */
  #chunk(chunks: string[]): string | undefined {
    for (;;) {
      const type = this.#bytes[this.#at];
      const size = type === CHUNK ? this.#integer() : undefined;
      if (size === 0) break;
      const isIncomplete = type === undefined || (type === CHUNK && this.#line() === undefined);
      if (isIncomplete) return undefined;
      if (size === undefined || size < 0) throw this.#wrong('A part of a text is missing');
      const text = this.#text(size, 'latin1');
      if (text === undefined) return undefined;
      chunks.push(text);
      this.#at = this.#next;
    }
    this.#chunks = undefined;
    return Buffer.from(chunks.join(''), 'latin1').toString(this.#encoding);
  }

  /** Reads a line without its end, and sets `#next`. */
  #line(): string | undefined {
    const bytes = this.#bytes;
    const end = bytes.indexOf(LF, Math.max(this.#searched, this.#at));
    if (end === -1) {
      this.#searched = bytes.length;
      this.#checkSize(bytes.length - this.#at - 1 - (bytes.at(-1) === CR ? 1 : 0));
      return undefined;
    }
    const hasCr = bytes[end - 1] === CR;
    if (!hasCr && !this.#inline) throw this.#wrong('A line ends without a carriage return');
    const to = hasCr ? end - 1 : end;
    this.#checkSize(to - this.#at - 1);
    this.#next = end + 1;
    return bytes.toString(this.#encoding, this.#at, to);
  }

  /** @param size - That of a text that is about to be added to the message. */
  #checkSize(size: number): void {
    const isPart = this.#frames.length > 0 || this.#chunks !== undefined;
    const all = size + (isPart ? this.#at - this.#start : 0);
    if (all > this.limit) throw this.tooLarge(all);
  }

  #wrong(text: string): CodecError {
    const raw = this.#bytes.subarray(this.#at);
    return this.fatal(new CodecError(`${text}: '${raw.toString('latin1', 0, 64)}'`, raw));
  }
}

/** The values that are one line. */
const SIMPLE: Readonly<Record<string, (rest: string) => Reply | undefined>> = {
  '+': (text) => text,
  '-': (text) => new RespError(text),
  ':': (digits) => (/^[+-]?\d+$/.test(digits) ? integerOf(digits) : undefined),
  _: (rest) => (rest === '' ? null : undefined),
  '#': (letter) => (letter === 't' ? true : letter === 'f' ? false : undefined),
  ',': (text) => doubleOf(text),
  '(': (digits) => (/^[+-]?\d+$/.test(digits) ? BigInt(digits) : undefined),
};

function integerOf(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

function doubleOf(text: string): number | undefined {
  if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^-?nan$/.test(text)) return NaN;
  return /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The words of a line; a blank one is skipped, as an attribute is. */
function inlineOf(line: string): readonly string[] | Frame {
  const words = line.split(/\s+/).filter((word) => word !== '');
  return words.length > 0 ? words : new Frame('|', 0);
}

/** For a short text. */
function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
