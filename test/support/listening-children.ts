/** Node programs that a test spawns as peers, and that listen. */

import { connect } from 'node:net';
import { join } from 'node:path';
import { lines, type SpawnedPeer, spawnPeer, type SpawnPeerOptions } from '../../src/index.ts';
import { killAfterTest } from './children.ts';
import { tempDir } from './cleanup.ts';

/** Where a program listens, as `listens` and Node's `listen()` take it. */
type Where = { readonly path: string } | { readonly port: number };

/** A connection whose attempts have no deadline. */
export const PATIENT = { timeouts: { connect: Infinity } };
/** A protocol without a handshake. */
export const ANY = { codec: lines() };

/** Where a UNIX socket may be, in a directory of its own. */
export const freePath = async () => ({ path: join(await tempDir(), 'peer.sock') });

const NEVER = { exit: Infinity, terminate: Infinity };

/**
 * A Node program that has `net`, `fs` and `where`, which `listens` is. It has no deadlines by default, and does
 * not exit by itself.
 */
export function listening(
  where: Where,
  program: string,
  options: SpawnPeerOptions = {},
): SpawnedPeer {
  const script = `const where = ${JSON.stringify(where)}; ${program}; setTimeout(() => {}, 60_000);`;
  const plan = { listens: where, timeouts: NEVER, ...options };
  return killAfterTest(spawnPeer(process.execPath, ['--eval', script], plan));
}

/** Programs for `listening()`. */
export const programs = {
  /** Echoes what it is sent, to any number of peers, and closes each connection at its end. */
  echo: 'net.createServer((socket) => socket.pipe(socket)).listen(where)',
  /** The same, after a while. */
  lateEcho:
    'setTimeout(() => net.createServer((socket) => socket.pipe(socket)).listen(where), 100)',
  /** Echoes, and leaves its side of the connection open at the end. */
  neverCloses:
    'net.createServer({ allowHalfOpen: true }, (s) => s.on("data", (d) => s.write(d))).listen(where)',
  /** Echoes, and ignores SIGTERM. */
  ignoresSigterm:
    'process.on("SIGTERM", () => {}); net.createServer((socket) => socket.pipe(socket)).listen(where)',
  /** Never listens, and says why. */
  silent: 'fs.writeSync(2, "loading the database\\n")',
} as const;

/** Whether something listens at an address. */
export function isServed(where: Where): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
