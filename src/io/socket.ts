/** Node's sockets, recognized in any realm. */

import type { Socket } from 'node:net';
import { memberOf } from '../core/shape.ts';

/** Whether a value is a socket of `node:net` or `node:tls`, a pipe to a child included. */
export const isSocket = (value: unknown): value is Socket =>
  typeof memberOf(value, 'setNoDelay') === 'function';
