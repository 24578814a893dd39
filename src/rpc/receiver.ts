/** Tells what each message of the peer is, and hands it on. */

import { ACCEPTED } from '../async/deferred.ts';
import type { JsonValue } from '../codecs/json.ts';
import { codeOf } from '../core/shape.ts';
import { describe } from '../core/errors.ts';
import type { RpcDialect } from './dialects.ts';
import type { Handlers, Respond } from './handlers.ts';
import {
  classify,
  errorIn,
  type Received,
  RPC_CODES,
  type RpcMessage,
  type RpcReply,
} from './messages.ts';
import { failed } from './replies.ts';
import type { Requests } from './requests.ts';

/** What messages are handed to. */
export interface ReceiverParts {
  readonly dialect: RpcDialect | undefined;
  readonly requests: Requests;
  readonly handlers: Handlers;
  readonly send: (message: RpcMessage) => Promise<void>;
  readonly warn: (text: string) => void;
}

/** The messages of one connection. */
export class Receiver {
  readonly #parts: ReceiverParts;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  /** Handles a message. The next one is to be read when what it returns has resolved. Never rejects. */
  readonly receive = (message: JsonValue): PromiseLike<void> | undefined => {
    const sent = Array.isArray(message)
      ? this.#onBatch(message)
      : this.#onOne(this.#classify(message), this.#respond);
    return sent === ACCEPTED ? undefined : sent;
  };

  readonly #respond: Respond = (reply) =>
    reply === undefined
      ? ACCEPTED
      : this.#reply(reply, (text) => failed(reply.id, RPC_CODES.internalError, text));

  /** A batch is answered by one batch, when every request in it has its reply. */
  #onBatch(messages: readonly JsonValue[]): PromiseLike<void> | undefined {
    if (messages.length === 0) {
      return this.#respond(failed(null, RPC_CODES.invalidRequest, 'The batch is empty'));
    }
    const replies: RpcReply[] = [];
    const all = messages.map((message) => this.#classify(message));
    let missing = all.filter(isAnswered).length;
    const respond: Respond = (reply) => {
      if (reply !== undefined) replies.push(reply);
      missing -= 1;
      return missing === 0 && replies.length > 0 ? this.#respondAll(replies) : ACCEPTED;
    };
    let last: PromiseLike<void> | undefined;
    for (const received of all) {
      const sent = this.#onOne(received, respond);
      if (sent !== undefined && sent !== ACCEPTED) last = sent;
    }
    return last;
  }

  #respondAll(replies: readonly RpcReply[]): PromiseLike<void> {
    return this.#reply(replies, (text) =>
      replies.map(({ id }) => failed(id, RPC_CODES.internalError, text)),
    );
  }

  #onOne(received: Received, respond: Respond): PromiseLike<void> | undefined {
    const { requests, handlers } = this.#parts;
    switch (received.kind) {
      case 'request':
        return handlers.request(received.id, received.method, received.params, respond);
      case 'notification':
        return this.#onNotification(received.method, received.params);
      case 'result':
        requests.settle(received.id, received.result);
        return undefined;
      case 'error':
        this.#onError(received.id, received.error);
        return undefined;
      case 'empty':
        requests.failEmpty(received.id);
        return undefined;
      case 'invalid':
        return respond(
          failed(received.id, RPC_CODES.invalidRequest, 'The message is not a request'),
        );
    }
  }

  /** A message without a method, a result and an error is a broken reply only if something waits for it. */
  #classify(message: JsonValue): Received {
    const received = classify(message);
    if (received.kind !== 'empty' || this.#parts.requests.isPending(received.id)) return received;
    return { kind: 'invalid', id: null };
  }

  #onError(id: JsonValue, error: JsonValue): void {
    if (this.#parts.requests.fail(id, error) || id !== null) return;
    // The peer could not read a message of ours, and so not say which request it concerns.
    const { code, message } = errorIn(error);
    this.#parts.warn(`The peer has refused a message: ${message} (${String(code)})`);
  }

  #onNotification(method: string, params: JsonValue | undefined): PromiseLike<void> | undefined {
    const { dialect, handlers, requests } = this.#parts;
    if (method === dialect?.cancelMethod) {
      handlers.cancel(dialect.cancelledId(params), 'The peer has cancelled the request');
      return undefined;
    }
    if (method === dialect?.progressMethod) {
      const { token, value } = dialect.progressIn(params);
      if (requests.progress(token, value)) return undefined;
    }
    return handlers.notification(method, params);
  }

  /** Sends a reply or, when its result cannot be sent, an error that says so: the peer waits for it. */
  #reply(reply: RpcMessage, substitute: (text: string) => RpcMessage): PromiseLike<void> {
    const { send } = this.#parts;
    const sent = send(reply);
    if (sent === ACCEPTED) return sent;
    return sent.catch((error: unknown) => {
      if (!UNSENDABLE.includes(codeOf(error) ?? '')) return;
      return send(substitute(`The result cannot be sent: ${describe(error)}`)).catch(ignore);
    });
  }
}

/** The errors of a `send()` that concern the message only; the session goes on. */
const UNSENDABLE = ['ERR_CODEC', 'ERR_LIMIT'];

/** Whether a message of a batch gets a reply. */
const isAnswered = ({ kind }: Received): boolean => kind === 'request' || kind === 'invalid';

const ignore = () => undefined;
