/**
 * The file of a listening UNIX socket.
 *
 * When a server closes, libuv removes the file at the path that it was bound to, even if another
 * process has replaced that file meanwhile. So the server is bound to a temporary name, which is then
 * linked to the path: a link never replaces a file, and at the end we remove the file at the path only
 * if its inode is still ours. (The kernel does not reuse the inode number of an open socket.)
 */

import {
  type BigIntStats,
  linkSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { connect, type ListenOptions, type Server } from 'node:net';
import { dirname, resolve } from 'node:path';
import { describe } from '../core/errors.ts';
import { codeOf } from '../core/shape.ts';
import { MAX_PATH_BYTES } from './address.ts';

/** The temporary name of a socket is its path, this separator and random letters. */
const SEPARATOR = '~';
const RANDOM_LETTERS = 2;
const MAX_BIND_ATTEMPTS = 8;

/** A line of `/proc/net/unix` with the flag of a listening socket, and its name. */
const LISTENING = /^[0-9a-f]+: \S+ \S+ 00010000 \S+ \S+ +\d+ (.+)$/gm;

/** A socket file that is published at the path that was asked for. */
export interface SocketFile {
  /**
   * Removes the file, if the file at the path is still ours. To be called while the server or one of
   * its peers is open, so that the inode number cannot be another file's. Never throws.
   */
  remove(): void;
}

/**
 * Makes `server` listen on a temporary name beside `path`, and resolves with that name, which is to be
 * given to `publish()`. Closing the server removes it.
 *
 * Rejects with the error of the operating system, which names `path`; nothing is left behind then.
 *
 * @param backlog - How many pending connections the kernel may hold.
 */
export async function listenNear(server: Server, path: string, backlog?: number): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const temporary = temporaryName(path);
    try {
      await listenAt(server, { path: temporary, ...(backlog !== undefined && { backlog }) });
      return temporary;
    } catch (error) {
      // The random name may exist already.
      if (codeOf(error) === 'EADDRINUSE' && attempt < MAX_BIND_ATTEMPTS) continue;
      throw bindError(error, path);
    }
  }
}

/**
 * Gives the socket at `temporary` the name `path`, and removes the temporary name. A socket file that
 * no process serves any more, as a crash leaves it, is replaced.
 *
 * To find out whether a process serves the socket at `path`, this connects to it and closes the
 * connection at once, unless the kernel's table of sockets (Linux) shows that it is served.
 *
 * Rejects with an error of code `EADDRINUSE` when `path` is served or is not a socket, else with the
 * error of the operating system. Then the file at `path` is as before, and the temporary name is
 * removed.
 */
export async function publish(temporary: string, path: string): Promise<SocketFile> {
  try {
    const { dev, ino } = lstatSync(temporary, { bigint: true });
    await linkOver(temporary, path);
    // The working directory may change before the end.
    const absolute = resolve(path);
    return {
      remove: () => {
        removeIf(absolute, (found) => found.dev === dev && found.ino === ino);
      },
    };
  } catch (error) {
    throw codeOf(error) === 'EADDRINUSE' ? error : listenError(codeOf(error), path, error);
  } finally {
    removeIf(temporary, () => true);
  }
}

/**
 * `server.listen(options)` as a promise, which resolves when the server listens. The server's first
 * 'connection' event comes after the microtasks that follow.
 *
 * Rejects with the error of the operating system; the server can be used again then.
 */
export function listenAt(
  server: Server,
  options: ListenOptions & { readonly fd?: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error) => {
      server.off('listening', done).off('error', done);
      if (error === undefined) resolve();
      else reject(error);
    };
    server.once('listening', done).once('error', done);
    // Exclusive: a worker of node:cluster must own its socket, not borrow it from the primary.
    server.listen({ ...options, exclusive: true });
  });
}

/** A random name in the same directory; where there is no room beside the path, of letters alone. */
function temporaryName(path: string): string {
  const room = MAX_PATH_BYTES - Buffer.byteLength(path);
  if (room > RANDOM_LETTERS) return `${path}${SEPARATOR}${randomLetters(RANDOM_LETTERS)}`;
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  const letters = Math.min(8, MAX_PATH_BYTES - Buffer.byteLength(directory));
  const name = `${directory}${randomLetters(letters)}`;
  return name === path ? temporaryName(path) : name;
}

