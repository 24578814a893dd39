/**
 * The requests and notifications of the peer: finds their handlers, calls them in order, runs a bounded number
 * of them at a time, and replies.
 *
 * A handler may itself call the peer and wait for the reply, so a pending handler never keeps the engine from
 * reading. What is bounded instead is the number of handlers, and of messages that wait for one: a request
 * beyond both is answered with an error, and after a notification beyond both nothing is read.
 */

import { ACCEPTED, defer, type Deferred } from '../async/deferred.ts';
import { Queue } from '../async/queue.ts';
import { isThenable } from '../core/shape.ts';
import { type HandlerContext, RunningContext } from './context.ts';
import type { RpcDialect } from './dialects.ts';
import { RPC_CODES, type RpcId, type RpcReply } from './messages.ts';
import { failed, failureOf, succeeded } from './replies.ts';

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
  readonly onError: (error: unknown, method: string) => void;
}

/** A request or a notification that waits for its handler, or whose handler is pending. */
interface Job {
  readonly context: RunningContext;
  readonly handler: RpcHandler;
  readonly params: unknown;
  /** Absent for a notification. */
  readonly respond?: Respond;
}

/** The handlers of one connection. */
export class Handlers {
  readonly #options: HandlersOptions;
  readonly #handlers = new Map<string, RpcHandler>();
  /** In the order of the messages. The first one is a request. */
  readonly #waiting = new Queue<Job>();
  /** The contexts of all requests that have no reply yet, by their id. */
  readonly #requests = new Map<RpcId, RunningContext>();
  /** Those of the notifications whose handler is pending. */
  readonly #notifications = new Set<RunningContext>();
  /** Settles when the queue has room again. */
  #room: Deferred<void> | undefined;
  #running = 0;
  #isRunningWaiting = false;

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
    if (this.#waiting.size >= this.#options.maxWaiting) {
      return respond(failed(id, RPC_CODES.overloaded, 'Too many requests are pending'));
    }
    const context = new RunningContext(id, method, params, this.#options);
    this.#requests.set(id, context);
    const job = { context, handler, params, respond };
    if (this.#running < this.#options.maxHandlers) return this.#run(job, respond);
    this.#waiting.push(job);
    return undefined;
  }

  /**
   * Handles a notification: after the handlers of all earlier messages were called, because it may change what
   * they see. What it returns is to be awaited before the next message is read.
   */
  notification(method: string, params: unknown): PromiseLike<void> | undefined {
    const handler = this.#handlers.get(method);
    if (handler === undefined) return undefined;
    const context = new RunningContext(undefined, method, params, this.#options);
    const job = { context, handler, params };
    if (this.#waiting.size === 0) {
      this.#notify(job);
      return undefined;
    }
    this.#waiting.push(job);
    // A notification cannot be refused.
    if (this.#waiting.size <= this.#options.maxWaiting) return undefined;
    this.#room ??= defer();
    return this.#room.promise;
  }

  /** The peer does not want the reply any more. Ignored if there was one already. */
  cancel(id: RpcId | undefined, reason: string): void {
    if (id === undefined) return;
    this.#requests.get(id)?.abort(new DOMException(reason, 'AbortError'));
  }

  /** The session has ended: no reply can be sent any more. */
  end(reason: unknown): void {
    const contexts = [...this.#requests.values(), ...this.#notifications];
    this.#requests.clear();
    this.#notifications.clear();
    this.#waiting.clear();
    this.#makeRoom();
    for (const context of contexts) context.end(reason);
  }

  #run(job: Job, respond: Respond): PromiseLike<void> | undefined {
    this.#running += 1;
    const { context, handler, params } = job;
    try {
      context.throwIfCancelled();
      const result = handler(params, context);
      if (!isThenable(result)) return this.#finish(context, respond, succeeded(context, result));
      result.then(
        (value) => {
          void this.#finish(context, respond, succeeded(context, value));
        },
        (error: unknown) => {
          void this.#finish(context, respond, failureOf(context, error));
        },
      );
      return undefined;
    } catch (error) {
      return this.#finish(context, respond, failureOf(context, error));
    }
  }

  /** Sends the reply, and frees the place of the handler when there is room for the next message. */
  #finish(
    context: RunningContext,
    respond: Respond,
    reply: RpcReply,
  ): PromiseLike<void> | undefined {
    const { requestId } = context;
    if (this.#requests.get(requestId) === context) this.#requests.delete(requestId);
    const isWanted = !context.isCancelled || this.#options.dialect?.repliesToCancelled === true;
    const sent = context.isOver ? undefined : respond(isWanted ? reply : undefined);
    // The usual case: a handler on each promise would cost as much as the sending.
    if (sent === undefined || sent === ACCEPTED) {
      this.#free();
      return undefined;
    }
    sent.then(this.#free, this.#free);
    return sent;
  }

  readonly #free = (): void => {
    this.#running -= 1;
    // Not recursively: each of many handlers may have replied at once.
    if (this.#waiting.size > 0 && !this.#isRunningWaiting) this.#runWaiting();
  };

  #runWaiting(): void {
    this.#isRunningWaiting = true;
    for (let next; (next = this.#waiting.first) !== undefined;) {
      const { respond } = next;
      if (respond !== undefined && this.#running >= this.#options.maxHandlers) break;
      this.#waiting.take();
      if (respond === undefined) this.#notify(next);
      else void this.#run(next, respond);
    }
    this.#isRunningWaiting = false;
    if (this.#waiting.size < this.#options.maxWaiting) this.#makeRoom();
  }

  #notify({ context, handler, params }: Job): void {
    const fail = (error: unknown): void => {
      this.#options.onError(error, context.method);
    };
    const over = (): void => {
      this.#notifications.delete(context);
    };
    try {
      const result = handler(params, context);
      if (!isThenable(result)) return;
      this.#notifications.add(context);
      result.then(over, (error: unknown) => {
        over();
        fail(error);
      });
    } catch (error) {
      fail(error);
    }
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
