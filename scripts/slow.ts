/** A relay that delays everything on its way to and from a peer, so that a person can follow. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../src/index.ts';

/** A running relay. */
export interface SlowRelay {
  /** Connect here instead of to the peer. */
  readonly address: Address;
  close(): Promise<void>;
}

/**
 * Starts a relay to a peer, on a free TCP port of this host.
 *
 * @param ms - The delay of each chunk, in either direction.
 */
export async function startSlowRelay(
  target: { readonly path: string } | { readonly host: string; readonly port: number },
  ms: number,
): Promise<SlowRelay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    void forward(near, far, ms);
    void forward(far, near, ms);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { address: { host: '127.0.0.1', port }, close };
}

async function forward(from: Socket, to: Socket, ms: number): Promise<void> {
  try {
    for await (const chunk of from) {
      await delay(ms);
      to.write(chunk as Buffer);
    }
    await delay(ms);
    to.end();
  } catch {
    to.destroy();
  }
}
