/**
 * A monitor that greets as QEMU does, and does what it is told: before it replies to a command, but not
 * to that of the negotiation, it sends as many events as were ordered.
 */

import type { Socket } from 'node:net';
import { type Block, block, GREETING } from '../messages.ts';
import { onOrder, path, report, serve, writeBlocks } from './serve.ts';

const known = new Map<number, Block>();
let data: Buffer = Buffer.alloc(0);
let blocks = 0;

onOrder((order) => {
  if (!('flood' in order)) return;
  const made = known.get(order.size) ?? block(order.size, 'qemu');
  known.set(order.size, made);
  data = made.data;
  blocks = order.blocks;
});

await serve(path, (socket) => {
  socket.write(`${GREETING}\r\n`);
  socket.setEncoding('latin1');
  // Commands are short, and come one at a time.
  socket.on('data', (command: string) => void answer(socket, command));
});
report('listening');

async function answer(socket: Socket, command: string): Promise<void> {
  const id = /"id": *(\d+)/.exec(command)?.[1] ?? 'null';
  if (!command.includes('qmp_capabilities')) await writeBlocks(socket, data, blocks);
  socket.write(`{"return": {}, "id": ${id}}\r\n`);
}
