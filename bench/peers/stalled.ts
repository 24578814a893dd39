/** Accepts and never reads. */

import { path, report, serve } from './serve.ts';

await serve(path, (socket) => {
  socket.pause();
});
report('listening');
