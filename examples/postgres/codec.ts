/**
 * The messages of PostgreSQL, version 3 of its protocol, that a client needs for simple queries.
 *
 * There are two codecs: the answer to the request for TLS is a single byte, and only then come frames: a byte
 * with the type, a length that includes itself, and the payload. The first messages of a client have no type.
 */

import {
  BufferedDecoder,
  type Codec,
  CodecError,
  type Frame,
  framed,
  type OutboundFrame,
  RefusedError,
  WirechartError,
} from 'wirechart';
import { Fields, text } from './fields.ts';

/** What a client sends. */
export type ToServer =
  | { readonly type: 'tls' }
  | { readonly type: 'startup'; readonly parameters: Readonly<Record<string, string>> }
  | { readonly type: 'mechanism'; readonly name: string; readonly secret: string }
  | { readonly type: 'response'; readonly secret: string }
  | { readonly type: 'query'; readonly text: string }
  | { readonly type: 'refuseCopy' | 'terminate' };

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, string | null>>;

/** A step of the authentication. 0: the server is content; the others belong to mechanisms. */
export interface Authentication {
  readonly type: 'authentication';
  readonly step: number;
  readonly secret: string;
}

/** What a server sends at any time: a notification of `NOTIFY`, a notice, a parameter that has changed. */
export type ServerEvent =
  | { readonly type: 'notification'; readonly channel: string; readonly payload: string }
  | { readonly type: 'notice'; readonly notice: PostgresError }
  | { readonly type: 'parameter'; readonly name: string; readonly value: string };

/** What a server sends. A result is all that belongs to one query. */
export type FromServer =
  | { readonly type: 'tls' }
  | { readonly type: 'copyIn' }
  | { readonly type: 'fatal'; readonly refusal: RefusedError }
  | { readonly type: 'result'; readonly rows: Row[]; readonly error: PostgresError | undefined }
  | Authentication
  | ServerEvent;

/** An error, or a notice, of the server. The stack of one that rejects a query names its caller. */
export class PostgresError extends WirechartError {
  /** The SQLSTATE: five letters or digits. */
  readonly code: string;
  /** All fields, by their letters in the protocol: `D` is the detail, `H` the hint, `P` the position. */
  readonly fields: ReadonlyMap<string, string>;

  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get('M') ?? '');
    this.fields = fields;
    this.code = fields.get('C') ?? '';
  }
}

/** The codec of a session that begins: the one message that it receives is the answer to `tls`. */
export const answerToTls = (): Codec<FromServer, ToServer> => ({
  encode: (message) => messages().encode(message),
  createDecoder: (limits) => new AnswerDecoder(limits),
});

class AnswerDecoder extends BufferedDecoder<FromServer> {
  protected override next(): FromServer | undefined {
    const answer = this.buffer.byteAt(0);
    if (answer === undefined) return undefined;
    this.buffer.drop(1);
    if (answer === codeOf('S')) return { type: 'tls' };
    // The text of an error is not read: without TLS, an attacker could have sent it.
    const isError = answer === codeOf('E');
    if (!isError && answer !== codeOf('N'))
      throw new CodecError('This is no PostgreSQL server', Uint8Array.of(answer));
    const refusal = new RefusedError('The server does not start TLS', { retryable: isError });
    return { type: 'fatal', refusal };
  }
}

/** Returns the codec of all that follows. It collects the rows of a query, so each session has its own. */
export function messages(): Codec<FromServer, ToServer> {
  const results = new Results();
  const decode = (frame: Frame) => parse(frame, results);
  return framed({ type: 'before', includes: 'length', decode, encode: serialize });
}

function serialize(message: ToServer): OutboundFrame {
  switch (message.type) {
    case 'tls':
      return { type: null, payload: [int32(80_877_103)] };
    case 'startup': {
      const texts = Object.entries(message.parameters).flat().map(text);
      return { type: null, payload: [int32(3 << 16), ...texts, Uint8Array.of(0)] };
    }
    case 'mechanism': {
      const response = new TextEncoder().encode(message.secret);
      const payload = [text(message.name), int32(response.length), response];
      return { type: codeOf('p'), payload };
    }
    case 'response':
      return { type: codeOf('p'), payload: message.secret };
    case 'query':
      return { type: codeOf('Q'), payload: [text(message.text)] };
    case 'refuseCopy':
      return { type: codeOf('f'), payload: [text('This client does not send data')] };
    case 'terminate':
      return { type: codeOf('X'), payload: [] };
  }
}

const codeOf = (letter: string): number => letter.charCodeAt(0);

const int32 = (value: number): Uint8Array =>
  Uint8Array.of(value >> 24, value >> 16, value >> 8, value);

function parse({ type, payload }: Frame, results: Results): FromServer | undefined {
  const fields = new Fields(payload);
  switch (String.fromCharCode(type)) {
    case 'R':
      return { type: 'authentication', step: fields.int32(), secret: fields.rest() };
    case 'S':
      return { type: 'parameter', name: fields.text(), value: fields.text() };
    case 'N':
      return { type: 'notice', notice: new PostgresError(fields.map()) };
    case 'A':
      fields.skip(4);
      return { type: 'notification', channel: fields.text(), payload: fields.text() };
    case 'G':
      return { type: 'copyIn' };
    case 'E':
      return results.fail(new PostgresError(fields.map()));
    case 'Z':
      return results.take();
    case 'T':
      results.begin(fields.list(() => fields.column()));
      return undefined;
    case 'D':
      results.add(fields.list(() => fields.value()));
      return undefined;
    default:
      if (IGNORED.includes(String.fromCharCode(type))) return undefined;
      throw new CodecError(`A server sends no message of the type ${String(type)}`, payload);
  }
}

/** The key for cancellations, the end of a statement, the data of COPY, the version of the protocol. */
const IGNORED = 'KCIHdcv';

/** The SQLSTATEs of refusals that time does not heal: the request is wrong, or who makes it. */
const FINAL = /^(?:0A|08P|22|28|3D|3F|42|57P04)/;

/** Collects the rows of one query after the other. */
class Results {
  #columns: readonly string[] = [];
  #rows: Row[] = [];
  #error: PostgresError | undefined;

  begin(columns: readonly string[]): void {
    this.#columns = columns;
  }

  add(values: readonly (string | null)[]): void {
    const entries = this.#columns.map((name, index) => [name, values[index] ?? null] as const);
    this.#rows.push(Object.fromEntries(entries));
  }

  /** An error ends the query, and a fatal one the session. */
  fail(error: PostgresError): FromServer | undefined {
    this.#error = error;
    if ((error.fields.get('V') ?? error.fields.get('S')) === 'ERROR') return undefined;
    const retryable = !FINAL.test(error.code);
    return { type: 'fatal', refusal: new RefusedError(error.message, { cause: error, retryable }) };
  }

  take(): FromServer {
    const result = { type: 'result', rows: this.#rows, error: this.#error } as const;
    this.#rows = [];
    this.#error = undefined;
    return result;
  }
}
