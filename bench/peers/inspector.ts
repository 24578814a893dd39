/**
 * An inspector that discards what it receives. It reports its URL, each program that connects, and the
 * first message that it is sent after an order to request them.
 */

import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { awaitProof, proveTo, TEST_TOKEN } from '../../test/inspect/prover.ts';
import { leaveWithBench, onOrder, report } from './serve.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
let awaitsMessage = false;

onOrder((order) => {
  if (!('wire' in order)) return;
  awaitsMessage = order.wire;
  for (const client of server.clients) {
    client.send(JSON.stringify({ type: 'wirechart.wire', on: order.wire }));
  }
});

proveTo(server);
server.on('connection', (client, request) => {
  client.on('error', () => {
    client.terminate();
  });
  void awaitProof(client, request).then(() => {
    serve(client);
  });
});

function serve(client: WebSocket): void {
  client.once('message', () => {
    report('connected');
  });
  client.on('message', (data) => {
    if (!awaitsMessage || !Buffer.isBuffer(data) || !data.includes('"wirechart.message"')) return;
    awaitsMessage = false;
    report('shown');
  });
}

leaveWithBench();
server.once('listening', () => {
  report('listening');
  report(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/?token=${TEST_TOKEN}`);
});
