/** The base protocol of LSP and DAP: JSON behind a header with its length. */

import { CodecError, LimitError } from '../core/errors.ts';
import type { Codec, Limits } from '../core/codec.ts';
import { latin1Of, utf8Length } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import { JsonReader, stringifyJson } from './json.ts';
import type { JsonOptions, JsonValue } from './json.ts';
import { decodeUtf8, rawOf } from './utf8.ts';

const CR = 0x0d;
const LF = 0x0a;
const MAX_HEADER_BYTES = 8 * 1024;

/**
 * The base protocol of LSP and DAP: `Content-Length: N`, other header fields, a blank line, and N
 * bytes of UTF-8 JSON. The lines of the header end in `\r\n`; it may hold 8192 bytes. The limit
 * counts the N bytes.
 *
 * - Encoding throws a `CodecError` for what has no JSON text: `undefined`, a function, `NaN`, a
 *   cycle, very deep nesting. Within an object or array `undefined` and `NaN` are what
 *   `JSON.stringify` makes of them: left out, or `null`.
 * - Decoding throws a `CodecError` for a body that is not UTF-8 or not JSON; the following messages
 *   are not affected.
 * - Past an error in a header there is nothing more to read: a `CodecError` where it is not made of
 *   fields, where the length is missing, given twice or not decimal, or the charset is not UTF-8; a
 *   `LimitError` where it or the length is too large.
 * - A message without its end is a `CodecError` when the stream ends.
 *
 * `In` and `Out` are taken on trust: no message is checked against them.
 */
export function contentLength<In = JsonValue, Out = In>(options: JsonOptions = {}): Codec<In, Out> {
  const first = options.objects === true ? '{' : undefined;
  return {
    encode: (message) => {
      const body = stringifyJson(message, first);
      return `Content-Length: ${String(utf8Length(body))}\r\n\r\n${body}`;
    },
    createDecoder: (limits) => new ContentLengthDecoder<In>(limits, options),
  };
}

class ContentLengthDecoder<In> extends BufferedDecoder<In> {
  readonly #json: JsonReader;
  /** How many bytes of the header were searched for line ends, and where its last line begins. */
  #searched = 0;
  #line = 0;
  /** Where the body is, counted from the start of the message; its end is 0 until it is known. */
  #start = 0;
  #end = 0;

  constructor(limits: Limits, options: JsonOptions) {
    super(limits);
    this.#json = new JsonReader(options);
  }

  protected override next(): In | undefined {
    if (this.#start === 0 && !this.#readHeader()) return undefined;
    if (this.buffer.length < this.#end) return undefined;
    const body = this.buffer.view(this.#start, this.#end);
    this.buffer.drop(this.#end);
    this.#searched = 0;
    this.#line = 0;
    this.#start = 0;
    const text = decodeUtf8(body);
    this.#json.enter(text);
    return this.#json.parse(text) as In;
  }

  #readHeader(): boolean {
    const bytes = this.buffer.view(0, Math.min(this.buffer.length, MAX_HEADER_BYTES));
    while (this.#start === 0) {
      const newline = bytes.indexOf(LF, this.#searched);
      if (newline === -1) break;
      if (bytes[newline - 1] !== CR) throw this.#wrong('a line does not end in CR LF', bytes);
      if (newline === this.#line + 1) this.#start = newline + 1;
      this.#searched = newline + 1;
      this.#line = newline + 1;
    }
    if (this.#start === 0) return this.#awaitHeader(bytes.length);
    this.#end = this.#start + this.#bodySize(bytes.subarray(0, this.#start - 2));
    return true;
  }

  #awaitHeader(searched: number): false {
    this.#searched = searched;
    if (this.buffer.length <= MAX_HEADER_BYTES) return false;
    const text = `A header is over the limit of ${String(MAX_HEADER_BYTES)} bytes`;
    throw this.fatal(new LimitError(text, MAX_HEADER_BYTES, this.buffer.length));
  }

  /** Checks the fields of a header, each with its line end. */
  #bodySize(header: Uint8Array): number {
    let length: string | undefined;
    for (const line of latin1Of(header).split('\r\n').slice(0, -1)) {
      const colon = line.indexOf(':');
      if (colon < 1) throw this.#wrong('a line is not a field', header);
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1);
      if (name === 'content-type') this.#checkCharset(value, header);
      if (name !== 'content-length') continue;
      if (length !== undefined) throw this.#wrong('Content-Length is given twice', header);
      length = value;
    }
    if (length === undefined) throw this.#wrong('Content-Length is missing', header);
    // Not trim(): what else it takes for white space, a stray CR too, is no part of a header.
    const digits = /^[ \t]*(\d+)[ \t]*$/.exec(length)?.[1];
    if (digits === undefined) throw this.#wrong('Content-Length is not a decimal number', header);
    const size = Number(digits);
    if (size > this.limit || !Number.isSafeInteger(size)) throw this.tooLarge(size);
    return size;
  }

  #checkCharset(type: string, header: Uint8Array): void {
    const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type)?.[1];
    if (charset === undefined || /^utf-?8$/i.test(charset)) return;
    throw this.#wrong(`the charset is ${charset}`, header);
  }

  #wrong(what: string, header: Uint8Array): CodecError {
    return this.fatal(new CodecError(`The header of a message is wrong: ${what}`, rawOf(header)));
  }
}
