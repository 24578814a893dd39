/** RESP, the protocol of Redis, for both roles: a client sends commands, and a server replies. */

import { type Codec, CodecError, type Encoded, type Limits } from 'wirechart';
import { RespDecoder, type TextEncoding } from './decoder.ts';
import { type Command, Push, type Reply, RespError, Status } from './values.ts';

export { type Command, Push, type Reply, RespError, Status } from './values.ts';

/**
 * The codec of a client. Texts in replies are strings. A command consists of strings, numbers and bytes, which
 * must not be changed after they were sent.
 *
 * @param encoding - Of the strings, default `utf8`. With `latin1` each character is a byte: for images, and
 *   other values that are not text.
 */
export const resp = (encoding: TextEncoding = 'utf8'): Codec<Reply, Command> => ({
  encode: (command) => encodeCommand(command, encoding),
  createDecoder: (limits) => new RespDecoder(limits, { encoding }),
});

/** The codec of a server: each client gets one of its own, because it chooses the version. */
export class RespServerCodec implements Codec<Reply> {
  /** 2 or 3. In 2, maps and sets are sent as arrays, doubles as texts, and booleans as 0 and 1. */
  version: 2 | 3 = 2;
  readonly #encoding: TextEncoding;

  /** @param encoding - As for `resp()`. Default `latin1`, which preserves any value. */
  constructor(encoding: TextEncoding = 'latin1') {
    this.#encoding = encoding;
  }

  encode(reply: Reply): Encoded {
    return bytesOf(encodeReply(reply, this.version, this.#encoding), this.#encoding);
  }

  /** Replies to `HELLO`, and changes the version if the client has named one. */
  hello(version?: string): Reply {
    if (version !== undefined && version !== '2' && version !== '3') {
      return new RespError('NOPROTO unsupported protocol version');
    }
    if (version !== undefined) this.version = version === '3' ? 3 : 2;
    return new Map<Reply, Reply>(Object.entries({ server: 'wirechart', proto: this.version }));
  }

  createDecoder(limits: Limits): RespDecoder {
    return new RespDecoder(limits, { encoding: this.#encoding, inline: true });
  }
}

/**
 * The words of a command that a client has sent.
 *
 * @throws {CodecError} When it is no array of texts.
 */
export function wordsOf(command: Reply): readonly string[] {
  if (Array.isArray(command) && command.every((word) => typeof word === 'string')) return command;
  throw new CodecError('A command must be an array of texts');
}

function encodeCommand(command: Command, encoding: TextEncoding): Encoded {
  let text = `*${String(command.length)}\r\n`;
  for (const word of command) {
    if (typeof word === 'object') return partsOf(command, encoding);
    text += bulk(typeof word === 'string' ? word : String(word), encoding);
  }
  return bytesOf(text, encoding);
}

/** A command that has bytes, which are not copied. */
function partsOf(command: Command, encoding: TextEncoding): Uint8Array[] {
  const parts: Uint8Array[] = [Buffer.from(`*${String(command.length)}\r\n`)];
  for (const word of command) {
    const bytes = typeof word === 'object' ? word : Buffer.from(String(word), encoding);
    parts.push(Buffer.from(`$${String(bytes.length)}\r\n`), bytes, CRLF);
  }
  return parts;
}

const CRLF = Buffer.from('\r\n');

/** A text on the wire: strings are written as UTF-8, in which only the characters of ASCII are one byte. */
const bytesOf = (text: string, encoding: TextEncoding): Encoded =>
  encoding === 'utf8' || Buffer.byteLength(text) === text.length
    ? text
    : Buffer.from(text, encoding);

function bulk(text: string, encoding: TextEncoding): string {
  const size = encoding === 'utf8' ? Buffer.byteLength(text) : text.length;
  return `$${String(size)}\r\n${text}\r\n`;
}

function encodeReply(reply: Reply, version: 2 | 3, encoding: TextEncoding): string {
  switch (typeof reply) {
    case 'string':
      return bulk(reply, encoding);
    case 'number':
      return encodeNumber(reply, version);
    case 'bigint':
      return version === 3 ? `(${String(reply)}\r\n` : bulk(String(reply), encoding);
    case 'boolean':
      return version === 3 ? `#${reply ? 't' : 'f'}\r\n` : `:${reply ? '1' : '0'}\r\n`;
    default:
      return encodeObject(reply, version, encoding);
  }
}

function encodeNumber(number: number, version: 2 | 3): string {
  const text = String(number).replace('Infinity', 'inf').replace('NaN', 'nan');
  if (Number.isSafeInteger(number)) return `:${text}\r\n`;
  return version === 3 ? `,${text}\r\n` : bulk(text, 'latin1');
}

type Collection = Push | readonly Reply[] | ReadonlyMap<Reply, Reply> | ReadonlySet<Reply>;

function encodeObject(
  reply: Status | RespError | Collection | null,
  version: 2 | 3,
  encoding: TextEncoding,
): string {
  if (reply === null) return version === 3 ? '_\r\n' : '$-1\r\n';
  if (reply instanceof Status) return `+${oneLine(reply.text)}\r\n`;
  if (reply instanceof RespError) return `-${oneLine(reply.text)}\r\n`;
  const [type, items] = listOf(reply);
  const count = type === '%' ? items.length / 2 : items.length;
  const header = version === 3 ? `${type}${String(count)}` : `*${String(items.length)}`;
  const body = items.map((item) => encodeReply(item, version, encoding)).join('');
  return `${header}\r\n${body}`;
}

/** The type of a collection, and its elements; those of a map are keys and values in turn. */
function listOf(reply: Collection): [type: string, items: readonly Reply[]] {
  if (reply instanceof Push) return ['>', [reply.kind, ...reply.values]];
  if (reply instanceof Map) return ['%', [...reply].flat(1)];
  return reply instanceof Set ? ['~', [...reply]] : ['*', [...reply]];
}

/** A line end in a text would be read as the end of the reply. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ');
