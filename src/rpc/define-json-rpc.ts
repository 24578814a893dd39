/** Makes the base of a client class whose protocol stands on JSON-RPC. */

import type { JsonValue } from '../codecs/json.ts';
import type { AttachableRef } from '../machines/extension-types.ts';
import type { ProtocolMachine } from '../machines/protocol-machine.ts';
import type {
  ClientConstructor,
  DefinedClient,
  OwnClientOptions,
} from '../protocol/define-client.ts';
import type { AttachOptions, MachineOptions } from '../protocol/machine.ts';
import type { ProtocolOptions } from '../protocol/options.ts';
import { JsonRpc } from './json-rpc.ts';
import type { RpcMessage } from './messages.ts';
import type { JsonRpcOptions } from './options.ts';
import type { AnyMethods, RpcMethods } from './types.ts';

/** What `defineJsonRpc()` returns: a class to be extended. */
export interface JsonRpcBase<
  Remote extends RpcMethods,
  Local extends RpcMethods,
  Negotiated,
> extends DefinedClient<JsonValue, RpcMessage> {
  /**
   * @param options - As for `JsonRpc`; they replace those that `defineJsonRpc()` was given.
   * @throws {ArgumentError} When an option is invalid.
   */
  new (options?: Partial<JsonRpcOptions>): JsonRpc<Remote, Local, Negotiated>;
  /**
   * Returns the machine of such a client, to be invoked or spawned in any XState 5 chart; see
   * `createProtocolMachine()`. Each actor makes a client of its own when it starts.
   *
   * @param options - Those of every machine, those of `JsonRpc`, and the class's own, which its constructor gets.
   * @throws {ArgumentError} When an option is invalid.
   */
  createMachine<C, Options extends ProtocolOptions>(
    this: ClientConstructor<C, Options>,
    options?: MachineOptions & OwnClientOptions<Options>,
  ): ProtocolMachine<JsonValue, RpcMessage>;
  /**
   * Returns the client of an actor of that machine; each time the same one.
   *
   * @param options - Those of the first call count.
   * @throws {ArgumentError} When `ref` is an actor of another machine, or an option is invalid.
   */
  attach<C>(
    this: ClientConstructor<C>,
    ref: AttachableRef<JsonValue, RpcMessage>,
    options?: AttachOptions,
  ): C;
}

/**
 * Returns the base for a class whose protocol stands on JSON-RPC, as LSP and MCP do. It is a `JsonRpc`; the class
 * adds a handshake, a farewell, handlers, and the methods of its users. It works with `new`, `attach()`,
 * `supervise()` and `ProtocolServer`, and as a machine in a statechart, as one of `defineClient()` does.
 *
 * @example
 * class Lsp extends defineJsonRpc<Server, Client, Initialized>({ codec: contentLength(), cancel: 'lsp' }) {
 *   protected override async handshake({ request, notify }: RpcSession<Server>): Promise<Initialized> {
 *     const result = await request('initialize', { capabilities: {} });
 *     await notify('initialized', {});
 *     return result;
 *   }
 *   protected override async farewell({ request, notify }: RpcSession<Server, Initialized>): Promise<void> {
 *     await request('shutdown');
 *     await notify('exit');
 *   }
 * }
 *
 * @typeParam Remote - The methods of the peer, as an interface of functions.
 * @typeParam Local - The methods that the peer may call.
 * @typeParam Negotiated - What the handshake resolves with: `negotiated`.
 * @param defaults - The options of every client.
 */
export function defineJsonRpc<
  Remote extends RpcMethods = AnyMethods,
  Local extends RpcMethods = AnyMethods,
  Negotiated = void,
>(defaults: JsonRpcOptions): JsonRpcBase<Remote, Local, Negotiated> {
  return class DefinedJsonRpc extends JsonRpc<Remote, Local, Negotiated> {
    constructor(options?: Partial<JsonRpcOptions>) {
      super({ ...defaults, ...options });
    }
  };
}
