/** A service, and a client that asks it. `npx tsx examples/nats/run.ts [PORT]` */

import { spawnPeer } from 'wirechart';
import { Nats } from './client.ts';

const address = { port: Number(process.argv[2] ?? 4222) };
const args = ['-a', '127.0.0.1', '-p', String(address.port)];
const server = spawnPeer('nats-server', args, { listens: address });
const [service, client] = [new Nats(), new Nats()];
service.subscribe('greet.*', ({ text, reply = '' }) => service.publish(reply, `hello ${text}`));
client.subscribe('news', ({ text }) => {
  console.log('news:', text);
});
await client.connect(server.address); // and when it disconnects, the server ends
await service.connect(address);
await service.flush(); // the server knows the subscription

console.log('reply:', (await client.request('greet.someone', 'world')).text);
await client.request('nothing.there').catch((error: unknown) => {
  console.log(String(error));
});
await service.publish('news', 'the service leaves');
await service.disconnect(); // drains: what has come is handled, what was sent has arrived
await client.disconnect();
