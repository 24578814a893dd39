/** Clients that misbehave, and the closeCode of an inspector, which does not depend on them. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Inspector } from '../../inspector/src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import {
  closeCode,
  dial,
  startTestInspector,
  openWebSocket,
  portOf,
  handled,
  withToken,
} from './clients.ts';
import { openFakePage } from './fake-page.ts';

expectIdleAfterEach();

const withForeignHost = (to: Inspector): string =>
  head(to, 'GET /').replace('Host', 'Host: evil.example\r\nHost');

/** The head of a request, with the right Host. */
const head = (to: Inspector, request: string, ...lines: string[]): string =>
  [`${request} HTTP/1.1`, `Host: 127.0.0.1:${String(portOf(to))}`, ...lines, '', ''].join('\r\n');

const upgrade = (to: Inspector, path: string, ...more: string[]): string =>
  head(
    to,
    `GET ${path}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...more],
  );

/** Clients that keep their connection open. */
const LINGERING: readonly (readonly [
  string,
  (to: Inspector, socket: Socket) => Promise<unknown>,
])[] = [
  ['sends nothing', () => Promise.resolve()],
  ['sends half of a request head', (to, socket) => write(socket, head(to, 'GET /').slice(0, -2))],
  [
    'posts half of a recording',
    (to, socket) =>
      write(socket, head(to, `POST ${withToken('/recording')}`, 'Content-Length: 100') + '{"type"'),
  ],
  [
    'keeps its connection alive',
    async (to, socket) => {
      await write(socket, head(to, 'GET /nowhere/at/all', 'Connection: keep-alive'));
      await once(socket, 'readable');
    },
  ],
  [
    'keeps the connection of a refused WebSocket',
    (to, socket) => exchange(socket, upgrade(to, '/viewer')),
  ],
  [
    'keeps the connection of a WebSocket at an unknown path',
    (to, socket) => exchange(socket, upgrade(to, '/')),
  ],
  [
    'keeps the connection of an invalid WebSocket',
    (to, socket) => exchange(socket, upgrade(to, withToken('/viewer')).replace('13', '12')),
  ],
  [
    'does not answer the closeCode handshake',
    async (to, socket) => {
      await write(socket, upgrade(to, withToken('/viewer')));
      await once(socket, 'readable');
    },
  ],
  [
    'sends half of a frame',
    async (to, socket) => {
      await write(socket, upgrade(to, withToken('/program')));
      await once(socket, 'readable');
      await write(socket, Buffer.from([0x81, 0xfe, 0x10]));
    },
  ],
];

const write = (socket: Socket, data: string | Buffer): Promise<void> =>
  new Promise((resolve) => {
    socket.write(data, () => {
      resolve();
    });
  });

/** Everything that the inspector sends until it ends its side. The client's side stays open. */
function received(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let all = '';
    socket.on('data', (chunk: Buffer) => (all += chunk.toString()));
    socket.on('end', () => {
      resolve(all);
    });
  });
}

/** Sends a request and reads the whole response. */
async function exchange(socket: Socket, data: string): Promise<void> {
  await write(socket, data);
  await received(socket);
}

describe('close()', () => {
  it.each(LINGERING)('ends the connection of a client that %s', async (_, act) => {
    const inspector = await startTestInspector();
    const socket = await dial(inspector);
    await act(inspector, socket);
    await inspector.close();
    socket.resume();
    await closed(socket);
  });

  it('ends all WebSockets, even when they do not answer', async () => {
    const inspector = await startTestInspector();
    const sockets = await Promise.all(
      ['/viewer', '/program', '/receiver'].map((path) => openWebSocket(inspector, path)),
    );
    const [, , paused] = sockets;
    paused?.pause();
    const ends = sockets.slice(0, 2).map(closeCode);
    await inspector.close();
    expect(await Promise.all(ends)).toEqual([1006, 1006]);
  });

  it('can be called again, also at the same time', async () => {
    const inspector = await startTestInspector();
    await openWebSocket(inspector, '/viewer');
    await Promise.all([inspector.close(), inspector.close()]);
    await inspector.close();
    await inspector[Symbol.asyncDispose]();
  });

  it('refuses further connections', async () => {
    const inspector = await startTestInspector();
    await inspector.close();
    await expect(openWebSocket(inspector, '/viewer')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

/** Resolves when the connection has closed. */
async function closed(socket: Socket): Promise<void> {
  const closeCode = new Promise((resolve) => socket.once('close', resolve));
  socket.end();
  if (!socket.closed) await closeCode;
}

describe('a connection', () => {
  it('that was refused is closed by the inspector, even if the client keeps it open', async () => {
    const inspector = await startTestInspector();
    const socket = await dial(inspector);
    socket.write(upgrade(inspector, '/viewer'));
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*\r\n\r\nWrong token/s);
    // Writing to a closed connection fails, which closes the client's side.
    const closeCode = new Promise((resolve) => socket.once('close', resolve));
    const push = () => socket.write('x', () => !socket.destroyed && setImmediate(push));
    push();
    await closeCode;
  });

  it.each([
    ['of HTTP 1.0 without a Host', () => 'GET / HTTP/1.0\r\n\r\n', 403],
    ['with an empty Host', () => 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 403],
    ['without a Host', () => 'GET / HTTP/1.1\r\n\r\n', 400],
    ['with a foreign Host first', withForeignHost, 403],
    ['that does not speak HTTP', () => 'HELLO\r\n\r\n', 400],
    ['to a proxy', (to: Inspector) => head(to, 'GET http://evil.example/page/none.css'), 200],
  ] as const)('%s is answered', async (_, requestOf, status) => {
    const inspector = await startTestInspector();
    const socket = await dial(inspector);
    socket.end(requestOf(inspector));
    expect(await received(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
  });

  it('that asks for a WebSocket by another method is refused', async () => {
    const inspector = await startTestInspector();
    const socket = await dial(inspector);
    socket.end(upgrade(inspector, withToken('/viewer')).replace('GET', 'POST'));
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('that is reset while it is accepted has no effect on others', async () => {
    const inspector = await startTestInspector();
    const paths = [withToken('/viewer'), withToken('/program'), '/viewer', '/nowhere'];
    for (let times = 0; times < 40; times += 1) {
      const socket = await dial(inspector);
      await write(socket, upgrade(inspector, paths[times % paths.length] ?? ''));
      socket.resetAndDestroy();
    }
    await handled(await openWebSocket(inspector, '/viewer'));
  });

  it.each([
    [
      'is not a recording',
      withToken('/recording'),
      /^HTTP\/1\.1 400 .*Connection: close.*This is not a wirechart recording/s,
    ],
    ['lacks the token', '/recording', /^HTTP\/1\.1 403 .*Connection: close.*Wrong token/s],
    [
      'has the wrong path',
      withToken('/'),
      /^HTTP\/1\.1 404 .*Connection: close.*Only \/recording accepts POST/s,
    ],
  ])('that posts data which %s gets the reason, and is closed', async (_, path, answer) => {
    const inspector = await startTestInspector();
    const socket = await dial(inspector);
    socket.write(`${head(inspector, `POST ${path}`, 'Content-Length: 1000000')}not a recording\n`);
    expect(await received(socket)).toMatch(answer);
  });

  it('that is reset while it posts a recording has no effect on others', async () => {
    const inspector = await startTestInspector();
    const socket = await dial(inspector);
    const post = `POST ${withToken('/recording?name=partial')}`;
    const start = '{"type":"wirechart.program","version":1,"name":"x"}\n';
    await write(socket, head(inspector, post, 'Content-Length: 1000000') + start);
    const page = await openFakePage(inspector);
    await page.program('partial');
    socket.resetAndDestroy();
    await page.handled();
  });
});
