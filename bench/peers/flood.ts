/** Sends the ordered number of messages to each client, as fast as the client reads. */

import { type Block, block } from '../messages.ts';
import { onOrder, path, report, serve, writeBlocks } from './serve.ts';

const blockCache = new Map<string, Block>();
let data: Buffer = Buffer.alloc(0);
let blocks = 0;

onOrder((order) => {
  if (!('flood' in order)) return;
  const key = `${order.flood} ${String(order.size)}`;
  const cached = blockCache.get(key) ?? block(order.size, order.flood);
  blockCache.set(key, cached);
  data = cached.data;
  blocks = order.blocks;
});

await serve(path, (socket) => {
  socket.resume();
  void writeBlocks(socket, data, blocks);
});
report('listening');
