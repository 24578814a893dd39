/** Counts inbound bytes, and reports when the expected number has arrived. */

import { onOrder, path, report, serve } from './serve.ts';

let left = 0;

onOrder((order) => {
  if ('expect' in order) left = order.expect;
});

await serve(path, (socket) => {
  socket.on('data', (chunk) => {
    if (left <= 0) return;
    left -= chunk.length;
    if (left <= 0) report('all');
  });
});
report('listening');
