/** Ways to send to a peer that does not read, without waiting. */

import type { Socket } from 'node:net';
import { event } from '../messages.ts';
import { AsyncProtocol, jsonLines } from '../package.ts';
import { dial } from '../rpc.ts';
import { HAND } from '../table.ts';

/** Sends `count` messages of 150 B; resolves a moment later, with all of them still queued. */
export type StalledSender = (path: string, count: number) => Promise<Socket>;

/** By name. */
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
    return await aMomentLater(socket);
  },
  'one write() per message': async (path, count) => {
    const socket = await dial(path);
    for (let at = 0; at < count; at += 1) socket.write(`${JSON.stringify(event(at, 150))}\n`);
    return await aMomentLater(socket);
  },
  wirechart: async (path, count) => {
    const socket = await dial(path);
    const protocol = new AsyncProtocol({ codec: jsonLines<unknown>() });
    await protocol.connect({ stream: socket });
    for (let at = 0; at < count; at += 1) void protocol.send(event(at, 150));
    return await aMomentLater(socket);
  },
};

async function aMomentLater(socket: Socket): Promise<Socket> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc?.();
  return socket;
}
