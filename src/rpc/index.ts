/**
 * wirechart/rpc: requests and replies on a connection, and JSON-RPC 2.0.
 *
 * @module wirechart/rpc
 */

export { type CallOptions, Calls, type CallsOptions, type CallsProtocol } from './calls.ts';
export { JsonRpcError } from './errors.ts';
export type { RpcDialect } from './dialects.ts';
export type { HandlerContext } from './handlers.ts';
export {
  type AnyMethods,
  JsonRpc,
  type JsonRpcOptions,
  type MethodParams,
  type MethodResult,
  type RequestArguments,
  type RequestOptions,
  type RpcMethods,
} from './json-rpc.ts';
export {
  RPC_CODES,
  type RpcErrorObject,
  type RpcId,
  type RpcMessage,
  type RpcReply,
  type RpcRequest,
} from './messages.ts';
