/** What the tests of sockets have in common: a private directory, and an end of all that was opened. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ListenOptions, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach } from 'vitest';
import { expectNoHandles } from './handles.ts';

/** What one test has to itself. */
export interface Fixture {
  /** A private directory, empty at first. */
  directory: string;
  /** A path in it for a socket. */
  path: string;
  /** Undoes, in order, what the test has opened. */
  readonly cleanups: (() => unknown)[];
}

/** To be called once in a test file: a new scene for each test, after which no handle may be left. */
export function useFixture(): Fixture {
  const scene: Fixture = { directory: '', path: '', cleanups: [] };
  beforeEach(async () => {
    scene.directory = await mkdtemp(join(tmpdir(), 'wirechart-'));
    scene.path = join(scene.directory, 'socket');
  });
  afterEach(async () => {
    for (const cleanUp of scene.cleanups.splice(0)) cleanUp();
    await expectNoHandles();
    await rm(scene.directory, { recursive: true });
  });
  return scene;
}

/** Starts a server; it and its peers are closed after the test. */
export async function start(
  scene: Fixture,
  server: Server,
  where: ListenOptions = { host: '127.0.0.1', port: 0 },
): Promise<Server> {
  scene.cleanups.push(() => server.close());
  server.on('connection', (peer) => {
    scene.cleanups.push(() => peer.destroy());
    peer.on('error', () => undefined);
  });
  server.listen(where);
  await once(server, 'listening');
  return server;
}

/** The TCP port of a server that listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('The server has no port');
}

/** Resolves with the next peer of a server. */
export function nextPeer(server: Server): Promise<Socket> {
  return new Promise((resolve) => server.once('connection', resolve));
}

/** Resolves when the stream has closed. (Not `once()`, which rejects when there is an error.) */
export function closing(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
}

/** All that the peer sends, until its end. */
export async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