const randomLetters = (count: number): string =>
  Array.from({ length: count }, () => Math.floor(Math.random() * 36).toString(36)).join('');

async function linkOver(temporary: string, path: string): Promise<void> {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await removeStale(path);
    try {
      linkSync(temporary, path);
    } catch (again) {
      if (codeOf(again) !== 'EEXIST') throw again;
      throw inUse(path, 'exists, and could not be replaced', again);
    }
  }
}

/** Removes a socket file that no process serves. Rejects with `EADDRINUSE` for any other file. */
async function removeStale(path: string): Promise<void> {
  const before = look(path);
  if (before === undefined) return;
  if (!before.isSocket()) throw inUse(path, 'exists and is not a socket');
  const failure = isListed(path) ? undefined : await probe(path);
  const code = codeOf(failure);
  if (code === 'ENOENT') return;
  // A full backlog is EAGAIN.
  if (failure === undefined || code === 'EAGAIN') {
    throw inUse(path, 'is served by another process', failure);
  }
  if (code !== 'ECONNREFUSED') {
    throw inUse(path, `may be served by another process (${describe(failure)})`, failure);
  }
  // The time too: the inode number of the stale file may have been reused meanwhile.
  removeIf(
    path,
    ({ dev, ino, ctimeNs }) =>
      dev === before.dev && ino === before.ino && ctimeNs === before.ctimeNs,
  );
}

/**
 * Whether the kernel's table of sockets (Linux) lists a listening socket of this path: bound to it, or
 * published there, and so listed by its temporary name, which is gone. This is asked before connecting,
 * because a connection would take the only place of a listener that waits for one peer.
 */
function isListed(path: string): boolean {
  const absolute = resolve(path);
  try {
    const names = readFileSync('/proc/net/unix', 'utf8').matchAll(LISTENING);
    return Array.from(names, ([, name = '']) => name).some(
      (name) =>
        name === absolute || (name.startsWith(absolute + SEPARATOR) && look(name) === undefined),
    );
  } catch {
    return false;
  }
}

/** The path of a UNIX socket by its file descriptor (Linux), which Node does not tell; else an empty text. */
export function pathOfDescriptor(fd: number): string {
  try {
    const [, inode = ''] =
      /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${String(fd)}`)) ?? [];
    const line = new RegExp(`^[0-9a-f]+: (?:\\S+ +){5}${inode} (.+)$`, 'm');
    return line.exec(readFileSync('/proc/net/unix', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** What is at `path` itself, a link not followed; `undefined` when there is nothing. */
const look = (path: string): BigIntStats | undefined =>
  lstatSync(path, { bigint: true, throwIfNoEntry: false });

/** Resolves with the error of an attempt to connect; with `undefined` when it was accepted. */
function probe(path: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on('error', resolve);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

/** Removes the file at `path` if it is the right one. Never throws. */
function removeIf(path: string, isRight: (found: BigIntStats) => boolean): void {
  try {
    if (isRight(lstatSync(path, { bigint: true }))) unlinkSync(path);
  } catch {
    // It is gone already, or its directory is not ours any more.
  }
}

/** The error of a failed bind, with `path`; and with the true code where the directory is at fault. */
function bindError(error: unknown, path: string): Error {
  try {
    // libuv reports a directory that does not exist as EACCES.
    statSync(dirname(path));
  } catch (cause) {
    return listenError(codeOf(cause), path, cause);
  }
  return listenError(codeOf(error), path, error);
}

function inUse(path: string, why: string, cause?: unknown): Error {
  return listenError('EADDRINUSE', path, cause, `${path} ${why}`);
}

/** An error like those of Node's own `listen()`. */
function listenError(
  code: string | undefined,
  path: string,
  cause: unknown,
  why = `${path} (${describe(cause)})`,
): Error {
  const error = new Error(`listen ${code ?? 'failed'}: ${why}`, { cause });
  return Object.assign(error, { code, syscall: 'listen', address: path });
}
