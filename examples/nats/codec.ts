/** The protocol of NATS, for a client: https://docs.nats.io/reference/reference-protocols/nats-protocol */

import { BufferedDecoder, type Codec, CodecError, type Encoded } from 'wirechart';
import { type In, type Info, type Listener, Message } from './messages.ts';
import type { Out, Publication, Subscription } from './messages.ts';

export * from './messages.ts';

/** The codec of a client. */
export const codec: Codec<In, Out> = {
  encode,
  createDecoder: (limits) => new NatsDecoder(limits),
};

/**
 * Returns a subscription.
 *
 * @throws {CodecError} When the subject, or the name of the queue, is invalid.
 */
export function subscription(
  subject: string,
  sid: number,
  listener: Listener,
  queue?: string,
): Subscription {
  tokens(subject, queue);
  return { op: 'SUB', subject, sid, listener, queue };
}

/** No `+OK` for each operation; headers, in which the server says that a request has no responder. */
const CONNECT_OPTIONS = {
  verbose: false,
  pedantic: false,
  lang: 'wirechart',
  version: '1',
  protocol: 1,
  headers: true,
  no_responders: true,
};
const LF = 0x0a;
const CR = 0x0d;
const NOTHING: Buffer = Buffer.alloc(0);
const CRLF = Buffer.from('\r\n');
/** So long may the line before a payload be, which is not counted as a part of the message. */
const MAX_LINE_BYTES = 4096;
/** Payloads of up to so many bytes are copied into one piece with the line before them. */
const MAX_COPIED_BYTES = 512;

function encode(message: Out): Encoded {
  switch (message.op) {
    case 'PUB':
      return encodePublication(message);
    case 'CONNECT':
      return `CONNECT ${JSON.stringify({ ...CONNECT_OPTIONS, ...message.options })}\r\n`;
    case 'SUB':
      return `SUB ${tokens(message.subject, message.queue)} ${String(message.sid)}\r\n`;
    case 'UNSUB':
      return `UNSUB ${String(message.sid)}\r\n`;
    default:
      return `${message.op}\r\n`;
  }
}

function encodePublication({ subject, reply, data, headers }: Publication): Encoded {
  const head = headers === undefined ? '' : headOf(headers);
  const headSize = Buffer.byteLength(head);
  const size = headSize + (typeof data === 'string' ? Buffer.byteLength(data) : data.length);
  const to = tokens(subject, reply);
  const line =
    head === ''
      ? `PUB ${to} ${String(size)}\r\n`
      : `HPUB ${to} ${String(headSize)} ${String(size)}\r\n${head}`;
  if (typeof data === 'string') return `${line}${data}\r\n`;
  return data.length > MAX_COPIED_BYTES ? [Buffer.from(line), data, CRLF] : joined(line, data);
}

function joined(line: string, data: Uint8Array): Uint8Array {
  const lineSize = Buffer.byteLength(line);
  const frame = Buffer.allocUnsafe(lineSize + data.length + 2);
  frame.write(line);
  frame.set(data, lineSize);
  frame[frame.length - 2] = CR;
  frame[frame.length - 1] = LF;
  return frame;
}

/** A subject, and a reply or the name of a queue. */
function tokens(subject: string, other: string | undefined): string {
  return other === undefined ? token(subject) : `${token(subject)} ${token(other)}`;
}

/** White space would begin the next argument, or another operation. */
function token(text: string): string {
  if (text !== '' && !/\s/.test(text)) return text;
  throw new CodecError(`A subject must be a text without white space, not '${text}'`);
}

function headOf(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    if (/[\r\n]/.test(value) || !/^[!-9;-~]+$/.test(name))
      throw new CodecError(
        `A header must be one line, and its name a word, not '${name}: ${value}'`,
      );
    return `${name}: ${value}\r\n`;
  });
  return `NATS/1.0\r\n${lines.join('')}\r\n`;
}

/** The line before the payload of a message. */
interface Header {
  readonly subject: string;
  readonly sid: number;
  readonly reply: string | undefined;
  readonly headSize: number;
  readonly size: number;
}

