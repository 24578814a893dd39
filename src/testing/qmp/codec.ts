/** The codec of a scripted server: it reads what QEMU reads, and also sends raw bytes. */

import type { JsonObject, JsonValue } from '../../codecs/json.ts';
import { jsonStream } from '../../codecs/json-stream.ts';
import type { Codec, Decoder } from '../../core/codec.ts';
import { isClosedError, isWirechartError, type WirechartError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { isBytes, memberOf } from '../../core/shape.ts';
import { SingleQuotes } from './single-quotes.ts';

/** What a session sends: messages, or the raw bytes of a fault. */
export type Output = JsonObject | Uint8Array;

/** Bytes that are not JSON, and what is wrong with them. */
export class ParseError {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What a session receives: objects and arrays, and what cannot be read. */
export type Input = JsonObject | JsonValue[] | ParseError;

/**
 * The codec of a monitor. Each message that is sent ends with CRLF, as QEMU's do. What cannot be read is a
 * message, too: QEMU answers it, and goes on.
 *
 * @param pretty - Whether to write each object on several lines.
 */
export const monitorCodec = (pretty: boolean): Codec<Input, Output> => {
  const json = jsonStream<JsonObject | JsonValue[], JsonObject>({
    integers: 'bigint',
    objects: false,
    terminator: '\r\n',
  });
  return {
    encode: (output) => {
      if (isBytes(output)) return output;
      const text = json.encode(output);
      return pretty ? prettyPrint(text) : text;
    },
    createDecoder: (limits) => new MonitorDecoder(json.createDecoder(limits)),
  };
};

class MonitorDecoder implements Decoder<Input> {
  readonly #decoder: Decoder<JsonObject | JsonValue[]>;
  readonly #quotes = new SingleQuotes();

  constructor(decoder: Decoder<JsonObject | JsonValue[]>) {
    this.#decoder = decoder;
  }

  get buffered(): number {
    return this.#decoder.buffered ?? 0;
  }

  write(chunk: Uint8Array): void {
    this.#decoder.write(this.#quotes.translate(chunk));
  }

  read(): Input | undefined {
    try {
      return this.#decoder.read();
    } catch (error) {
      if (!isWirechartError(error) || error.code !== 'ERR_CODEC') throw error;
      return new ParseError(reasonOf(error));
    }
  }

  end(): void {
    try {
      this.#decoder.end();
    } catch (error) {
      // The rest of a line that cannot be read has been answered.
      if (isClosedError(memberOf(error, 'cause'))) throw error;
    }
  }
}

/** What is wrong with bytes that are no JSON object, in QEMU's words where all its versions have the same. */
function reasonOf(error: WirechartError): string {
  const raw: unknown = memberOf(error, 'raw');
  if (!isBytes(raw)) return 'JSON parse error';
  const text = new TextDecoder().decode(raw);
  return isScalar(text) ? NO_OBJECT : `JSON parse error: ${printable(text.slice(0, MAX_SHOWN))}`;
}

/** How many characters of what cannot be read the reply shows. */
const MAX_SHOWN = 64;

/** What QEMU answers to a JSON value that is not an object. */
export const NO_OBJECT = 'QMP input must be a JSON object';

const isScalar = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Writes JSON on several lines. Text with large integers stays as it is: parsing would round them. */
const prettyPrint = (text: string): string =>
  /\d{16}/.test(text) ? text : `${JSON.stringify(JSON.parse(text), null, 4)}\r\n`;
