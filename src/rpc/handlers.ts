/**
 * The requests of the peer: finds their handlers, runs a bounded number of them at a time, and replies.
 *
 * A handler may itself call the peer and wait for the reply, so a pending handler never keeps the engine from
 * reading. What is bounded instead is the number of handlers, and of requests that wait for one; a request
 * beyond both is answered with an error.
 */

import { Queue } from '../async/queue.ts';
import { describe } from '../core/errors.ts';
import { isThenable, memberOf } from '../core/shape.ts';
import type { RpcDialect } from './dialects.ts';
import { RPC_CODES, type RpcErrorObject, type RpcId, type RpcReply } from './messages.ts';

/** What a handler may do beside returning its result. All members can be destructured. */
export interface HandlerContext {
  /** The id of the request; `undefined` for a notification. */
  readonly id: RpcId | undefined;
  /** The method that was called. */
  readonly method: string;
  /**
   * Aborted when the peer cancels the request, and when the session ends; its reason is an `AbortError`, or the
   * cause of the end.
   */
  readonly signal: AbortSignal;
  /** Reports progress, if the request asks for it; in MCP the value is an object. Never throws. */
  readonly progress: (value: unknown) => void;
}

/** Handles a request, or a notification. */
export type RpcHandler = (params: unknown, context: HandlerContext) => unknown;

/**
 * Sends the reply to one request; with `undefined`, it gets none. Resolves when there is room for the next
 * message.
 */
export type Respond = (reply: RpcReply | undefined) => PromiseLike<void>;

/** How handlers are run. */
export interface HandlersOptions {
  readonly maxHandlers: number;
  readonly maxWaiting: number;
  readonly dialect: RpcDialect | undefined;
  readonly notify: (method: string, params: object) => void;
  /** Called with what the handler of a notification throws. */
  readonly onNotificationError: (error: unknown, method: string) => void;
}

/** A request that waits for its handler, or whose handler is pending. */
interface Job {
  readonly context: RunningContext;
  readonly handler: RpcHandler;
  readonly params: unknown;
  readonly respond: Respond;
}

/** The handlers of one connection. */
export class Handlers {
  readonly #options: HandlersOptions;
  readonly #handlers = new Map<string, RpcHandler>();
  readonly #waiting = new Queue<Job>();
  /** The contexts of all requests that have no reply yet, by their id. */
  readonly #contexts = new Map<RpcId, RunningContext>();
  #running = 0;

  constructor(options: HandlersOptions) {
    this.#options = options;
  }

  set(method: string, handler: RpcHandler | undefined): void {
    if (handler === undefined) this.#handlers.delete(method);
    else this.#handlers.set(method, handler);
  }

  /** Handles a request. What it returns is to be awaited before the next message is read. */
  request(
    id: RpcId,
    method: string,
    params: unknown,
    respond: Respond,
  ): PromiseLike<void> | undefined {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      return respond(failed(id, RPC_CODES.methodNotFound, `Method not found: ${method}`));
    }
    const context = new RunningContext(id, method, params, this.#options);
    const job = { context, handler, params, respond };
    if (this.#running < this.#options.maxHandlers) {
      this.#contexts.set(id, context);
      return this.#run(job);
    }
    if (this.#waiting.size >= this.#options.maxWaiting) {
      return respond(failed(id, RPC_CODES.overloaded, 'Too many requests are pending'));
    }
    this.#contexts.set(id, context);
    this.#waiting.push(job);
    return undefined;
  }

