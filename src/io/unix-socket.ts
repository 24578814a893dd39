/**
 * The file of a listening UNIX socket.
 *
 * When a server closes, libuv removes the file at the path that was bound, even if somebody else has
 * put theirs there meanwhile. So the server is bound to a temporary name, which is then linked to the
 * wanted one: a link never replaces anything, and what we remove in the end is known by its inode. (A
 * socket's inode number is not given to another file while the socket is open.)
 */

import { createHash, randomInt } from 'node:crypto';
import { type BigIntStats, lstatSync, unlinkSync } from 'node:fs';
import { link, lstat, readFile, stat, unlink } from 'node:fs/promises';
import { connect, type ListenOptions, type Server } from 'node:net';
import { basename, dirname, resolve } from 'node:path';
import { describe } from '../core/errors.ts';
import { MAX_PATH_BYTES } from './address.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PREFIX = '.w';
/** After the prefix: letters that tell which path the name is for, and random ones. */
const MARK_LETTERS = 4;
const RANDOM_LETTERS = 2;
const ATTEMPTS = 8;

/** A line of `/proc/net/unix` with the flag of a listening socket, and its name. */
const LISTENING = /^[0-9a-f]+: \S+ \S+ 00010000 \S+ \S+ +\d+ (.+)$/gm;

/** A socket's file, published at the path that was asked for. */
export interface SocketFile {
  /**
   * Removes the file, if the one at the path is still ours. To be called while the server or one of
   * its peers is open, which keeps the inode number from being used again. Never throws.
   */
  remove(): void;
}

/**
 * Makes `server` listen on a temporary name in the directory of `path`, where nobody will look for
 * it, and resolves with that name. It is to be given to `publish()`; closing the server removes it.
 *
 * Rejects with the error of the operating system, which names `path`; nothing is left behind then.
 *
 * @param backlog - How many peers the kernel may keep for us.
 */
export async function listenNear(server: Server, path: string, backlog?: number): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const temporary = temporaryName(path);
    try {
      await listenAt(server, { path: temporary, ...(backlog !== undefined && { backlog }) });
      return temporary;
    } catch (error) {
      // With little room for random letters a name may be taken; the kernel never binds it twice.
      if (codeOf(error) === 'EADDRINUSE' && attempt < ATTEMPTS) continue;
      throw await truth(error, path);
    }
  }
}

/**
 * Gives the socket at `temporary` its name `path`, and removes the temporary one. The file of a
 * socket that nobody serves any more, as a crash leaves it, is replaced.
 *
 * To find that out, whoever serves `path` gets a connection that is closed at once, unless the kernel
 * tells (Linux, for sockets bound to this very path or made here).
 *
 * Rejects with an error of code `EADDRINUSE` when `path` is served, or is not a socket; else with the
 * error of the operating system. What was at `path` is left there then, and the temporary name is
 * removed.
 */
export async function publish(temporary: string, path: string): Promise<SocketFile> {
  try {
    const { dev, ino } = await lstat(temporary, { bigint: true });
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
    await unlink(temporary).catch(ignore);
  }
}

/**
 * `server.listen(options)` as a promise, which resolves when the server listens. The server's
 * 'connection' events begin after the microtasks that follow.
 *
 * Rejects with the error of the operating system; the server can be used again then.
 */
export function listenAt(server: Server, options: ListenOptions): Promise<void> {
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

/** A free name, as far as is known, in the same directory; no longer than a socket's may be. */
function temporaryName(path: string): string {
  const directory = path.slice(0, path.lastIndexOf('/') + 1);
  const room = MAX_PATH_BYTES - Buffer.byteLength(directory);
  const fixed = PREFIX.length + MARK_LETTERS;
  const roomy = room >= fixed + RANDOM_LETTERS;
  let name = roomy ? `${directory}${PREFIX}${markOf(path)}` : directory;
  const random = roomy ? RANDOM_LETTERS : room;
  for (let i = 0; i < random; i += 1) name += LETTERS.charAt(randomInt(LETTERS.length));
  return name === path ? temporaryName(path) : name;
}

/** The letters by which the temporary names for `path` are known. */
function markOf(path: string): string {
  const digest = createHash('sha256').update(resolve(path)).digest();
  return Array.from(digest.subarray(0, MARK_LETTERS), (byte) =>
    LETTERS.charAt(byte % LETTERS.length),
  ).join('');
}

async function linkOver(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await removeStale(path);
    await link(temporary, path).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again;
      throw inUse(path, 'exists, and could not be replaced', again);
    });
  }
}

/** Removes a socket file that nobody serves. Rejects with `EADDRINUSE` if it is anything else. */
async function removeStale(path: string): Promise<void> {
  const before = await look(path);
  if (before === undefined) return;
  if (!before.isSocket()) throw inUse(path, 'exists and is not a socket');
  if (await isListed(path)) throw inUse(path, 'is served by another process');
  const answer = await probe(path);
  if (answer === undefined || codeOf(answer) === 'EAGAIN') {
    throw inUse(path, 'is served by another process', answer);
  }
  if (codeOf(answer) === 'ENOENT') return;
  if (codeOf(answer) !== 'ECONNREFUSED') {
    throw inUse(path, `may be served by another process (${describe(answer)})`, answer);
  }
  // The time too: an inode number can be used again at once.
  removeIf(
    path,
    ({ dev, ino, ctimeNs }) =>
      dev === before.dev && ino === before.ino && ctimeNs === before.ctimeNs,
  );
}

/** What is at `path` itself, not where a link there leads to; `undefined` when there is nothing. */
async function look(path: string) {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether the kernel's table of sockets, where there is one (Linux), shows that `path` is served. This
 * is asked first, as to connect would use up the one place of a listener such as ours.
 */
async function isListed(path: string): Promise<boolean> {
  const table = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  const absolute = resolve(path);
  const ours = `${PREFIX}${markOf(path)}`;
  for (const [, name = ''] of table.matchAll(LISTENING)) {
    if (name === absolute) return true;
    // Sockets made here are listed under their temporary name; it is gone once they are published.
    if (basename(name).startsWith(ours) && (await look(name)) === undefined) return true;
  }
  return false;
}

/** Resolves with the error of an attempt to connect, or with `undefined` when somebody answered. */
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

/** Removes what is at `path` if it is what is meant; synchronously, so that little can come between. */
function removeIf(path: string, isMeant: (found: BigIntStats) => boolean): void {
  try {
    if (isMeant(lstatSync(path, { bigint: true }))) unlinkSync(path);
  } catch {
    // Gone already, or in a directory that is not ours any more.
  }
}

/**
 * The error of a failed bind as the caller should see it: with the path that they know, and, where
 * libuv reports EACCES for a directory that does not exist, with the truth.
 */
async function truth(error: unknown, path: string): Promise<Error> {
  try {
    await stat(dirname(path));
  } catch (absent) {
    return listenError(codeOf(absent), path, absent);
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

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function ignore(): void {
  // It is gone, or cannot be removed: what follows shows whether that matters.
}
