/** Runs one variant in this process; see `../job.ts`. */

import { inboundClients } from '../compare/inbound-clients.ts';
import { stalledSenders } from '../compare/stalled-senders.ts';
import type { Job } from '../job.ts';
import { report } from './serve.ts';

const MB = 1024 * 1024;
const { what, variant, path, count } = JSON.parse(process.argv[2] ?? '') as Job;
process.once('disconnect', () => process.exit());
globalThis.gc?.();
const before = process.memoryUsage.rss();

if (what === 'inbound') {
  await inboundClients[variant]?.read(path, count);
  // maxRSS is the peak, in KiB.
  report([(process.resourceUsage().maxRSS * 1024 - before) / MB]);
} else {
  const socket = await stalledSenders[variant]?.(path, count);
  const after = process.memoryUsage.rss();
  report([(after - before) / MB, (socket?.writableLength ?? NaN) / MB]);
}
