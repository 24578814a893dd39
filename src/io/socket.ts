/** Node's sockets, recognized in any realm. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { memberOf } from '../core/shape.ts';

/**
 * Whether the TLS handshake of a stream has not been completed. `secureConnecting` alone does not tell: it stays
 * true for ever in a `TLSSocket` that was made for the server's side by hand.
 */
export function isSecuring(stream: Duplex): boolean {
  if (memberOf(stream, 'secureConnecting') !== true) return false;
  const getPeerFinished = memberOf(stream, 'getPeerFinished');
  if (typeof getPeerFinished !== 'function') return true;
  return Reflect.apply(getPeerFinished, stream, []) === undefined;
}

/** Whether a value is a socket of `node:net` or `node:tls`, a pipe to a child included. */
export const isSocket = (value: unknown): value is Socket =>
  typeof memberOf(value, 'setNoDelay') === 'function';
