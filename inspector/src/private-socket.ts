/** A UNIX socket that only this user can reach: it is in a directory that is ours alone. */

import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The kernel's limit, without the final zero. Node would silently cut a longer path. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** The URL of a UNIX socket for `inspectTo()`. */
export const socketUrlOf = (path: string, token: string): string =>
  `unix:${pathToFileURL(path).pathname}?token=${token}`;

/**
 * Listens on a UNIX socket. Creates its directory if it is missing; removes the socket of an inspector
 * that no longer runs.
 *
 * @returns The absolute path.
 * @throws {TypeError} When the path is too long, its directory is not ours or open to others, or something
 *   else is there.
 * @throws {Error} When it cannot listen, with the system's `code`, such as `EADDRINUSE`.
 */
export async function listenPrivately(server: Server, path: string): Promise<string> {
  const absolute = resolve(path);
  if (Buffer.byteLength(absolute) > MAX_PATH_BYTES) {
    throw new TypeError(
      `The path '${absolute}' has more than the ${String(MAX_PATH_BYTES)} bytes of a UNIX socket`,
    );
  }
  makePrivate(dirname(absolute));
  await removeStale(absolute);
  server.listen({ path: absolute });
  await once(server, 'listening');
  chmodSync(absolute, 0o600);
  return absolute;
}

/** Creates a directory that only we can enter, or checks that an existing one is such a directory. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stats = lstatSync(directory);
  const us = process.geteuid?.();
  const refuse = (why: string) =>
    new TypeError(
      `The directory '${directory}' is refused for a socket: ${why}. Choose one that is yours, with mode 700`,
    );
  if (!stats.isDirectory()) throw refuse('it is not a directory');
  if (us !== undefined && stats.uid !== us) {
    throw refuse(`it belongs to the user ${String(stats.uid)}, not to ${String(us)}`);
  }
  if ((stats.mode & 0o077) !== 0) {
    throw refuse(`others have access to it (mode ${(stats.mode & 0o777).toString(8)})`);
  }
}

/** No other user can have put anything there: the directory is private. */
async function removeStale(path: string): Promise<void> {
  const stats = statsOf(path);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new TypeError(`'${path}' exists and is not a socket; remove it`);
  if (await isAlive(path)) {
    const error = new Error(`An inspector already listens on '${path}'`);
    throw Object.assign(error, { code: 'EADDRINUSE' });
  }
  unlinkSync(path);
}

const statsOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

function isAlive(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ path });
    const answer = (alive: boolean) => () => {
      socket.destroy();
      settle(alive);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
