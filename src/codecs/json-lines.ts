/** One JSON text per line. */

import type { Limits, TextCodec } from '../core/codec.ts';
import { checkKinds } from '../core/options.ts';
import {
  checkJsonOptions,
  encodeJson,
  JsonReader,
  type JsonOptions,
  type JsonValue,
} from './json.ts';
import { LineDecoder } from './line-decoder.ts';
import { Terminator } from './terminator.ts';

/** The options of `jsonLines()`. */
export interface JsonLinesOptions extends JsonOptions {
  /**
   * What ends each line, in both directions: any text of up to 128 bytes, such as `'\0'`. With `'\n'` or
   * `'\r\n'`, received lines may end in either of them. With anything else, exactly this ends a line, and a
   * line end is white space in a message. Default `'\n'`.
   */
  readonly terminator?: string | undefined;
}

/**
 * One JSON text per line (JSON Lines, ND-JSON), in UTF-8. Lines end in `terminator`, `\n` by default; received
 * lines may also end in `\r\n` then. Blank lines are skipped. A byte order mark at the start of the stream is
 * ignored. `maxMessageBytes` bounds a line without its terminator.
 *
 * - Encoding throws a `CodecError` for a message that has no JSON text: `undefined`, a function, `NaN`,
 *   a cycle, very deep nesting, a bigint with more than 1000 digits; or whose text contains the terminator.
 *   Within an object or array, `undefined` and `NaN` are left out or become `null`, as in `JSON.stringify`.
 * - Decoding throws a `CodecError` for a line that is not UTF-8 or not JSON, is nested too deeply, or has
 *   too many values; later lines are decoded. After a `LimitError`, nothing more can be decoded.
 * - A stream that ends within a line is a `CodecError`.
 *
 * The types `In` and `Out` are not checked at run time.
 *
 * @throws {ArgumentError} When `maxDepth` or `maxValues` is not a number above 0, `skipUntil` cannot be the
 *   beginning of a line, or `terminator` cannot end one.
 */
export function jsonLines<In = JsonValue, Out = In>(
  options: JsonLinesOptions = {},
): TextCodec<In, Out> {
  checkJsonOptions('jsonLines()', options, { terminator: true });
  checkKinds('jsonLines()', options, { terminator: 'string' });
  const first = options.objects === true ? '{' : undefined;
  const { terminator = '\n' } = options;
  const end = new Terminator('jsonLines()', terminator);
  return {
    encode: isNeverInJson(terminator)
      ? (message) => encodeJson(message, first) + terminator
      : (message) => end.append(encodeJson(message, first)),
    createDecoder: (limits) => new JsonLinesDecoder<In>(limits, options),
  };
}

/** Control characters are always escaped, so a text with one of them need not be searched for. */
const isNeverInJson = (text: string): boolean =>
  Array.from(text).some((character) => character < ' ');

class JsonLinesDecoder<In> extends LineDecoder<In> {
  readonly #json: JsonReader;

  constructor(limits: Limits, options: JsonLinesOptions) {
    super(limits, {
      skipUntil: options.skipUntil,
      terminator: options.terminator,
      skipBlank: true,
    });
    this.#json = new JsonReader(options, this.limit);
  }

  protected override enter(block: string, bytes: Uint8Array): void {
    this.#json.enter(block, bytes);
  }

  protected override parse(line: string): In {
    return this.#json.parse(line) as In;
  }
}
