/** Two clients of a Redis: one sees what the other does. `npx tsx examples/redis/run.ts [SOCKET]` */

import { spawnPeer } from 'wirechart';
import { Redis } from './client.ts';

const path = process.argv[2] ?? `/tmp/wirechart-redis-${String(process.pid)}.sock`;
const args = ['--port', '0', '--unixsocket', path, '--save', ''];
const server = spawnPeer('redis-server', args, { listens: path });
const [watcher, writer] = [new Redis(), new Redis()];
watcher.onPush = ({ kind, values }) => {
  console.log(kind, values);
};
await watcher.connect(server.address); // when it disconnects, the server ends
await writer.connect(path);
const counts = Array.from({ length: 1000 }, () => writer.command('INCR', 'visits'));
console.log('visits', (await Promise.all(counts)).at(-1)); // a few round trips, not 1000
await writer.command('LPUSH', 'visits', 'me').catch((error: unknown) => {
  console.log(String(error));
});
await watcher.command('SUBSCRIBE', 'news');
await watcher.command('CLIENT', 'TRACKING', 'ON', 'BCAST'); // for a cache of our own
await writer.command('SET', 'visits', 0);
await writer.command('PUBLISH', 'news', 'it works');
await writer.disconnect();
await watcher.disconnect();
