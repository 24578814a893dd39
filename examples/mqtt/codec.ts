/**
 * The packets of MQTT 3.1.1 that a client sends and receives, with QoS 0 and 1.
 *
 * `framed()` finds out where a packet begins and ends: a byte with its type and flags, its length as a varint,
 * and the rest, its payload. This file turns payloads into objects and back.
 */

import { CodecError, type Frame, framed, type OutboundFrame, RefusedError } from 'wirechart';

/** A message for the subscribers of a topic. It is received as bytes. */
export interface Message<Payload = string | Uint8Array> {
  readonly topic: string;
  readonly payload: Payload;
  /** 0: at most once. 1: at least once; the receiver confirms it. Default 0. */
  readonly qos?: 0 | 1;
  /** Whether the broker keeps it for later subscribers. Default false. */
  readonly retain?: boolean;
}

/** A message as a subscriber receives it. */
export interface Publish extends Message<Uint8Array> {
  readonly type: 'publish';
  /** Present if its QoS is 1: it is confirmed with this id. */
  readonly id?: number;
  readonly refusal?: undefined;
}

/** Who the client is. */
export interface Login {
  /** Empty: the broker chooses one. */
  readonly clientId: string;
  /**
   * In seconds; 0 for none. The broker drops a client that sends nothing for one and a half times as long. As
   * the client pings twice in this time, a `timeouts.idle` as long notices a broker that hangs.
   */
  readonly keepAlive: number;
  readonly username?: string;
  readonly password?: string;
  /** The broker publishes it when the connection ends without a DISCONNECT. */
  readonly will?: Message;
}

/** What a client sends. */
export type ToBroker =
  | (Login & { readonly type: 'connect' })
  | (Message & { readonly type: 'publish'; readonly id?: number })
  | { readonly type: 'subscribe'; readonly id: number; readonly filter: string; qos: 0 | 1 }
  | { readonly type: 'puback'; readonly id: number }
  | { readonly type: 'pingreq' | 'disconnect' };

/** What a broker sends in answer to a packet; the id is that of the packet. */
export interface Answer {
  readonly type: 'connack' | 'puback' | 'suback' | 'pingresp';
  readonly id?: number;
  /** Present if the broker refuses the connection, or the subscription. */
  readonly refusal?: RefusedError;
}

/** What a broker sends. */
export type FromBroker = Publish | Answer;

/** Returns the codec of a client. */
export const mqtt = () => framed({ type: 'before', varint: 4, decode: parse, encode: serialize });

/** The byte before the length has the type of a packet in its upper four bits, and flags in the others. */
function serialize(packet: ToBroker): OutboundFrame {
  switch (packet.type) {
    case 'connect':
      return { type: 0x10, payload: serializeLogin(packet) };
    case 'publish': {
      const { topic, payload, id, retain = false } = packet;
      const flags = (id === undefined ? 0 : 2) + (retain ? 1 : 0);
      const ids = id === undefined ? [] : [word(id)];
      return { type: 0x30 + flags, payload: [...text(topic), ...ids, bytesOf(payload)] };
    }
    case 'puback':
      return { type: 0x40, payload: [word(packet.id)] };
    case 'subscribe': {
      const { id, filter, qos } = packet;
      return { type: 0x82, payload: [word(id), ...text(filter), byte(qos)] };
    }
    case 'pingreq':
      return { type: 0xc0, payload: [] };
    case 'disconnect':
      return { type: 0xe0, payload: [] };
  }
}

function serializeLogin({ clientId, keepAlive, username, password, will }: Login): Uint8Array[] {
  const cleanSession = 2;
  const flags = will === undefined ? 0 : 4 + 8 * (will.qos ?? 0) + (will.retain === true ? 32 : 0);
  const named = (username === undefined ? 0 : 128) + (password === undefined ? 0 : 64);
  const texts = [clientId, will?.topic, will?.payload, username, password];
  return [
    ...[...text('MQTT'), byte(4), byte(cleanSession + flags + named), word(keepAlive)],
    ...texts.flatMap((given) => (given === undefined ? [] : text(given))),
  ];
}

const byte = (value: number): Uint8Array => Uint8Array.of(value);

const word = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);

const bytesOf = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? new TextEncoder().encode(value) : value;

/** A text, or bytes, with the length before it. */
function text(value: string | Uint8Array): Uint8Array[] {
  const bytes = bytesOf(value);
  if (bytes.length <= 0xffff) return [word(bytes.length), bytes];
  throw new CodecError(`A text of ${String(bytes.length)} bytes is longer than 65535`);
}

function parse({ type, payload }: Frame): FromBroker {
  const fields = new Fields(payload);
  switch (type >> 4) {
    case 2:
      return parseConnAck(fields.word() & 0xff);
    case 3:
      return parsePublish(type, fields);
    case 4:
      return { type: 'puback', id: fields.word() };
    case 9:
      return parseSubAck(fields.word(), fields.byte());
    case 13:
      return { type: 'pingresp' };
    default:
      throw new CodecError(`A broker sends no packet of the type ${String(type >> 4)}`, payload);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  1: 'it does not speak MQTT 3.1.1',
  2: 'it does not accept the client id',
  3: 'it is not available at the moment',
  4: 'the user name or the password is wrong',
  5: 'the client is not authorized',
};

/** A CONNACK says with a code whether the broker accepts the client. */
function parseConnAck(code: number): Answer {
  if (code === 0) return { type: 'connack' };
  const text = `The broker refuses the client: ${REASONS[code] ?? `code ${String(code)}`}`;
  return { type: 'connack', refusal: new RefusedError(text, { retryable: code === 3 }) };
}

function parseSubAck(id: number, code: number): Answer {
  if (code < 0x80) return { type: 'suback', id };
  const refusal = new RefusedError('The broker refuses the subscription', { retryable: false });
  return { type: 'suback', id, refusal };
}

function parsePublish(type: number, fields: Fields): Publish {
  const qos = (type >> 1) & 3;
  // The client subscribes with at most QoS 1, so a broker must not send QoS 2.
  if (qos > 1) throw new CodecError(`A message has the QoS ${String(qos)}`);
  const topic = fields.text();
  const id = qos === 1 ? ({ qos, id: fields.word() } as const) : ({ qos: 0 } as const);
  return { type: 'publish', topic, ...id, retain: (type & 1) === 1, payload: fields.rest() };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the fields of a payload one after the other. */
class Fields {
  readonly #payload: Uint8Array;
  #at = 0;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  word(): number {
    return this.byte() * 256 + this.byte();
  }

  text(): string {
    const bytes = this.#take(this.word());
    try {
      return UTF8.decode(bytes);
    } catch (cause) {
      throw new CodecError('A text is not UTF-8', bytes, { cause });
    }
  }

  rest(): Uint8Array {
    return this.#take(this.#payload.length - this.#at);
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#payload.length) throw new CodecError('A packet is too short', this.#payload);
    const taken = this.#payload.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
