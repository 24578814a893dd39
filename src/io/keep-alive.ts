/**
 * TCP keep-alive: after a time without a byte, the kernel probes whether the peer's system is still there,
 * and resets the connection if it is not. That also keeps firewalls from forgetting a silent connection.
 */

import type { Server, Socket } from 'node:net';
import { DEFAULT_KEEP_ALIVE_MS } from './address.ts';
import type { ListenTarget } from './listen-target.ts';

/** Has the kernel probe the peer of a socket after `ms` milliseconds; never, if that is `undefined`. */
export function keepAlive(socket: Socket, ms: number | undefined): void {
  // The kernel counts whole seconds, and 0 would stand for its own default, two hours.
  if (ms !== undefined) socket.setKeepAlive(true, Math.ceil(ms / 1000) * 1000);
}

/** The same for all peers of a server; on a UNIX socket it would have no effect. */
export function keepPeersAlive(server: Server, target: ListenTarget): void {
  if (target.kind === 'unix') return;
  const ms = target.kind === 'tcp' ? target.keepAlive : DEFAULT_KEEP_ALIVE_MS;
  server.on('connection', (socket: Socket) => {
    keepAlive(socket, ms);
  });
}
