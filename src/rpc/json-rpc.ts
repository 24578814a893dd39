/**
 * JSON-RPC 2.0 over any codec of JSON, for both roles at once: each side may call the other.
 *
 * The specification is at https://www.jsonrpc.org/specification.
 */

import { ACCEPTED } from '../async/deferred.ts';
import { checkTimeout } from '../async/timer.ts';
import type { JsonValue } from '../codecs/json.ts';
import type { Codec } from '../core/codec.ts';
import { ArgumentError, ClosedError, describe } from '../core/errors.ts';
import { checkNames, type Names } from '../core/options.ts';
import { show } from '../core/shape.ts';
import type { WaitOptions } from '../core/types.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../machines/protocol-machine.ts';
import { ProtocolClient } from '../protocol/client.ts';
import { type ClientConstructor, clientOf, machineOf } from '../protocol/define-client.ts';
import type { MachineOptions } from '../protocol/machine.ts';
import { resolveLogger, warnTo } from '../protocol/logging.ts';
import { PROTOCOL_OPTIONS, type ProtocolOptions } from '../protocol/options.ts';
import { Calls } from './calls.ts';
import { DIALECTS, type RpcDialect } from './dialects.ts';
import { JsonRpcError } from './errors.ts';
import {
  failed,
  type HandlerContext,
  Handlers,
  type Respond,
  type RpcHandler,
} from './handlers.ts';
import {
  classify,
  errorIn,
  type Received,
  RPC_CODES,
  type RpcMessage,
  type RpcReply,
} from './messages.ts';

/** The methods of one side: an interface of functions, for the types of `request()` and `handle()`. */
export type RpcMethods = object;

/** Any methods, without types. */
export type AnyMethods = Readonly<Record<string, (params?: unknown) => unknown>>;

type Name<Methods> = keyof Methods & string;
/** The parameters of a method of an `RpcMethods` interface. */
export type MethodParams<Method> = Method extends (params: infer P) => unknown ? P : unknown;
/** The result of a method of an `RpcMethods` interface. */
export type MethodResult<Method> = Method extends (...args: never) => infer R
  ? Awaited<R>
  : unknown;
/** What `request()` takes after the name; the parameters may be left out where the method says so. */
export type RequestArguments<Method> =
  undefined extends MethodParams<Method>
    ? [params?: MethodParams<Method>, options?: RequestOptions]
    : [params: MethodParams<Method>, options?: RequestOptions];

