/**
 * wirechart/rpc: requests and replies on a connection, and JSON-RPC 2.0.
 *
 * @module wirechart/rpc
 */

export { type CallOptions, Calls, type CallsOptions, type CallsProtocol } from './calls.ts';
