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
 *   a cycle, very deep nesting, a bigint with more than 1000 digits. Within an object or array, `undefined` and `NaN` are left out or become
 *   `null`, as in `JSON.stringify`.
 * - Decoding throws a `CodecError` for a line that is not UTF-8 or not JSON, is nested too deeply, or has
 *   too many values; later lines are decoded. After a `LimitError`, nothing more can be decoded.
 * - A stream that ends within a line is a `CodecError`.
 *
 * The types `In` and `Out` are not checked at run time.
 *
 * @throws {ArgumentError} When `maxDepth` or `maxValues` is not a number above 0, or `skipUntil` cannot be the
 *   beginning of a line.
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
    this.#json = new JsonReader(options, this.limit);
  }

  protected override enter(block: string, bytes: Uint8Array): void {
    this.#json.enter(block, bytes);
  }

  protected override skipBlank(block: string, from: number): number {
    // The first comparison decides nearly all cases.
    return block.charCodeAt(from) <= SPACE ? endOfBlankLines(block, from) : from;
  }

  protected override parse(line: string): In | undefined {
    return isBlank(line) ? undefined : (this.#json.parse(line) as In);
  }

  protected override unfinished(): Uint8Array {
    const rest = this.buffer.view();
    return rest.every(isBlankCode) ? rest.subarray(0, 0) : rest;
  }
}

const SPACE = 0x20;
const CR = 0x0d;
const TAB = 0x09;
const LF = 0x0a;

const isBlankCode = (code: number): boolean => code === SPACE || code === TAB || code === CR;

function isBlank(line: string): boolean {
  let at = 0;
  while (isBlankCode(line.charCodeAt(at))) at++;
  return at === line.length;
}

/** Returns the index after the blank lines at `from`. */
function endOfBlankLines(block: string, from: number): number {
  let end = from;
  for (let at = from; ; at++) {
    const code = block.charCodeAt(at);
    if (code === LF) end = at + 1;
    else if (!isBlankCode(code)) return end;
  }
}
