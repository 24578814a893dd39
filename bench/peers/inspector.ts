/**
 * An inspector that takes what it is told and looks at none of it. It reports its URL, then each
 * program that introduces itself, and the first message of the wire that it is shown.
 */

import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { leaveWithBench, onOrder, report } from './serve.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
let isWaiting = false;

onOrder((order) => {
  if (!('wire' in order)) return;
  isWaiting = order.wire;
  for (const client of server.clients) {
    client.send(JSON.stringify({ type: 'wirechart.wire', on: order.wire }));
  }
});

server.on('connection', (client) => {
  client.on('error', () => {
    client.terminate();
  });
  client.once('message', () => {
    report('connected');
  });
  client.on('message', (data) => {
    if (!isWaiting || !Buffer.isBuffer(data) || !data.includes('"wirechart.message"')) return;
    isWaiting = false;
    report('shown');
  });
});

leaveWithBench();
server.once('listening', () => {
  report('listening');
  report(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
});
