/** WebSockets as peers of a server: streams of another library, without a listener of ours. */

import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { createTestServer } from '../support/servers.ts';

expectIdleAfterEach();

/** A WebSocket server each of whose connections is adopted; resolves with its URL. */
async function serveWebSockets(adopt: (socket: WebSocket) => void): Promise<string> {
  const listener = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  cleanUp(
    () =>
      new Promise((resolve) => {
        listener.close(resolve);
      }),
  );
  listener.on('connection', adopt);
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('It has no port');
  return `ws://127.0.0.1:${String(address.port)}`;
}

it('serves WebSockets, and closes them with the server', async () => {
  const { server, errors } = createTestServer();
  const url = await serveWebSockets((socket) => void server.adopt(createWebSocketStream(socket)));
  const sockets = [new WebSocket(url), new WebSocket(url)];
  const answers = await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'open');
      const answered = once(socket, 'message');
      socket.send('hello\n');
      return String((await answered)[0]);
    }),
  );
  expect(answers.sort()).toEqual(['1: hello\n', '2: hello\n']);
  expect(server.state).toBe('ADOPTING');
  const closed = sockets.map((socket) => once(socket, 'close'));
  await server.close();
  await Promise.all(closed);
  expect([server.state, errors]).toEqual(['IDLE', []]);
});

it('notices that a WebSocket has gone', async () => {
  const { server } = createTestServer();
  const url = await serveWebSockets((socket) => void server.adopt(createWebSocketStream(socket)));
  const socket = new WebSocket(url);
  await once(socket, 'open');
  await expect.poll(() => server.peers.length).toBe(1);
  const [peer] = server.peers;
  socket.close();
  expect((await peer?.closed)?.cause).toMatchObject({ code: 'ERR_CLOSED' });
  expect(server.stats).toMatchObject({ running: 0, failed: 0 });
});
