/**
 * A QMP monitor. Before it replies to a command other than `qmp_capabilities`, it sends the ordered number
 * of events.
 */

import type { Socket } from 'node:net';
import { type Block, block, GREETING } from '../messages.ts';
import { onOrder, path, report, serve, writeBlocks } from './serve.ts';

const blockCache = new Map<number, Block>();
let data: Buffer = Buffer.alloc(0);
let blocks = 0;

onOrder((order) => {
  if (!('flood' in order)) return;
  const cached = blockCache.get(order.size) ?? block(order.size, 'qemu');
  blockCache.set(order.size, cached);
  data = cached.data;
  blocks = order.blocks;
});

await serve(path, (socket) => {
  socket.write(`${GREETING}\r\n`);
  socket.setEncoding('latin1');
  // Commands are short and arrive one at a time, so a chunk is a command.
  socket.on('data', (command: string) => void answer(socket, command));
});
report('listening');

async function answer(socket: Socket, command: string): Promise<void> {
  const id = /"id": *\d+/.exec(command)?.[0];
  if (!command.includes('qmp_capabilities')) await writeBlocks(socket, data, blocks);
  socket.write(`{"return": {}${id === undefined ? '' : `, ${id}`}}\r\n`);
}
