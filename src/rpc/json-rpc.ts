/**
 * JSON-RPC 2.0 over any codec of JSON, for both roles at once: each side may call the other.
 *
 * The specification is at https://www.jsonrpc.org/specification.
 */

import { rejectHandled } from '../async/deferred.ts';
import type { JsonValue } from '../codecs/json.ts';
import { ClosedError, describe } from '../core/errors.ts';
import type { Session } from '../core/types.ts';
import type { AttachableRef } from '../machines/extension-types.ts';
import type { ProtocolMachine } from '../machines/protocol-machine.ts';
import { ProtocolClient } from '../protocol/client.ts';
import {
  type ClientConstructor,
  clientOf,
  machineOf,
  type OwnClientOptions,
} from '../protocol/define-client.ts';
import type { AttachOptions, MachineOptions } from '../protocol/machine.ts';
import { resolveLogger, warnTo } from '../protocol/logging.ts';
import type { ProtocolOptions } from '../protocol/options.ts';
import { Batch } from './batch.ts';
import type { HandlerContext } from './context.ts';
import { Conversation, receiveNothing } from './conversation.ts';
import { Handlers, type RpcHandler } from './handlers.ts';
import type { RpcMessage } from './messages.ts';
import {
  JSON_RPC_OPTIONS,
  type JsonRpcOptions,
  resolveOptions,
  type RpcSettings,
} from './options.ts';
import { Receiver } from './receiver.ts';
import { callOf, Requests, type SendCall } from './requests.ts';
import type {
  AnyMethods,
  MethodName,
  MethodParams,
  MethodResult,
  NotifyArguments,
  RequestArguments,
  RequestOptions,
  RpcMethods,
  RpcSender,
  RpcSession,
} from './types.ts';

/**
 * A connection that speaks JSON-RPC 2.0. Its lifecycle is that of `AsyncProtocol`. For a protocol with a
 * handshake or a farewell, extend the class that `defineJsonRpc()` returns.
 *
 * @example
 * const rpc = new JsonRpc({ codec: jsonLines() });
 * rpc.handle('log', (params) => console.log(params));
 * await rpc.connect({ port: 4000 });
 * const sum = await rpc.request('add', [1, 2], { timeout: 5_000 });
 *
 * @typeParam Remote - The methods of the peer, as an interface of functions.
 * @typeParam Local - The methods that the peer may call.
 * @typeParam Negotiated - What the handshake resolves with.
 */
export class JsonRpc<
  Remote extends RpcMethods = AnyMethods,
  Local extends RpcMethods = AnyMethods,
  Negotiated = void,
