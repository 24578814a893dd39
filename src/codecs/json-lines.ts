/** One JSON text per line. */

import type { Limits, TextCodec } from '../core/codec.ts';
import {
  checkJsonOptions,
  encodeJson,
  JsonReader,
  type JsonOptions,
  type JsonValue,
} from './json.ts';
import { LineDecoder } from './line-decoder.ts';
import { Preamble } from './preamble.ts';

/**
 * One JSON text per line (JSON Lines, ND-JSON), in UTF-8. Sent lines end in `\n`; received lines may
 * also end in `\r\n`, and blank lines are skipped. A byte order mark at the start of the stream is
 * ignored. `maxMessageBytes` bounds a line without its terminator.
 *
 * - Encoding throws a `CodecError` for a message that has no JSON text: `undefined`, a function, `NaN`,
 *   a cycle, very deep nesting. Within an object or array, `undefined` and `NaN` are left out or become
 *   `null`, as in `JSON.stringify`.
 * - Decoding throws a `CodecError` for a line that is not UTF-8 or not JSON; later lines are decoded.
 *   After a `LimitError`, nothing more can be decoded.
 * - A stream that ends within a line is a `CodecError`.
 *
 * The types `In` and `Out` are not checked at run time.
 *
 * @throws {ArgumentError} When `skipUntil` cannot be the beginning of a line.
 */
export function jsonLines<In = JsonValue, Out = In>(options: JsonOptions = {}): TextCodec<In, Out> {
  checkJsonOptions('jsonLines()', options);
  const first = options.objects === true ? '{' : undefined;
  return {
    encode: (message) => `${encodeJson(message, first)}\n`,
    createDecoder: (limits) => new JsonLinesDecoder<In>(limits, options),
  };
}

class JsonLinesDecoder<In> extends LineDecoder<In> {
  readonly #json: JsonReader;

  constructor(limits: Limits, options: JsonOptions) {
    super(limits, new Preamble(options));
    this.#json = new JsonReader(options);
  }

  protected override enter(block: string): void {
    this.#json.enter(block);
  }

  protected override parse(line: string): In | undefined {
    return isBlank(line) ? undefined : (this.#json.parse(line) as In);
  }

  protected override unfinished(): Uint8Array {
    const rest = this.buffer.view();
    return rest.every((byte) => isBlank(String.fromCharCode(byte))) ? rest.subarray(0, 0) : rest;
  }
}

function isBlank(line: string): boolean {
  // The first comparison decides nearly all cases.
  return line === '' || (line.charCodeAt(0) <= 0x20 && /^[ \t\r]*$/.test(line));
}
