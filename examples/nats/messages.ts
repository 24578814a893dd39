/** The operations of the NATS protocol as objects, and what some of them mean. */

import { randomUUID } from 'node:crypto';
import { CodecError, RefusedError, type Session as SessionOf } from 'wirechart';

/** What a server says of itself before anything else. It has more members. */
export interface Info {
  readonly op: 'INFO';
  readonly server_id: string;
  readonly version: string;
  /** The largest payload, in bytes. */
  readonly max_payload: number;
  readonly auth_required?: boolean;
  readonly tls_required?: boolean;
}

/** A message of a subscription. */
export class Message {
  readonly op = 'MSG';
  readonly subject: string;
  /** The number of the subscription. */
  readonly sid: number;
  /** Where to publish a reply, if one is wanted. */
  readonly reply: string | undefined;
  readonly data: Buffer;
  /** The headers as they came, beginning with a line such as `NATS/1.0 503`. */
  readonly head: string | undefined;

  constructor(
    subject: string,
    sid: number,
    reply: string | undefined,
    data: Buffer,
    head: string | undefined,
  ) {
    this.subject = subject;
    this.sid = sid;
    this.reply = reply;
    this.data = data;
    this.head = head;
  }

  /** The payload as text. */
  get text(): string {
    return this.data.toString();
  }

  /** The status that a server has put into the headers: 503 says that there is no responder. */
  get status(): number | undefined {
    const [, status] = /^NATS\/1\.0 (\d+)/.exec(this.head ?? '') ?? [];
    return status === undefined ? undefined : Number(status);
  }

  /** The headers; of those with the same name, the last one. */
  get headers(): ReadonlyMap<string, string> {
    const lines = this.head?.split('\r\n').slice(1) ?? [];
    return new Map(
      lines.filter(Boolean).map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
    );
  }
}

/** What a server sends. */
export type In =
  | Info
  | Message
  | { readonly op: 'PING' }
  | { readonly op: 'PONG' }
  | { readonly op: '+OK' }
  | { readonly op: '-ERR'; readonly text: string };

type Named<Name> = Extract<In, { readonly op: Name }>;

/** What a message carries: text, or bytes, which must not be changed after they were sent. */
export type Payload = string | Uint8Array;

/** What a client publishes. */
export interface Publication {
  readonly op: 'PUB';
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly data: Payload;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Is given the messages of a subscription. */
export type Listener = (message: Message) => void | Promise<void>;

/** Of those that subscribe with the same `queue`, one gets a message. */
export interface Subscription {
  readonly op: 'SUB';
  readonly subject: string;
  readonly queue?: string | undefined;
  readonly sid: number;
  readonly listener: Listener;
}

/** What a client sends. */
export type Out =
  | { readonly op: 'CONNECT'; readonly options: object }
  | { readonly op: 'PING' | 'PONG' }
  | Publication
  | Subscription
  | { readonly op: 'UNSUB'; readonly sid: number };

/** The session of the handshake and the farewell. */
export type Session<Negotiated = undefined> = SessionOf<In, Out, Negotiated>;

/** A subject for replies, with a wildcard in the place of the request. */
export const newInbox = (): string => `_INBOX.${randomUUID()}.*`;

/**
 * The reply to a request.
 *
 * @throws {RefusedError} When the server says that there is no responder.
 */
export function answered(reply: Message | undefined): Message {
  if (reply === undefined || reply.status === 503) throw new RefusedError('There is no responder');
  return reply;
}

/** What makes another attempt useless, unlike `maximum connections exceeded`. */
const FINAL = /authoriz|authentic|permission|payload|protocol|parser|invalid|secure/i;

/** The error that a server has sent. */
export const refusal = (text: string): RefusedError =>
  new RefusedError(`The NATS server says: ${text}`, { retryable: !FINAL.test(text) });

/**
 * The operation, if it is the expected one.
 *
 * @throws {RefusedError} When it is an error.
 * @throws {CodecError} When it is anything else.
 */
export function expectOp<Name extends In['op']>(name: Name, operation: In): Named<Name> {
  const isExpected = (op: In): op is Named<Name> => op.op === name;
  if (isExpected(operation)) return operation;
  if (operation.op === '-ERR') throw refusal(operation.text);
  throw new CodecError(`The server sent ${operation.op} instead of ${name}`);
}
