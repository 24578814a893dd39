/** The framing of LSP and DAP: each JSON text follows a header with its length. */

import { CodecError, LimitError } from '../core/errors.ts';
import type { Limits, TextCodec } from '../core/codec.ts';
import { bytesOfLatin1, latin1Of, utf8Length } from './bytes.ts';
import { BufferedDecoder } from './decoder.ts';
import {
  checkJsonOptions,
  encodeJson,
  JsonReader,
  type JsonOptions,
  type JsonValue,
} from './json.ts';
import { decodeUtf8, quoteBytes, rawOf } from './utf8.ts';

const CR = 0x0d;
const LF = 0x0a;
const MAX_HEADER_BYTES = 8 * 1024;
/** A header with nothing but the length, as nearly all are. */
const USUAL_HEADER = /^Content-Length: (\d+)\r\n$/;

/**
 * The base protocol of LSP and DAP: a header with `Content-Length: N` and maybe other fields, a blank
 * line, and N bytes of UTF-8 JSON. The lines of the header end in `\r\n`; the header may have 8192
 * bytes. A byte order mark at the start of the stream is ignored. `maxMessageBytes` bounds N.
 *
 * - Encoding throws a `CodecError` for a message that has no JSON text: `undefined`, a function, `NaN`,
 *   a cycle, very deep nesting, a bigint with more than 1000 digits. Within an object or array, `undefined` and `NaN` are left out or become
 *   `null`, as in `JSON.stringify`.
 * - Decoding throws a `CodecError` for a body that is not UTF-8 or not JSON, is nested too deeply, or has too
 *   many values; later messages are decoded.
 * - After an error in a header, nothing more can be decoded. It is a `CodecError` when the header does
 *   not consist of fields, when the length is missing, duplicate or not decimal, or when the charset is
 *   not UTF-8; it is a `LimitError` when the header or the length is too large.
 * - A stream that ends within a message is a `CodecError`.
 *
 * The types `In` and `Out` are not checked at run time.
 *
 * @throws {ArgumentError} When `maxDepth` or `maxValues` is not a number above 0, or `skipUntil` cannot be the
 *   beginning of a line.
 */
export function contentLength<In = JsonValue, Out = In>(
  options: JsonOptions = {},
): TextCodec<In, Out> {
  checkJsonOptions('contentLength()', options);
  const first = options.objects === true ? '{' : undefined;
  return {
    encode: (message) => {
      const body = encodeJson(message, first);
      return `Content-Length: ${String(utf8Length(body))}\r\n\r\n${body}`;
    },
    createDecoder: (limits) => new ContentLengthDecoder<In>(limits, options),
  };
}

class ContentLengthDecoder<In> extends BufferedDecoder<In> {
  readonly #json: JsonReader;
  /** How many bytes of the header have been searched for line ends, and where its last line begins. */
  #searched = 0;
  #line = 0;
  /** Where the body begins and ends, counted from the start of the message; 0 while not known. */
  #start = 0;
  #end = 0;

  constructor(limits: Limits, options: JsonOptions) {
    super(limits, { skipUntil: options.skipUntil });
    this.#json = new JsonReader(options, this.limit);
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
    this.#json.enter(text, body);
    return this.#json.parse(text) as In;
  }

  #readHeader(): boolean {
    const bytes = this.buffer.view(0, Math.min(this.buffer.length, MAX_HEADER_BYTES));
    while (this.#start === 0) {
      const newline = bytes.indexOf(LF, this.#searched);
      if (newline === -1) break;
      if (bytes[newline - 1] !== CR) throw this.#invalid('a line does not end in CR LF', bytes);
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
    const text =
      `The header of a message exceeds the limit of ${String(MAX_HEADER_BYTES)} bytes. ` +
      `It begins with ${quoteBytes(this.buffer.view())}`;
    throw this.fatal(new LimitError(text, MAX_HEADER_BYTES, this.buffer.length));
  }

  /** Returns the length of the body, after checking the fields of the header. */
  #bodySize(header: Uint8Array): number {
    const text = latin1Of(header);
    const digits = USUAL_HEADER.exec(text)?.[1] ?? this.#digitsIn(text, header);
    const size = Number(digits);
    if (size > this.limit || !Number.isSafeInteger(size)) throw this.tooLarge(size);
    return size;
  }

  /** Returns the digits of the length in a header of any fields. */
  #digitsIn(text: string, header: Uint8Array): string {
    let length: string | undefined;
    for (const line of text.split('\r\n').slice(0, -1)) {
      const colon = line.indexOf(':');
      if (colon < 1)
        throw this.#invalid(`${quoteBytes(bytesOfLatin1(line))} is not a field`, header);
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1);
      if (name === 'content-type') this.#checkCharset(value, header);
      if (name !== 'content-length') continue;
      if (length !== undefined) throw this.#invalid('Content-Length is given twice', header);
      length = value;
    }
    if (length === undefined) throw this.#invalid('Content-Length is missing', header);
    // Not trim(), which removes more than a header may contain, such as a stray CR.
    const digits = /^[ \t]*(\d+)[ \t]*$/.exec(length)?.[1];
    if (digits === undefined)
      throw this.#invalid(
        `Content-Length is ${quoteBytes(bytesOfLatin1(length))}, not a decimal number`,
        header,
      );
    return digits;
  }

  #checkCharset(type: string, header: Uint8Array): void {
    const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type)?.[1];
    if (charset === undefined || /^utf-?8$/i.test(charset)) return;
    throw this.#invalid(
      `the charset is ${quoteBytes(bytesOfLatin1(charset))}; it must be utf-8`,
      header,
    );
  }

  #invalid(why: string, header: Uint8Array): CodecError {
    return this.fatal(new CodecError(`The header of a message is invalid: ${why}`, rawOf(header)));
  }
}
