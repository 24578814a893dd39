/** The clients that send to a peer that does not read, without waiting. */

import type { Socket } from 'node:net';
import { event } from '../messages.ts';
import { AsyncProtocol, jsonLines } from '../package.ts';
import { dial } from '../rpc.ts';
import { HAND } from '../table.ts';

/** Sends `count` messages of 150 B; resolves 100 ms later, when they are queued in memory. */
export type StalledSender = (path: string, count: number) => Promise<Socket>;

/** The clients, by the name of the variant. */
export const stalledSenders: Readonly<Record<string, StalledSender>> = {
  [HAND]: async (path, count) => {
    const socket = await dial(path);
    let text = '';
    for (let at = 0; at < count; at += 1) {
      text += `${JSON.stringify(event(at, 150))}\n`;
      if (text.length < 64 * 1024) continue;
      socket.write(text);
      text = '';
    }
    return await settle(socket);
  },
  'one write() per message': async (path, count) => {
    const socket = await dial(path);
    for (let at = 0; at < count; at += 1) socket.write(`${JSON.stringify(event(at, 150))}\n`);
    return await settle(socket);
  },
  wirechart: async (path, count) => {
    const socket = await dial(path);
    const protocol = new AsyncProtocol({ codec: jsonLines<unknown>() });
    await protocol.connect({ stream: socket });
    for (let at = 0; at < count; at += 1) void protocol.send(event(at, 150));
    return await settle(socket);
  },
};

/** Waits 100 ms, and collects garbage. */
async function settle(socket: Socket): Promise<Socket> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc?.();
  return socket;
}
