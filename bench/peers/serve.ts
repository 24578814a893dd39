/** What all peers have in common: they listen on a path, take orders, and go when the bench goes. */

import { createServer, type Socket } from 'node:net';
import type { Order } from '../peer.ts';

/** Tells the bench something. */
export function report(what: unknown): void {
  process.send?.(what);
}

/** Calls `take` with every order, then reports it understood. */
export function onOrder(take: (order: Order) => void): void {
  process.on('message', (order) => {
    take(order as Order);
    report('understood');
  });
}

/** Without an IPC channel the bench is not there any more. */
export function leaveWithBench(): void {
  process.once('disconnect', () => process.exit());
}

/** Listens on a path and reports when it does. */
export function serve(path: string, onConnection: (socket: Socket) => void): Promise<void> {
  leaveWithBench();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 4096 }, resolve);
  });
}

/** How many blocks go to the kernel in one call: who is measured must not wait for who is not. */
const AT_ONCE = 16;

/** Writes a block so often, as fast as it is taken. Never resolves when the socket is destroyed. */
export function writeBlocks(socket: Socket, block: Buffer, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const pump = (): void => {
      while (left > 0 && !socket.destroyed && !socket.writableNeedDrain) {
        const blocks = Math.min(left, AT_ONCE);
        left -= blocks;
        socket.cork();
        for (let at = 0; at < blocks; at += 1) socket.write(block);
        socket.uncork();
      }
      if (left > 0 || socket.destroyed || socket.writableNeedDrain) return;
      socket.off('drain', pump);
      resolve();
    };
    socket.on('drain', pump);
    pump();
  });
}

/** The path that the bench gave. */
export const path = process.argv[2] ?? '';