class NatsDecoder extends BufferedDecoder<In> {
  /** A view of the buffer: one for all messages of a chunk. */
  #bytes: Buffer = NOTHING;
  /** Where the present operation begins in it. */
  #start = 0;
  /** Up to where it has been searched for the end of a line. */
  #searched = 0;
  /** Of a message whose payload is incomplete. */
  #header: Header | undefined;

  override write(chunk: Uint8Array): void {
    this.#endView();
    super.write(chunk);
  }

  protected override next(): In | undefined {
    if (this.#bytes.length === 0) this.#bytes = asBuffer(this.buffer.view());
    const op = this.#header === undefined ? this.#operation() : this.#payload(this.#header);
    if (op === undefined) {
      this.#endView();
      return undefined;
    }
    this.buffer.drop(this.#searched - this.#start);
    this.#start = this.#searched;
    return op;
  }

  /** The buffer may move now. Positions count from the present operation on, with which it begins. */
  #endView(): void {
    this.#searched -= this.#start;
    this.#start = 0;
    this.#bytes = NOTHING;
  }

  /** Reads a line, and what belongs to it. `#searched` is behind it then. */
  #operation(): In | undefined {
    const bytes = this.#bytes;
    const end = bytes.indexOf(LF, this.#searched);
    if (end === -1) {
      this.#searched = bytes.length;
      this.#checkSize(bytes.length - this.#start - MAX_LINE_BYTES);
      return undefined;
    }
    this.#searched = end + 1;
    this.#checkSize(end - this.#start - MAX_LINE_BYTES);
    const line = bytes.toString('utf8', this.#start, bytes[end - 1] === CR ? end - 1 : end);
    if (line.startsWith('MSG ')) return this.#message(line.split(' '), false);
    if (line.startsWith('HMSG ')) return this.#message(line.split(' '), true);
    return this.#shortOperation(line);
  }

  #message(words: readonly string[], hasHead: boolean): Message | undefined {
    const [, subject = '', sid = ''] = words;
    const last = words.length - 1;
    const reply = last === (hasHead ? 5 : 4) ? words[3] : undefined;
    const headSize = hasHead ? Number(words[last - 1]) : 0;
    const header = { subject, sid: Number(sid), reply, headSize, size: Number(words[last]) };
    const isWhole = Number.isSafeInteger(header.sid) && Number.isSafeInteger(header.size);
    const hasAll = reply !== undefined || last === (hasHead ? 4 : 3);
    if (!isWhole || !hasAll || !(headSize >= 0 && headSize <= header.size)) throw this.#wrong();
    this.#checkSize(header.size);
    return this.#payload(header);
  }

  #payload(header: Header): Message | undefined {
    const from = this.#searched;
    const to = from + header.size;
    if (this.#bytes.length < to + 2) {
      this.#header = header;
      return undefined;
    }
    if (this.#bytes[to] !== CR || this.#bytes[to + 1] !== LF) throw this.#wrong();
    this.#header = undefined;
    this.#searched = to + 2;
    const { subject, sid, reply, headSize } = header;
    const head = headSize > 0 ? this.#bytes.toString('utf8', from, from + headSize) : undefined;
    const data = Buffer.allocUnsafe(header.size - headSize);
    this.#bytes.copy(data, 0, from + headSize, to);
    return new Message(subject, sid, reply, data, head);
  }

  #shortOperation(line: string): In {
    if (line === 'PING' || line === 'PONG' || line === '+OK') return { op: line };
    const [, text] = /^-ERR '?(.*?)'?$/.exec(line) ?? [];
    if (text !== undefined) return { op: '-ERR', text };
    if (!line.startsWith('INFO ')) throw this.#wrong();
    try {
      const members = JSON.parse(line.slice('INFO '.length)) as Omit<Info, 'op'>;
      return { ...members, op: 'INFO' };
    } catch {
      throw this.#wrong();
    }
  }

  #checkSize(size: number): void {
    if (size > this.limit) throw this.tooLarge(size);
  }

  #wrong(): CodecError {
    const raw = this.#bytes.subarray(this.#start);
    const text = `This is not an operation of NATS: '${raw.toString('latin1', 0, 64)}'`;
    return this.fatal(new CodecError(text, raw));
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