  /** Handles a notification, in the order of the messages. */
  notification(method: string, params: unknown): void {
    const handler = this.#handlers.get(method);
    if (handler === undefined) return;
    const fail = (error: unknown): void => {
      this.#options.onNotificationError(error, method);
    };
    try {
      const result = handler(params, new RunningContext(undefined, method, params, this.#options));
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }

  /** The peer does not want the reply any more. Ignored if there was one already. */
  cancel(id: RpcId | undefined, reason: string): void {
    if (id === undefined) return;
    this.#contexts.get(id)?.abort(new DOMException(reason, 'AbortError'));
  }

  /** The session has ended: no reply can be sent any more. */
  end(reason: unknown): void {
    const contexts = [...this.#contexts.values()];
    this.#contexts.clear();
    this.#waiting.clear();
    for (const context of contexts) context.end(reason);
  }

  #run(job: Job): PromiseLike<void> | undefined {
    this.#running += 1;
    const { context, handler, params } = job;
    try {
      context.throwIfCancelled();
      const result = handler(params, context);
      if (!isThenable(result)) return this.#finish(job, succeeded(context.id, result));
      result.then(
        (value) => {
          void this.#finish(job, succeeded(context.id, value));
        },
        (error: unknown) => {
          void this.#finish(job, this.#failure(context, error));
        },
      );
      return undefined;
    } catch (error) {
      return this.#finish(job, this.#failure(context, error));
    }
  }

  /** Sends the reply, and frees the place of the handler when there is room for the next message. */
  #finish({ context, respond }: Job, reply: RpcReply): PromiseLike<void> | undefined {
    if (this.#contexts.get(context.requestId) === context) this.#contexts.delete(context.requestId);
    const isWanted = !context.isCancelled || this.#options.dialect?.repliesToCancelled === true;
    const sent = context.isOver ? undefined : respond(isWanted ? reply : undefined);
    const free = (): void => {
      this.#running -= 1;
      this.#runNext();
    };
    if (sent === undefined) free();
    else sent.then(free, free);
    return sent;
  }

  #runNext(): void {
    while (this.#running < this.#options.maxHandlers) {
      const next = this.#waiting.take();
      if (next === undefined) return;
      this.#run(next);
    }
  }

  #failure({ requestId, isCancelled }: RunningContext, error: unknown): RpcReply {
    if (isCancelled) return failed(requestId, RPC_CODES.cancelled, 'The request was cancelled');
    const own = rpcErrorOf(error);
    if (own !== undefined) return { jsonrpc: '2.0', id: requestId, error: own };
    return failed(requestId, RPC_CODES.internalError, describe(error));
  }
}

/** The context of one call. */
class RunningContext implements HandlerContext {
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly #params: unknown;
  readonly #options: HandlersOptions;
  #controller: AbortController | undefined;
  #abortReason: { readonly reason: unknown } | undefined;
  #isCancelled = false;
  #isOver = false;

  constructor(id: RpcId | undefined, method: string, params: unknown, options: HandlersOptions) {
    this.id = id;
    this.method = method;
    this.#params = params;
    this.#options = options;
  }

  /** The id of a request. */
  get requestId(): RpcId {
    return this.id ?? null;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether the session has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Created when it is asked for: an `AbortController` is expensive, and most handlers need none. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason.reason);
    return this.#controller.signal;
  }

  readonly progress = (value: unknown): void => {
    const { dialect, notify } = this.#options;
    const token = dialect?.tokenIn(this.#params);
    if (dialect === undefined || token === undefined || this.#isOver) return;
    notify(dialect.progressMethod, dialect.progressParams(token, value));
  };

  abort(reason: Error): void {
    this.#isCancelled = true;
    this.#abortReason = { reason };
    this.#controller?.abort(reason);
  }

  end(reason: unknown): void {
    this.#isOver = true;
    this.#abortReason ??= { reason };
    this.#controller?.abort(reason);
  }

  throwIfCancelled(): void {
    if (this.#abortReason !== undefined) throw this.#abortReason.reason;
  }
}

const succeeded = (id: RpcId | undefined, result: unknown): RpcReply => ({
  jsonrpc: '2.0',
  id: id ?? null,
  // A reply has a result in any case.
  result: result ?? null,
});

/** A reply with an error. */
export const failed = (id: RpcId, code: number, message: string): RpcReply => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
});

/** The error object of a `JsonRpcError`, which may be that of another copy of the package. */
function rpcErrorOf(error: unknown): RpcErrorObject | undefined {
  const [code, message, data] = ['errorCode', 'message', 'data'].map((name) =>
    memberOf(error, name),
  );
  if (memberOf(error, 'code') !== 'ERR_RPC' || typeof code !== 'number') return undefined;
  return { code, message: String(message), ...(data !== undefined && { data }) };
}
