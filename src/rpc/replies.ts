/** The replies to the requests of the peer. */

import { describe } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import type { RunningContext } from './context.ts';
import { RPC_CODES, type RpcErrorObject, type RpcId, type RpcReply } from './messages.ts';

/** The reply of a handler that has succeeded. */
export const succeeded = ({ requestId }: RunningContext, result: unknown): RpcReply => ({
  jsonrpc: '2.0',
  id: requestId,
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

/** The reply of a handler that has thrown. */
export function failureOf({ requestId, isCancelled }: RunningContext, error: unknown): RpcReply {
  if (isCancelled) return failed(requestId, RPC_CODES.cancelled, 'The request was cancelled');
  const own = rpcErrorOf(error);
  if (own !== undefined) return { jsonrpc: '2.0', id: requestId, error: own };
  return failed(requestId, RPC_CODES.internalError, describe(error));
}
