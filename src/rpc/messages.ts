/** The messages of JSON-RPC 2.0, and what one that has arrived is. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { memberOf } from '../core/shape.ts';

/** The id of a request. */
export type RpcId = number | string | null;

/** A request, or a notification, which has no id and no reply. */
export interface RpcRequest {
  readonly jsonrpc: '2.0';
  readonly id?: RpcId;
  readonly method: string;
  readonly params?: unknown;
}

/** The error of a failed request (JSON-RPC 2.0, section 5.1). */
export interface RpcErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A reply. */
export type RpcReply =
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly error: RpcErrorObject };

/** One message, or several at once. */
export type RpcMessage = RpcRequest | RpcReply | readonly (RpcRequest | RpcReply)[];

/** The error codes of the specification, and two that LSP and others share. */
export const RPC_CODES = {
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internalError: -32_603,
  /** The receiver has too much to do. In the range for servers. */
  overloaded: -32_000,
  /** LSP's RequestCancelled. */
  cancelled: -32_800,
} as const;

/** What a message that has arrived is. */
export type Received =
  | {
      readonly kind: 'request';
      readonly id: RpcId;
      readonly method: string;
      readonly params: JsonValue | undefined;
    }
  | {
      readonly kind: 'notification';
      readonly method: string;
      readonly params: JsonValue | undefined;
    }
  | { readonly kind: 'result'; readonly id: JsonValue; readonly result: JsonValue }
  | { readonly kind: 'error'; readonly id: JsonValue; readonly error: JsonValue }
  /** A reply with neither a result nor an error, or no reply at all. */
  | { readonly kind: 'empty'; readonly id: JsonValue }
  | { readonly kind: 'invalid'; readonly id: RpcId };

const INVALID: Received = { kind: 'invalid', id: null };

/** Tells what one message is; `invalid` for anything that the specification does not know. */
export function classify(message: JsonValue): Received {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return INVALID;
  const { method, id, params } = message;
  if (typeof method === 'string') return classifyCall(message, method, id, params);
  if (id === undefined) return INVALID;
  if (method !== undefined) return invalidCall(id);
  const { result, error } = message;
  // Peers that know JSON-RPC 1.0, too, write the other member as null.
  if (error !== undefined && error !== null) return { kind: 'error', id, error };
  return result === undefined ? { kind: 'empty', id } : { kind: 'result', id, result };
}

function classifyCall(
  message: JsonObject,
  method: string,
  id: JsonValue | undefined,
  params: JsonValue | undefined,
): Received {
  if (message['jsonrpc'] !== '2.0') return invalidCall(id);
  // Null is not allowed there, but some clients write it for requests without parameters.
  const given = params === null ? undefined : params;
  if (given !== undefined && typeof given !== 'object') return invalidCall(id);
  if (id === undefined) return { kind: 'notification', method, params: given };
  return isId(id) ? { kind: 'request', id, method, params: given } : INVALID;
}

/** The error repeats the id of a request, so that its sender learns which one it was. */
const invalidCall = (id: JsonValue | undefined): Received =>
  isId(id) ? { kind: 'invalid', id } : INVALID;

/** Whether a value can be the id of a request. */
export const isId = (id: unknown): id is RpcId =>
  id === null || typeof id === 'string' || typeof id === 'number';

/** The members of an error object that has arrived; what is missing or wrong gets a value that says so. */
export function errorIn(error: JsonValue): RpcErrorObject {
  const [code, message, data] = ['code', 'message', 'data'].map((name) => memberOf(error, name));
  return {
    code: typeof code === 'number' ? code : RPC_CODES.internalError,
    message: typeof message === 'string' ? message : 'The reply has an error without a message',
    ...(data !== undefined && { data }),
  };
}
