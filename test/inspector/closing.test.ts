/** Connections that do not behave, and the end of an inspector, which must not depend on them. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Inspector } from '../../inspector/src/index.ts';
import { expectHomeAfterEach } from '../support/cleanup.ts';
import { closing, dial, inspector, open, portOf, taken, withToken } from './clients.ts';
import { openPage } from './page.ts';

expectHomeAfterEach();

const foreign = (to: Inspector): string =>
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

/** What clients do that never end what they have begun. */
const UNENDING: readonly (readonly [
  string,
  (to: Inspector, socket: Socket) => Promise<unknown>,
])[] = [
  ['says nothing', () => Promise.resolve()],
  ['says half of a head', (to, socket) => said(socket, head(to, 'GET /').slice(0, -2))],
  [
    'posts half of a recording',
    (to, socket) =>
      said(socket, head(to, `POST ${withToken('/recording')}`, 'Content-Length: 100') + '{"type"'),
  ],
  [
    'keeps its connection for later',
    async (to, socket) => {
      await said(socket, head(to, 'GET /nowhere/at/all', 'Connection: keep-alive'));
      await once(socket, 'readable');
    },
  ],
  ['keeps what was refused', (to, socket) => ended(socket, upgrade(to, '/viewer'))],
  ['keeps what leads nowhere', (to, socket) => ended(socket, upgrade(to, '/'))],
  [
    'keeps what was no WebSocket',
    (to, socket) => ended(socket, upgrade(to, withToken('/viewer')).replace('13', '12')),
  ],
  [
    'does not answer as a WebSocket',
    async (to, socket) => {
      await said(socket, upgrade(to, withToken('/viewer')));
      await once(socket, 'readable');
    },
  ],
  [
    'sends half of a frame',
    async (to, socket) => {
      await said(socket, upgrade(to, withToken('/program')));
      await once(socket, 'readable');
      await said(socket, Buffer.from([0x81, 0xfe, 0x10]));
    },
  ],
];

const said = (socket: Socket, what: string | Buffer): Promise<void> =>
  new Promise((resolve) => {
    socket.write(what, () => {
      resolve();
    });
  });

/** All that the other side says, until it ends. Our own side stays open. */
function text(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let all = '';
    socket.on('data', (chunk: Buffer) => (all += chunk.toString()));
    socket.on('end', () => {
      resolve(all);
    });
  });
}

/** Has the other side say all that it has to say. */
async function ended(socket: Socket, what: string): Promise<void> {
  await said(socket, what);
  await text(socket);
}

describe('close()', () => {
  it.each(UNENDING)('ends a client that %s', async (_, act) => {
    const here = await inspector();
    const socket = await dial(here);
    await act(here, socket);
    await here.close();
    socket.resume();
    await gone(socket);
  });

  it('ends all WebSockets, whether or not they answer', async () => {
    const here = await inspector();
    const sockets = await Promise.all(
      ['/viewer', '/program', '/receiver'].map((path) => open(here, path)),
    );
    const [, , deaf] = sockets;
    deaf?.pause();
    const ends = sockets.slice(0, 2).map(closing);
    await here.close();
    expect(await Promise.all(ends)).toEqual([1006, 1006]);
  });

  it('can be called again, and at once', async () => {
    const here = await inspector();
    await open(here, '/viewer');
    await Promise.all([here.close(), here.close()]);
    await here.close();
    await here[Symbol.asyncDispose]();
  });

  it('lets nobody in any more', async () => {
    const here = await inspector();
    await here.close();
    await expect(open(here, '/viewer')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

/** Resolves when the connection is gone, in whatever way. */
async function gone(socket: Socket): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.end();
  if (!socket.closed) await closed;
}

describe('a connection', () => {
  it('that was refused is closed by us, even if the client does not', async () => {
    const here = await inspector();
    const socket = await dial(here);
    socket.write(upgrade(here, '/viewer'));
    expect(await text(socket)).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\n.*\r\n\r\nThe token is wrong/s,
    );
    // To go on writing to who has gone is an error, and the end.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const push = () => socket.write('x', () => !socket.destroyed && setImmediate(push));
    push();
    await closed;
  });

  it.each([
    ['of old without a Host', () => 'GET / HTTP/1.0\r\n\r\n', 403],
    ['with an empty Host', () => 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 403],
    ['without a Host', () => 'GET / HTTP/1.1\r\n\r\n', 400],
    ['with a foreign one first', foreign, 403],
    ['that speaks no HTTP', () => 'HELLO\r\n\r\n', 400],
    ['to a proxy', (to: Inspector) => head(to, 'GET http://evil.example/page/none.css'), 200],
  ] as const)('%s is answered', async (_, requestOf, status) => {
    const here = await inspector();
    const socket = await dial(here);
    socket.end(requestOf(here));
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
  });

  it('that is to become a WebSocket by another method is refused', async () => {
    const here = await inspector();
    const socket = await dial(here);
    socket.end(upgrade(here, withToken('/viewer')).replace('GET', 'POST'));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('that is reset while it is let in harms nobody', async () => {
    const here = await inspector();
    const paths = [withToken('/viewer'), withToken('/program'), '/viewer', '/nowhere'];
    for (let times = 0; times < 40; times += 1) {
      const socket = await dial(here);
      await said(socket, upgrade(here, paths[times % paths.length] ?? ''));
      socket.resetAndDestroy();
    }
    await taken(await open(here, '/viewer'));
  });

  it.each([
    [
      'is no recording',
      withToken('/recording'),
      /^HTTP\/1\.1 400 .*Connection: close.*It is no recording of wirechart/s,
    ],
    ['may not be posted', '/recording', /^HTTP\/1\.1 403 .*Connection: close.*The token is wrong/s],
    [
      'nobody wants',
      withToken('/'),
      /^HTTP\/1\.1 404 .*Connection: close.*There is nothing to post to/s,
    ],
  ])('that posts what %s is told so, and not listened to', async (_, path, answer) => {
    const here = await inspector();
    const socket = await dial(here);
    socket.write(`${head(here, `POST ${path}`, 'Content-Length: 1000000')}no recording\n`);
    expect(await text(socket)).toMatch(answer);
  });

  it('that breaks off while it posts a recording harms nobody', async () => {
    const here = await inspector();
    const socket = await dial(here);
    const post = `POST ${withToken('/recording?name=begun')}`;
    const begun = '{"type":"wirechart.program","version":1,"name":"x"}\n';
    await said(socket, head(here, post, 'Content-Length: 1000000') + begun);
    const page = await openPage(here);
    await page.program('begun');
    socket.resetAndDestroy();
    await page.taken();
  });
});
