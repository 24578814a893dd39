/** Helpers for the tests of sockets: a private directory, and the cleanup of what a test opened. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ListenOptions, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach } from 'vitest';
import { expectNoHandles } from './handles.ts';

/** The fixture of one test. */
export interface Fixture {
  /** A private directory, empty at first. */
  directory: string;
  /** A path in it for a socket. */
  path: string;
  /** Called after the test, in order. */
  readonly cleanups: (() => unknown)[];
}

/**
 * To be called once in a test file: sets the fixture up for each test, after which no handle may be
 * open.
 */
export function useFixture(): Fixture {
  const fixture: Fixture = { directory: '', path: '', cleanups: [] };
  beforeEach(async () => {
    fixture.directory = await mkdtemp(join(tmpdir(), 'wirechart-'));
    fixture.path = join(fixture.directory, 'socket');
  });
  afterEach(async () => {
    for (const cleanUp of fixture.cleanups.splice(0)) cleanUp();
    await expectNoHandles();
    await rm(fixture.directory, { recursive: true });
  });
  return fixture;
}

/** Starts a server; it and its peers are closed after the test. */
export async function start(
  fixture: Fixture,
  server: Server,
  where: ListenOptions = { host: '127.0.0.1', port: 0 },
): Promise<Server> {
  fixture.cleanups.push(() => server.close());
  server.on('connection', (peer) => {
    fixture.cleanups.push(() => peer.destroy());
    peer.on('error', () => undefined);
  });
  server.listen(where);
  await once(server, 'listening');
  return server;
}

/** The TCP port of a listening server. */
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

/** Reads everything that the peer sends until its end of stream. */
export async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