> extends ProtocolClient<JsonValue, RpcMessage, Negotiated> {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'JsonRpc';
  /** @internal `timeout` is no misspelt `timeouts`. */
  static get ownOptions(): object {
    return JSON_RPC_OPTIONS;
  }

  /**
   * The machine of a class that extends this one and has a codec of its own, to be invoked or spawned in any
   * XState 5 chart; also for `supervise()`.
   *
   * @param options - Those of every machine, and the class's own, which its constructor gets. `name` and
   *   `logger` are passed to it, too.
   * @throws {ArgumentError} When an option is invalid.
   */
  static createMachine<C, Options extends ProtocolOptions>(
    this: ClientConstructor<C, Options>,
    options?: MachineOptions & OwnClientOptions<Options>,
  ): ProtocolMachine<JsonValue, RpcMessage> {
    return machineOf(this, options);
  }

  /**
   * Returns the client of an actor of that machine; each time the same one.
   *
   * @param options - Those of the first call count.
   * @throws {ArgumentError} When `ref` is an actor of another machine, or an option is invalid.
   */
  static attach<C>(
    this: ClientConstructor<C>,
    ref: AttachableRef<JsonValue, RpcMessage>,
    options?: AttachOptions,
  ): C {
    return clientOf(this, ref, options);
  }

  readonly #requests: Requests;
  readonly #handlers: Handlers;
  readonly #conversation: Conversation;
  readonly #receiver: Receiver;

  /** @throws {ArgumentError} When an option is invalid, or there is no codec. */
  constructor(options: JsonRpcOptions) {
    const { settings, protocolOptions } = resolveOptions(options);
    // Its messages are JSON, and so are ours.
    super(() => settings.codec, protocolOptions);
    const { protocol } = this;
    const { dialect } = settings;
    const warn = warnTo(resolveLogger(protocolOptions)) ?? emitWarning;
    this.#conversation = new Conversation(protocol, (message) => this.#receiver.receive(message));
    const { send } = this.#conversation;
    const parts = { ...settings, onError: reporterOf(settings, warn) };
    this.#requests = new Requests(protocol, {
      ...parts,
      // Neither LSP nor MCP lets a client cancel `initialize`.
      tell: (message) => void (this.#conversation.isEarly || send(message)),
    });
    this.#handlers = new Handlers({
      ...parts,
      notify: (method, params) => void send({ jsonrpc: '2.0', method, params }),
    });
    const [requests, handlers] = [this.#requests, this.#handlers];
    this.#receiver = new Receiver({ dialect, requests, handlers, send, warn });
    protocol.onEnd(({ cause }) => {
      handlers.end(cause ?? new ClosedError('The session has ended', { expected: true }));
      return false;
    });
  }

  /**
   * See `ProtocolDefinition.handshake()`. In a class that extends this one its session also sends requests and
   * notifications, and the handlers are called meanwhile: for `initialize` and its like.
   */
  protected override handshake?(session: RpcSession<Remote>): Promise<Negotiated>;
  /** See `ProtocolDefinition.farewell()`; the session is as in `handshake`. */
  protected override farewell?(session: RpcSession<Remote, Negotiated>): Promise<void>;

  /** How many requests of ours wait for their reply. */
  get pending(): number {
    return this.#requests.size;
  }

  /**
   * Calls a method of the peer and resolves with its result. Legal in RUNNING; in the handshake, use that of
   * its session. A rejection that is not awaited does not end the process.
   *
   * @param method - Its name.
   * @param params - An object or an array; may be left out.
   * @throws {JsonRpcError} When the peer replies with an error.
   * @throws {TimeoutError} When the deadline passed. The request is then cancelled, as `cancel` says.
   * @throws {ClosedError} When the session ended before the reply; `cause` says why.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {CodecError} When the parameters cannot be encoded.
   * @throws {ArgumentError} When an option is invalid, or `params` is neither an object nor an array.
   * @throws `signal.reason`, when the signal was aborted. The request is then cancelled, as `cancel` says.
   */
  request<Method extends MethodName<Remote>>(
    method: Method,
    ...[params, options]: RequestArguments<Remote[Method]>
  ): Promise<MethodResult<Remote[Method]>> {
    return this.#request(this.#send, method, params, options);
  }

  /**
   * Sends a notification, which has no reply. Resolves as `AsyncProtocol.send()` does, with the same errors.
   *
   * @param method - Its name.
   * @param params - An object or an array; may be left out.
   * @throws {ArgumentError} When `params` is neither an object nor an array.
   */
  notify<Method extends MethodName<Remote>>(
    method: Method,
    ...[params]: NotifyArguments<Remote[Method]>
  ): Promise<void> {
    return notifyBy(this.#send, method, params);
  }

  /**
   * Sends several requests and notifications in one message, when `build` returns. Each request settles by
   * itself, as one of `request()`: the peer may reply with one message or with several. Nothing is sent when
   * `build` adds nothing, or throws.
   *
   * @example
   * const [sum, name] = await rpc.batch(({ request, notify }) => {
   *   void notify('log', { text: 'two requests follow' });
   *   return Promise.all([request('add', [1, 2]), request('name')]);
   * });
   *
   * @param build - Called at once with the functions that add to the batch. Add before its first `await`; a
   *   later call rejects with an `ArgumentError`.
   * @returns What `build` returns.
   * @throws What `build` throws.
   */
  batch<T>(build: (batch: RpcSender<Remote>) => T): T {
    const batch = new Batch();
    try {
      const built = build(this.#senderOf(batch.add));
      batch.send((messages) => this.protocol.send(messages));
      return built;
    } catch (error) {
      batch.fail(error);
      throw error;
    }
  }

  /**
   * Sets what handles the requests and the notifications of this method. Its result, or the value that its promise
   * resolves with, is the reply. A `JsonRpcError` that it throws is sent as it is; anything else becomes an error
   * with the code -32603 and its message. Handlers are called in the order of the messages, and are not awaited
   * before the next one is called: what later handlers must see has to be done before the first `await`.
   *
   * @param method - The name of the method.
   * @param handler - `undefined` removes the handler.
   */
  handle<Method extends MethodName<Local>>(
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
    const sent = this.#receiver.receive(message);
    // The promise of a `send()`, so that a peer that does not read its replies is not read from.
    return sent && Promise.resolve(sent);
  }

  /** @internal */
  protected override runHandshake(session: Session<JsonValue, RpcMessage>): unknown {
    const early = this.#sessionOf(session, this.#conversation.send);
    return this.#conversation.handshake(session, async () => this.handshake?.(early));
  }

  /** @internal */
  protected override runFarewell(session: Session<JsonValue, RpcMessage, Negotiated>): unknown {
    const late = this.#sessionOf(session, this.#send);
    const isWaiting = () => this.#requests.size > 0;
    return this.#conversation.farewell(session, async () => this.farewell?.(late), isWaiting);
  }

  readonly #send: SendCall = (message) => this.protocol.send(message);

  #request<Result>(
    send: SendCall,
    method: string,
    params: unknown,
    options: RequestOptions | undefined,
  ): Promise<Result> {
    // What the peer returns is what its interface says.
    return this.#requests.request(send, method, params, options) as Promise<Result>;
  }

  #sessionOf<N>(session: Session<JsonValue, RpcMessage, N>, send: SendCall): RpcSession<Remote, N> {
    return {
      ...session,
      // It changes.
      get remote() {
        return session.remote;
      },
      receive: receiveNothing,
      ...this.#senderOf(send),
    };
  }

  #senderOf(send: SendCall): RpcSender<Remote> {
    return {
      request: (method, ...[params, options]) => this.#request(send, method, params, options),
      notify: (method, ...[params]) => notifyBy(send, method, params),
    };
  }
}

/** Sends a notification. */
function notifyBy(send: SendCall, method: string, params: unknown): Promise<void> {
  try {
    return send(callOf(method, params));
  } catch (error) {
    return rejectHandled(error);
  }
}

/** Returns what is called with the errors of handlers that get no reply. */
const reporterOf =
  ({ onHandlerError }: RpcSettings, warn: (text: string) => void) =>
  (error: unknown, method: string): void => {
    if (onHandlerError !== undefined) onHandlerError(error, method);
    else warn(`The handler of the notification ${method} threw: ${describe(error)}`);
  };

const emitWarning = (text: string): void => {
  process.emitWarning(text, 'WirechartWarning');
};
