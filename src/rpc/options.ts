/** The options of a connection that speaks JSON-RPC. */

import { checkTimeout } from '../async/timer.ts';
import type { JsonValue } from '../codecs/json.ts';
import type { Codec } from '../core/codec.ts';
import { ArgumentError } from '../core/errors.ts';
import { checkKinds, checkNames, type Names } from '../core/options.ts';
import { show } from '../core/shape.ts';
import { PROTOCOL_OPTIONS, type ProtocolOptions } from '../protocol/options.ts';
import { DIALECTS, type RpcDialect } from './dialects.ts';

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
  /**
   * How many messages may wait for that; further requests are answered with an error, and after a further
   * notification nothing is read until there is room. Default 1 024.
   */
  readonly maxWaiting?: number | undefined;
  /**
   * Called with what the handler of a notification throws, since the peer gets no reply, and with what an
   * `onProgress` throws. Default: a warning, to `logger` or of the process.
   */
  readonly onHandlerError?: ((error: unknown, method: string) => void) | undefined;
}

export const JSON_RPC_OPTIONS: Names<JsonRpcOptions> = {
  ...PROTOCOL_OPTIONS,
  codec: true,
  cancel: true,
  timeout: true,
  maxHandlers: true,
  maxWaiting: true,
  onHandlerError: true,
};

/** The options that are not those of the protocol, with their defaults. */
export interface RpcSettings {
  readonly codec: Codec<JsonValue, never>;
  readonly dialect: RpcDialect | undefined;
  readonly timeout: number | undefined;
  readonly maxHandlers: number;
  readonly maxWaiting: number;
  readonly onHandlerError: JsonRpcOptions['onHandlerError'];
}

/**
 * Checks options, and returns those of JSON-RPC and those of the protocol.
 *
 * @throws {ArgumentError} When an option is invalid.
 */
export function resolveOptions(options: JsonRpcOptions): {
  readonly settings: RpcSettings;
  readonly protocolOptions: ProtocolOptions;
} {
  checkNames('new JsonRpc()', options, JSON_RPC_OPTIONS);
  checkKinds('new JsonRpc()', options, { onHandlerError: 'function' });
  const { codec, cancel, timeout, maxHandlers, maxWaiting, onHandlerError, ...protocolOptions } =
    options;
  checkTimeout(timeout);
  const settings = {
    codec,
    dialect: dialectOf(cancel),
    timeout,
    maxHandlers: atLeastOne('maxHandlers', maxHandlers ?? 64),
    maxWaiting: atLeastOne('maxWaiting', maxWaiting ?? 1024),
    onHandlerError,
  };
  return { settings, protocolOptions };
}

function dialectOf(cancel: JsonRpcOptions['cancel']): RpcDialect | undefined {
  if (typeof cancel !== 'string') return cancel;
  // A caller without types may pass any text.
  const known: Readonly<Record<string, RpcDialect | undefined>> = DIALECTS;
  const dialect = Object.hasOwn(known, cancel) ? known[cancel] : undefined;
  if (dialect !== undefined) return dialect;
  throw new ArgumentError(`cancel must be 'lsp', 'mcp' or an object, not ${show(cancel)}`);
}

function atLeastOne(name: string, value: number): number {
  if (value >= 1) return value;
  throw new ArgumentError(`${name} must be 1 or more, not ${show(value)}`);
}
