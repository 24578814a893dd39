/** JSON values in sequence, framed by their structure. */

import type { TextCodec } from '../core/codec.ts';
import { JsonStreamDecoder } from './json-stream-decoder.ts';
import { checkChoices } from '../core/options.ts';
import { checkJsonOptions, encodeJson, type JsonObject, type JsonOptions } from './json.ts';

/** The options of `jsonStream()`. */
export interface JsonStreamOptions extends JsonOptions {
  /** Whether messages must be objects. When `false`, they may be arrays too. Default `true`. */
  readonly objects?: boolean | undefined;
  /** What follows each value that is sent. Default `'\n'`. */
  readonly terminator?: '' | '\n' | '\r\n' | undefined;
}

/**
 * JSON objects (or arrays) in sequence, in UTF-8, framed by their structure: a value may span several
 * lines, and a line may have several values. White space between values is ignored, and does not count
 * towards `maxMessageBytes`. So is a byte order mark at the start of the stream.
 *
 * A byte 0xFF or 0x00, which no JSON text contains, resets the stream anywhere: an incomplete value is
 * dropped without an error, and decoding starts over with the next byte. (QEMU's guest agent sends 0xFF
 * before the reply to `guest-sync-delimited`.)
 *
 * - Encoding throws a `CodecError` for a message that is not an object (or array), or that has no JSON
 *   text: a cycle, very deep nesting, a bigint with more than 1000 digits. Within an object or array, `undefined` and `NaN` are left out or
 *   become `null`, as in `JSON.stringify`.
 * - Decoding throws a `CodecError`, and continues after the bytes concerned:
 *   - a byte with which no value begins, and the rest of its line (`raw` has what has arrived of it);
 *   - a byte that cannot occur in JSON where it is, at once, and the rest of its line;
 *   - a value that is not UTF-8, not JSON, nested too deeply, or has too many values;
 *   - a value with a line end in a string: it is dropped up to there, and the next line is decoded.
 *
 *   After a `LimitError`, nothing more can be decoded.
 * - A stream that ends within a value is a `CodecError`.
 *
 * The types `In` and `Out` are not checked at run time.
 *
 * @throws {ArgumentError} When `maxDepth` or `maxValues` is not a number above 0, or `skipUntil` cannot be the
 *   beginning of a line.
 */
export function jsonStream<In = JsonObject, Out = In>(
  options: JsonStreamOptions = {},
): TextCodec<In, Out> {
  checkJsonOptions('jsonStream()', options, { terminator: true });
  checkChoices('jsonStream()', options, { terminator: ['', '\n', '\r\n'] });
  const { objects = true, terminator = '\n', ...settings } = options;
  const first = objects ? '{' : '{[';
  return {
    encode: (message) => encodeJson(message, first) + terminator,
    createDecoder: (limits) => new JsonStreamDecoder<In>(limits, { ...settings, first }),
  };
}
