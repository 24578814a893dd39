/** Shared by all peers: they listen on a path, take orders, and exit when the bench exits. */

import { createServer, type Socket } from 'node:net';
import type { Order } from '../peer.ts';

/** Sends a report to the bench. */
export function report(what: unknown): void {
  process.send?.(what);
}

/** Calls `take` with every order, then acknowledges it. */
export function onOrder(take: (order: Order) => void): void {
  process.on('message', (order) => {
    take(order as Order);
    report('understood');
  });
}

/** Reports the CPU time of this process so far, in µs, when it is ordered to. */
export function reportCpuTime(): void {
  onOrder((order) => {
    if (!('cpu' in order)) return;
    const { user, system } = process.cpuUsage();
    // After the acknowledgement.
    queueMicrotask(() => {
      report(user + system);
    });
  });
}

/** Exits when the IPC channel closes, because then the bench has exited. */
export function leaveWithBench(): void {
  process.once('disconnect', () => process.exit());
}

/** Listens on a path; resolves when the path is bound. */
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

/** How many blocks go to the kernel in one call, so that the peer is not the bottleneck. */
const MAX_BATCH_BLOCKS = 16;

/** Writes a block `count` times, as fast as the client reads. Never settles if the socket is destroyed. */
export function writeBlocks(socket: Socket, block: Buffer, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const pump = (): void => {
      while (left > 0 && !socket.destroyed && !socket.writableNeedDrain) {
        const blocks = Math.min(left, MAX_BATCH_BLOCKS);
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

/** The path to listen on: the argument of the process. */
export const path = process.argv[2] ?? '';
