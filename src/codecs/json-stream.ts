/** JSON values one after the other, told apart by their structure. */

import { ArgumentError } from '../core/errors.ts';
import type { Codec } from '../core/codec.ts';
import { JsonStreamDecoder, MAX_DEPTH } from './json-stream-decoder.ts';
import { stringifyJson } from './json.ts';
import type { JsonObject, JsonOptions } from './json.ts';

/** What `jsonStream()` reads, and how it writes. */
export interface JsonStreamOptions extends JsonOptions {
  /** Whether only objects are messages; when `false`, arrays are too. Default `true`. */
  readonly objects?: boolean | undefined;
  /** How deep objects and arrays may be nested; `[[]]` has two levels. Default 1024. */
  readonly maxDepth?: number | undefined;
  /** What follows each value that is sent. Default `'\n'`. */
  readonly terminator?: '' | '\n' | '\r\n' | undefined;
}

/**
 * JSON objects (or arrays) one after the other, UTF-8, framed by their structure: a value may span
 * many lines, and several may stand on one; white space between them has no meaning and does not
 * count towards the limit.
 *
 * A byte 0xFF or 0x00, which no JSON text holds, resets the stream wherever it stands: what there
 * is of an unfinished value is dropped without an error, and the next byte begins anew. (QEMU's
 * guest agent sends 0xFF before the reply to `guest-sync-delimited`.)
 *
 * - Encoding throws a `CodecError` for what is not an object (or array), or has no JSON text: a
 *   cycle, very deep nesting. Within an object or array `undefined` and `NaN` are what
 *   `JSON.stringify` makes of them: left out, or `null`.
 * - Decoding throws a `CodecError`, and goes on behind what it was thrown for:
 *   - for a byte that begins no value, and the rest of its line (`raw`: as much as has come of it);
 *   - for a value that is not UTF-8, not JSON, or nested too deep;
 *   - for a string that holds a line end, where the value is given up and the next line is tried.
 *
 *   Past a `LimitError` there is nothing more to read.
 * - A value without its end is a `CodecError` when the stream ends.
 *
 * `In` and `Out` are taken on trust: no message is checked against them.
 *
 * @throws {ArgumentError} When `maxDepth` is not a number above 0.
 */
export function jsonStream<In = JsonObject, Out = In>(
  options: JsonStreamOptions = {},
): Codec<In, Out> {
  const { objects = true, maxDepth = MAX_DEPTH, terminator = '\n' } = options;
  if (!(maxDepth > 0)) {
    throw new ArgumentError(`maxDepth must be a number above 0, not ${String(maxDepth)}`);
  }
  const first = objects ? '{' : '{[';
  return {
    encode: (message) => stringifyJson(message, first) + terminator,
    createDecoder: (limits) =>
      new JsonStreamDecoder<In>(limits, { first, maxDepth, integers: options.integers }),
  };
}