/** The options of `request()`. */
export interface RequestOptions extends WaitOptions {
  /** A deadline for the reply, in ms. Default: `timeout` of the constructor, or none. */
  readonly timeout?: number | undefined;
  /** Called with each report of progress. The request then asks for them, as `cancel` says. */
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

/** The options of a connection that speaks JSON-RPC. */
export interface JsonRpcOptions extends ProtocolOptions {
  /** How the messages are framed: `contentLength()` for LSP, `jsonLines()` for MCP over standard I/O. */
  readonly codec: Codec<JsonValue, never>;
  /**
   * How requests are cancelled, and how progress is reported: as in LSP, as in MCP, or in another way. Default:
   * a request that is given up is not cancelled, and there is no progress.
   */
  readonly cancel?: 'lsp' | 'mcp' | RpcDialect | undefined;
  /** The deadline of requests that have none of their own, in ms. Default: none. */
  readonly timeout?: number | undefined;
  /** How many handlers of requests may be pending at once; further requests wait. Default 64. */
  readonly maxHandlers?: number | undefined;
  /** How many requests may wait for that; further ones are answered with an error. Default 1 024. */
  readonly maxWaiting?: number | undefined;
  /**
   * Called with what the handler of a notification throws, since the peer gets no reply. Default: a warning,
   * to `logger` or of the process.
   */
  readonly onHandlerError?: ((error: unknown, method: string) => void) | undefined;
}

const OPTIONS: Names<JsonRpcOptions> = {
  ...PROTOCOL_OPTIONS,
  codec: true,
  cancel: true,
  timeout: true,
  maxHandlers: true,
  maxWaiting: true,
  onHandlerError: true,
};

/**
 * A connection that speaks JSON-RPC 2.0. Its lifecycle is that of `AsyncProtocol`.
 *
 * @example
 * const lsp = new JsonRpc({ codec: contentLength(), cancel: 'lsp' });
 * lsp.handle('window/logMessage', (params) => console.log(params));
 * await lsp.connect(spawnPeer('typescript-language-server', ['--stdio'], { stdio: 'pipe' }));
 * const { capabilities } = await lsp.request('initialize', { capabilities: {} });
 *
 * @typeParam Remote - The methods of the peer, as an interface of functions.
 * @typeParam Local - The methods that the peer may call.
 */
export class JsonRpc<
  Remote extends RpcMethods = AnyMethods,
  Local extends RpcMethods = AnyMethods,
> extends ProtocolClient<JsonValue, RpcMessage> {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'JsonRpc';

  /**
   * The machine of a class that extends this one and has a codec of its own, to be invoked or spawned in any
   * XState 5 chart; also for `supervise()`.
   *
   * @throws {ArgumentError} When an option is invalid.
   */
  static createMachine<C>(
    this: ClientConstructor<C>,
    options?: MachineOptions,
  ): ProtocolMachine<JsonValue, RpcMessage> {
    return machineOf(this, options);
  }

  /**
   * Returns the client of an actor of that machine; each time the same one.
   *
   * @throws {ArgumentError} When `ref` is an actor of another machine.
   */
  static attach<C>(this: ClientConstructor<C>, ref: ProtocolActorRef<JsonValue, RpcMessage>): C {
    return clientOf(this, ref);
  }

  readonly #dialect: RpcDialect | undefined;
  readonly #calls: Calls<number, JsonValue>;
  readonly #handlers: Handlers;
  readonly #progress = new Map<unknown, (value: unknown) => void>();
  #lastId = 0;

  /** @throws {ArgumentError} When an option is invalid, or there is no codec. */
  constructor(options: JsonRpcOptions) {
    checkNames('new JsonRpc()', options, OPTIONS);
    const { codec, cancel, timeout, maxHandlers, maxWaiting, onHandlerError, ...others } = options;
    checkTimeout(timeout);
    // Its messages are JSON, and so are ours.
    super(() => codec, others);
    this.#dialect = typeof cancel === 'string' ? DIALECTS[cancel] : cancel;
    if (typeof cancel === 'string' && this.#dialect === undefined) {
      throw new ArgumentError(`cancel must be 'lsp', 'mcp' or an object, not ${show(cancel)}`);
    }
    const warn = warnTo(resolveLogger(others));
    this.#calls = new Calls<number, JsonValue>(this.protocol, {
      timeout,
      cancel: (id, reason) => {
        this.#cancel(id, reason);
      },
    });
    this.#handlers = new Handlers({
      maxHandlers: atLeastOne('maxHandlers', maxHandlers ?? 64),
      maxWaiting: atLeastOne('maxWaiting', maxWaiting ?? 1024),
      dialect: this.#dialect,
      notify: (method, params) => {
        this.#send({ jsonrpc: '2.0', method, params });
      },
      onNotificationError: (error, method) => {
        if (onHandlerError !== undefined) onHandlerError(error, method);
        else warn?.(`The handler of the notification ${method} threw: ${describe(error)}`);
      },
    });
    this.protocol.onEnd(({ cause }) => {
      this.#progress.clear();
      this.#handlers.end(cause ?? new ClosedError('The session has ended', { expected: true }));
      return false;
    });
  }

  /** How many requests of ours wait for their reply. */
  get pending(): number {
    return this.#calls.size;
  }

  /**
   * Calls a method of the peer and resolves with its result. Legal in RUNNING. A rejection that is not awaited does
   * not end the process.
   *
   * @param method - Its name.
   * @param params - An object or an array; may be left out.
   * @throws {JsonRpcError} When the peer replies with an error.
   * @throws {TimeoutError} When the deadline passed. The request is then cancelled, as `cancel` says.
   * @throws {ClosedError} When the session ended before the reply; `cause` says why.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the parameters cannot be encoded.
   * @throws {ArgumentError} When an option is invalid.
   * @throws `signal.reason`, when the signal was aborted. The request is then cancelled, as `cancel` says.
   */
  request<Method extends Name<Remote>>(
    method: Method,
    ...[params, options = {}]: RequestArguments<Remote[Method]>
  ): Promise<MethodResult<Remote[Method]>> {
    const { onProgress, signal, timeout } = options;
    const id = (this.#lastId += 1);
    const asking = onProgress === undefined ? params : this.#asking(id, params, onProgress);
    const reply = this.#calls.call(
      () => this.protocol.send({ jsonrpc: '2.0', id, method, ...withParams(asking) }),
      { key: id, name: method, signal, timeout },
    );
    if (onProgress !== undefined) {
      const forget = () => this.#progress.delete(id);
      reply.then(forget, forget);
    }
    // What the peer returns is what its interface says.
    return reply as Promise<MethodResult<Remote[Method]>>;
  }

  /**
   * Sends a notification, which has no reply. Resolves as `AsyncProtocol.send()` does, with the same errors.
   *
   * @param method - Its name.
   * @param params - An object or an array; may be left out.
   */
  notify<Method extends Name<Remote>>(
    method: Method,
    params?: MethodParams<Remote[Method]>,
  ): Promise<void> {
    return this.protocol.send({ jsonrpc: '2.0', method, ...withParams(params) });
  }

  /**
   * Sets what handles the requests and the notifications of this method. Its result, or the value that its promise
   * resolves with, is the reply. A `JsonRpcError` that it throws is sent as it is; anything else becomes an error
   * with the code -32603 and its message. Handlers of notifications are called in the order of the messages.
   *
   * @param method - The name of the method.
   * @param handler - `undefined` removes the handler.
   */
  handle<Method extends Name<Local>>(
    method: Method,
    handler:
      | ((
          params: MethodParams<Local[Method]>,
          context: HandlerContext,
        ) => MethodResult<Local[Method]> | Promise<MethodResult<Local[Method]>>)
      | undefined,
  ): this {
    // What the peer sends is what its interface says.
    this.#handlers.set(method, handler as RpcHandler | undefined);
    return this;
  }

  /** @internal */
  protected override onMessage(message: JsonValue): void | Promise<void> {
    const sent = Array.isArray(message)
      ? this.#onBatch(message)
      : this.#onOne(message, (reply) =>
          reply === undefined ? ACCEPTED : this.protocol.send(reply),
        );
    // The promise of a `send()`, so that a peer that does not read its replies is not read from.
    return sent === undefined || sent === ACCEPTED ? undefined : Promise.resolve(sent);
  }

  /** A batch is answered by one batch, when every request in it has its reply. */
  #onBatch(messages: readonly JsonValue[]): PromiseLike<void> | undefined {
    if (messages.length === 0) {
      return this.protocol.send(failed(null, RPC_CODES.invalidRequest, 'The batch is empty'));
    }
    const replies: RpcReply[] = [];
    let missing = messages.map(classify).filter(isAnswered).length;
    const respond: Respond = (reply) => {
      if (reply !== undefined) replies.push(reply);
      missing -= 1;
      return missing === 0 && replies.length > 0 ? this.protocol.send(replies) : ACCEPTED;
    };
    let last: PromiseLike<void> | undefined;
    for (const message of messages) last = this.#onOne(message, respond) ?? last;
    return last;
  }

  #onOne(message: JsonValue, respond: Respond): PromiseLike<void> | undefined {
    const received = classify(message);
    switch (received.kind) {
      case 'request':
        return this.#handlers.request(received.id, received.method, received.params, respond);
      case 'notification':
        this.#onNotification(received.method, received.params);
        return undefined;
      case 'result':
        if (typeof received.id === 'number') this.#calls.settle(received.result, received.id);
        return undefined;
      case 'error':
        if (typeof received.id === 'number') {
          const { id, error } = received;
          this.#calls.fail(new JsonRpcError(errorIn(error), this.#calls.nameOf(id)), id);
        }
        return undefined;
      case 'invalid':
        return respond(failed(null, RPC_CODES.invalidRequest, 'The message is not a request'));
    }
  }

  #onNotification(method: string, params: JsonValue | undefined): void {
    const dialect = this.#dialect;
    if (method === dialect?.cancelMethod) {
      this.#handlers.cancel(dialect.cancelledId(params), 'The peer has cancelled the request');
    } else if (method === dialect?.progressMethod) {
      const { token, value } = dialect.progressIn(params);
      const listener = this.#progress.get(token);
      if (listener !== undefined) listener(value);
      else this.#handlers.notification(method, params);
    } else {
      this.#handlers.notification(method, params);
    }
  }

  #asking(id: number, params: unknown, onProgress: (value: unknown) => void): unknown {
    if (this.#dialect === undefined) return params;
    this.#progress.set(id, onProgress);
    return this.#dialect.withToken(params, id);
  }

  #cancel(id: number, reason: unknown): void {
    const dialect = this.#dialect;
    if (dialect === undefined) return;
    const params = dialect.cancelParams(id, describe(reason));
    this.#send({ jsonrpc: '2.0', method: dialect.cancelMethod, params });
  }

  /** Sends what is not worth an error if there is no session any more. */
  #send(message: RpcMessage): void {
    if (this.runstate === 'RUNNING') void this.protocol.send(message);
  }
}

/** Whether a message of a batch gets a reply. */
const isAnswered = ({ kind }: Received): boolean => kind === 'request' || kind === 'invalid';

const withParams = (params: unknown): { readonly params?: unknown } =>
  params === undefined ? {} : { params };

function atLeastOne(name: string, value: number): number {
  if (value >= 1) return value;
  throw new ArgumentError(`${name} must be 1 or more, not ${show(value)}`);
}
