/** The echo server of the README, closed while it is busy: what it has accepted, it delivers. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type AsyncProtocol,
  lines,
  type PeerInfo,
  ProtocolServer,
  type ProtocolServerOptions,
} from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

/** An echo server, and the peers that it has reported as failed. */
function createEcho(options: ProtocolServerOptions = {}, work?: () => Promise<void>) {
  const failed: PeerInfo[] = [];
  const received: string[] = [];
  const server = new ProtocolServer<string>(
    (_, peer) => ({
      codec: lines(),
      onMessage: async (line) => {
        received.push(line);
        await work?.();
        await peer().send(`re ${line}`);
      },
    }),
    { onPeerError: (_, peer) => failed.push(peer), ...options },
  );
  onTestFinished(() => server.close({ force: true }));
  return { server, failed, received };
}

async function dial(server: ProtocolServer<string>): Promise<[Socket, AsyncProtocol<string>]> {
  const { host, port } = await server.listen({ port: 0 });
  const socket = connect({ host, port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  for await (const peer of server) return [socket, peer];
  throw new Error('There is no peer');
}

/** Reads to the end of the stream, ends it, and resolves with the lines. */
async function readAll(socket: Socket): Promise<string[]> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'end');
  socket.end();
  return text.split('\n').slice(0, -1);
}

it('delivers 8 MB that are queued, although the peer sends another line', async () => {
  const { server, failed } = createEcho();
  const [socket, peer] = await dial(server);
  const line = 'x'.repeat(10_000);
  for (let count = 0; count < 800; count += 1) void peer.send(line);
  const closed = server.close();
  socket.write('one more\n');
  const received = await readAll(socket);
  await closed;
  expect(received.filter((text) => text === line)).toHaveLength(800);
  expect(peer.outcome).toMatchObject({ undelivered: 0 });
  expect(peer.outcome?.cause).toBeUndefined();
  expect(failed).toEqual([]);
});

it('lets the handler that is under way answer, and hands it no further message', async () => {
  let finish: () => void = () => undefined;
  const work = () => new Promise<void>((resolve) => (finish = resolve));
  const { server, failed, received } = createEcho({}, work);
  const [socket, peer] = await dial(server);
  socket.write('first\nsecond\nthird\n');
  await expect.poll(() => received).toEqual(['first']);
  const closed = server.close();
  finish();
  expect(await readAll(socket)).toEqual(['re first']);
  await closed;
  expect(received).toEqual(['first']);
  expect(peer.outcome).toMatchObject({ undelivered: 0 });
  expect(peer.outcome?.cause).toBeUndefined();
  expect(failed).toEqual([]);
});

const never = () => new Promise<void>(() => undefined);

it.each([
  ['timeouts.drain, which is no failure', { drain: 20 }, []],
  [
    'timeouts.shutdown, which is one',
    { drain: Infinity, shutdown: 20 },
    [expect.objectContaining({ phase: 'shutdown', ms: 20 })],
  ],
])('waits for a handler that never ends until %s', async (_, timeouts, causes) => {
  const { server, failed, received } = createEcho({ timeouts }, never);
  const [socket, peer] = await dial(server);
  socket.resume().once('end', () => socket.end());
  socket.write('hello\n');
  await expect.poll(() => received).toEqual(['hello']);
  await server.close();
  expect(peer.outcome?.cause === undefined ? [] : [peer.outcome.cause]).toEqual(causes);
  expect(failed).toHaveLength(causes.length);
});
