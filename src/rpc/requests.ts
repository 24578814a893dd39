/** Our requests: their ids, their replies, their progress and their cancellation. */

import { rejectHandled } from '../async/deferred.ts';
import type { JsonValue } from '../codecs/json.ts';
import { ArgumentError, describe } from '../core/errors.ts';
import { signalOf } from '../core/options.ts';
import { show } from '../core/shape.ts';
import { Calls, type CallsProtocol } from './calls.ts';
import type { RpcDialect } from './dialects.ts';
import { JsonRpcError } from './errors.ts';
import { errorIn, RPC_CODES, type RpcMessage, type RpcRequest } from './messages.ts';
import { PendingReply } from './pending-reply.ts';
import { REQUEST_OPTIONS, type RequestOptions } from './types.ts';

/** Sends one request or notification. */
export type SendCall = (message: RpcRequest) => Promise<void>;

/** What requests need of their connection. */
export interface RequestsOptions {
  readonly dialect: RpcDialect | undefined;
  readonly timeout: number | undefined;
  /** Sends what is not worth an error if there is no session any more. */
  readonly tell: (message: RpcMessage) => void;
  /** Called with what a listener of progress throws. */
  readonly onError: (error: unknown, method: string) => void;
}

interface ProgressListener {
  readonly method: string;
  readonly listen: (value: unknown) => void;
}

/** The requests of one connection. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #calls: Calls<number, JsonValue>;
  readonly #progress = new Map<unknown, ProgressListener>();
  #lastId = 0;

  constructor(protocol: CallsProtocol, options: RequestsOptions) {
    this.#options = options;
    this.#calls = new Calls<number, JsonValue>(protocol, {
      timeout: options.timeout,
      cancel: (id, reason) => {
        this.#cancel(id, reason);
      },
    });
  }

  /** How many wait for their reply. */
  get size(): number {
    return this.#calls.size;
  }

  /** Sends a request, and resolves with its result. */
  request(
    send: SendCall,
    method: string,
    params: unknown,
    options: RequestOptions | undefined,
  ): Promise<JsonValue> {
    const id = (this.#lastId += 1);
    if (options === undefined) return this.#requestPlainly(send, method, params, id);
    const { onProgress, timeout } = options;
    try {
      const signal = signalOf('request()', options, REQUEST_OPTIONS);
      const asking = onProgress === undefined ? params : this.#asking(id, params);
      const reply = this.#calls.call(() => send(callOf(method, asking, id)), {
        key: id,
        name: method,
        signal,
        timeout,
      });
      if (onProgress !== undefined) this.#listen(id, { method, listen: onProgress }, reply);
      return reply;
    } catch (error) {
      return rejectHandled(error);
    }
  }

  /** The usual case, without what only options need. */
  #requestPlainly(send: SendCall, method: string, params: unknown, id: number): Promise<JsonValue> {
    let message;
    try {
      message = callOf(method, params, id);
    } catch (error) {
      return rejectHandled(error);
    }
    const pending = new PendingReply<number, JsonValue>(id, method);
    this.#calls.open(pending, undefined);
    this.#calls.sent(pending, send(message));
    return pending.promise;
  }

  /** The peer has replied. Returns whether that belongs to a request. */
  settle(id: JsonValue, result: JsonValue): boolean {
    return typeof id === 'number' && this.#calls.settle(result, id);
  }

  /** The same for an error. */
  fail(id: JsonValue, error: JsonValue): boolean {
    if (typeof id !== 'number') return false;
    return this.#calls.fail(new JsonRpcError(errorIn(error), this.#calls.nameOf(id)), id);
  }

  /** The peer has replied with neither. */
  failEmpty(id: JsonValue): void {
    const message = 'The reply has neither a result nor an error';
    this.fail(id, { code: RPC_CODES.internalError, message });
  }

  /** Whether a request with this id waits for its reply. */
  isPending(id: JsonValue): boolean {
    return typeof id === 'number' && this.#calls.nameOf(id) !== undefined;
  }

  /** The peer reports progress. Returns whether that belongs to a request. */
  progress(token: unknown, value: unknown): boolean {
    const listener = this.#progress.get(token);
    if (listener === undefined) return false;
    try {
      listener.listen(value);
    } catch (error) {
      this.#options.onError(error, listener.method);
    }
    return true;
  }

  #asking(id: number, params: unknown): unknown {
    const { dialect } = this.#options;
    if (dialect === undefined) return params;
    if (!Array.isArray(params)) return dialect.withToken(params, id);
    throw new ArgumentError('onProgress needs params that are an object, not an array');
  }

  #listen(id: number, listener: ProgressListener, reply: Promise<unknown>): void {
    this.#progress.set(id, listener);
    const forget = () => this.#progress.delete(id);
    reply.then(forget, forget);
  }

  #cancel(id: number, reason: unknown): void {
    const { dialect, tell } = this.#options;
    if (dialect === undefined) return;
    const params = dialect.cancelParams(id, describe(reason));
    tell({ jsonrpc: '2.0', method: dialect.cancelMethod, params });
  }
}

/**
 * A request, or a notification if it has no id.
 *
 * @throws {ArgumentError} When the parameters are neither an object nor an array.
 */
export function callOf(method: string, params: unknown, id?: number): RpcRequest {
  if (params === undefined) {
    return id === undefined ? { jsonrpc: '2.0', method } : { jsonrpc: '2.0', id, method };
  }
  if (typeof params !== 'object' || params === null) {
    throw new ArgumentError(
      `params of ${method} must be an object or an array, not ${show(params)}`,
    );
  }
  return id === undefined
    ? { jsonrpc: '2.0', method, params }
    : { jsonrpc: '2.0', id, method, params };
}
