/** A listener of a UNIX socket that accepts no connections, as that of a process that was stopped. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** The thread is held in a wait, so that only the kernel answers new connections. */
const LISTENER = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer((socket) => socket.on('error', () => undefined).end('late'));
  server.listen({ path: workerData.path, backlog: 1 }, () => {
    parentPort.postMessage('listening');
    Atomics.wait(new Int32Array(workerData.gate), 0, 0);
  });
`;

/** A listener whose backlog is full. */
export interface FullBacklog {
  /** Lets the listener accept the connections that wait, and those that come. */
  release(): void;
  /** Ends the listener and the connections. */
  close(): Promise<void>;
}

/** Listens at `path`, and fills the backlog. */
export async function fillBacklog(path: string): Promise<FullBacklog> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(LISTENER, { eval: true, workerData: { path, gate } });
  await once(worker, 'message');
  const waiting: Socket[] = [];
  while (await queues(path, waiting));
  const release = (): void => {
    const flag = new Int32Array(gate);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  return {
    release,
    close: async () => {
      for (const socket of waiting) socket.destroy();
      release();
      await worker.terminate();
    },
  };
}

/** Connects once more. Returns whether there was room in the backlog. */
function queues(path: string, waiting: Socket[]): Promise<boolean> {
  const socket = connect({ path });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      waiting.push(socket);
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EAGAIN') resolve(false);
      else reject(error);
    });
  });
}
