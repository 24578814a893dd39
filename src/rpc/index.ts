/**
 * wirechart/rpc: requests and replies on a connection, and JSON-RPC 2.0.
 *
 * @module wirechart/rpc
 */

export type {
  CallFailure,
  CallOptions,
  CallsOptions,
  ParsedCallOptions,
  PendingCall,
} from './call-options.ts';
export { Calls, type CallsProtocol } from './calls.ts';
export type { HandlerContext } from './context.ts';
export { defineJsonRpc, type JsonRpcBase } from './define-json-rpc.ts';
export type { RpcDialect } from './dialects.ts';
export { JsonRpcError } from './errors.ts';
export { JsonRpc } from './json-rpc.ts';
export {
  RPC_CODES,
  type RpcErrorObject,
  type RpcId,
  type RpcMessage,
  type RpcReply,
  type RpcRequest,
} from './messages.ts';
export type { JsonRpcOptions } from './options.ts';
export type {
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
