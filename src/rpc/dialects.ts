/**
 * What JSON-RPC leaves to the protocols on top of it: how a request is cancelled, and how its progress is
 * reported. LSP and DAP-like protocols do it in one way, MCP in another.
 */

import { memberOf } from '../core/shape.ts';
import { isId, type RpcId } from './messages.ts';

/** How requests are cancelled, and how their progress is reported. */
export interface RpcDialect {
  /** The notification that cancels a request. */
  readonly cancelMethod: string;
  /** Returns the parameters of that notification. */
  cancelParams(id: RpcId, reason: string): object;
  /** Returns the id of the request that such a notification cancels; `undefined` if it has none. */
  cancelledId(params: unknown): RpcId | undefined;
  /** Whether a cancelled request still gets a reply. */
  readonly repliesToCancelled: boolean;
  /** The notification that reports progress. */
  readonly progressMethod: string;
  /** Returns the parameters of a request that asks for progress under this token. */
  withToken(params: unknown, token: RpcId): object;
  /** Returns the token under which a request asks for progress. */
  tokenIn(params: unknown): unknown;
  /** Returns the parameters of a report of progress. */
  progressParams(token: unknown, value: unknown): object;
  /** Returns the token and the value of a report. */
  progressIn(params: unknown): { readonly token: unknown; readonly value: unknown };
}

const objectOf = (params: unknown): object =>
  typeof params === 'object' && params !== null && !Array.isArray(params) ? params : {};

const idOf = (id: unknown): RpcId | undefined => (isId(id) ? id : undefined);

/** LSP 3.17, "Cancellation Support" and "Progress Support". */
const LSP: RpcDialect = {
  cancelMethod: '$/cancelRequest',
  cancelParams: (id) => ({ id }),
  cancelledId: (params) => idOf(memberOf(params, 'id')),
  repliesToCancelled: true,
  progressMethod: '$/progress',
  withToken: (params, token) => ({ ...objectOf(params), workDoneToken: token }),
  tokenIn: (params) => memberOf(params, 'workDoneToken'),
  progressParams: (token, value) => ({ token, value }),
  progressIn: (params) => ({ token: memberOf(params, 'token'), value: memberOf(params, 'value') }),
};

/** MCP 2025-06-18, "Cancellation" and "Progress". */
const MCP: RpcDialect = {
  cancelMethod: 'notifications/cancelled',
  cancelParams: (requestId, reason) => ({ requestId, reason }),
  cancelledId: (params) => idOf(memberOf(params, 'requestId')),
  repliesToCancelled: false,
  progressMethod: 'notifications/progress',
  withToken: (params, progressToken) => ({
    ...objectOf(params),
    _meta: { ...objectOf(memberOf(params, '_meta')), progressToken },
  }),
  tokenIn: (params) => memberOf(memberOf(params, '_meta'), 'progressToken'),
  progressParams: (progressToken, value) => ({ ...objectOf(value), progressToken }),
  progressIn: (params) => ({ token: memberOf(params, 'progressToken'), value: params }),
};

/** The dialects that are known by name. */
export const DIALECTS = { lsp: LSP, mcp: MCP } as const;
