/** Sends whoever connects as many messages as were ordered, as fast as they are taken. */

import { type Block, block } from '../messages.ts';
import { onOrder, path, report, serve, writeBlocks } from './serve.ts';

const known = new Map<string, Block>();
let data: Buffer = Buffer.alloc(0);
let blocks = 0;

onOrder((order) => {
  if (!('flood' in order)) return;
  const key = `${order.flood} ${String(order.size)}`;
  const made = known.get(key) ?? block(order.size, order.flood);
  known.set(key, made);
  data = made.data;
  blocks = order.blocks;
});

await serve(path, (socket) => {
  socket.resume();
  void writeBlocks(socket, data, blocks);
});
report('listening');
