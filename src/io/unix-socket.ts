/**
 * The file of a listening UNIX socket.
 *
 * The server is bound in a private directory beside the path, and the socket gets its mode there, so that no
 * other user can connect before. Then it is linked to the path: a link never replaces a file. When a server
 * closes, libuv removes the file at the name that the server was bound to, even if another process has
 * replaced that file meanwhile; so that name is random, too. At the end we remove the file at the path only
 * if its inode is still ours. (The kernel does not reuse the inode number of an open socket.)
 */

import {
  type BigIntStats,
  chmodSync,
  linkSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
} from 'node:fs';
import { connect, type ListenOptions, type Server } from 'node:net';
import { isAbsolute } from 'node:path';
import { describe } from '../core/errors.ts';
import { codeOf } from '../core/shape.ts';
import { DEFAULT_MODE, MAX_PATH_BYTES } from './address.ts';
import { PrivateDirectory, randomName } from './private-directory.ts';
import { isSeenServed } from './served-sockets.ts';

/** Random bytes in the name that a socket is bound to, in its private directory. */
const NAME_BYTES = 4;

/** The permissions of a socket, and how many pending connections the kernel may hold. */
export interface SocketFileOptions {
  /** Default: `DEFAULT_MODE`. */
  readonly mode?: number | undefined;
  readonly backlog?: number | undefined;
}

/**
 * Makes `server` listen in a private directory beside `path`. Resolves with the file of its socket, which
 * is to be published or removed. No other user can connect before it is published.
 *
 * Rejects with the error of the operating system, which names `path`; nothing is left behind then.
 */
export async function listenNear(
  server: Server,
  path: string,
  { mode = DEFAULT_MODE, backlog }: SocketFileOptions = {},
): Promise<SocketFile> {
  const file = makeFile(path);
  try {
    await listenAt(server, { path: file.bindable, ...(backlog !== undefined && { backlog }) });
    file.setMode(mode);
    return file;
  } catch (error) {
    if (server.listening) server.close();
    file.remove();
    throw codeOf(error) === 'ENAMETOOLONG' ? error : listenError(codeOf(error), path, error);
  }
}

function makeFile(path: string): SocketFile {
  try {
    return new SocketFile(path);
  } catch (error) {
    throw listenError(codeOf(error), path, error);
  }
}

/** The file of a socket, in a private directory at first. */
export class SocketFile {
  /** As it was given, for errors. */
  readonly #given: string;
  /** The working directory may change before the end. */
  readonly #path: string;
  readonly #name = randomName(NAME_BYTES);
  readonly #directory: PrivateDirectory;
  /** The inode at the path, when it was published. */
  #published: Pick<BigIntStats, 'dev' | 'ino'> | undefined;

  /** @throws The error of the operating system. */
  constructor(path: string) {
    this.#given = path;
    this.#path = isAbsolute(path) ? path : `${process.cwd()}/${path}`;
    this.#directory = PrivateDirectory.makeBeside(this.#path);
  }

  /**
   * The name to bind to. If there is room, it is one that tells what it belongs to.
   *
   * @throws An error with the code `ENAMETOOLONG`.
   */
  get bindable(): string {
    const own = `${this.#directory.path}/${this.#name}`;
    const relative = this.#given + own.slice(this.#path.length);
    const fitting = [own, this.#temporary, relative].find(fits);
    if (fitting !== undefined) return fitting;
    const why = `${this.#given} leaves no room for a temporary name on this system: use a shorter path`;
    throw listenError('ENAMETOOLONG', this.#given, undefined, why);
  }

  setMode(mode: number): void {
    chmodSync(this.#temporary, mode);
  }

  /**
   * Gives the socket its path. A socket file that no process serves any more, as a crash leaves it, is
   * replaced.
   *
   * To find out whether a process serves the socket at the path, this connects to it and closes the
   * connection at once, unless a process is seen to serve it (Linux). That a kernel's table lists it decides
   * nothing.
   *
   * Rejects with an error of code `EADDRINUSE` when the path is served or is not a socket, else with the
   * error of the operating system. Then the file at the path is as before. In any case, the private directory
   * is removed.
   */
  async publish(): Promise<void> {
    try {
      const { dev, ino } = lstatSync(this.#temporary, { bigint: true });
      await linkOver(this.#temporary, this.#path, this.#given);
      this.#published = { dev, ino };
    } catch (error) {
      throw codeOf(error) === 'EADDRINUSE' ? error : listenError(codeOf(error), this.#given, error);
    } finally {
      this.#discard();
    }
  }

  /**
   * Removes the file, if the file at the path is still ours. To be called while the server or one of
   * its peers is open, so that the inode number cannot be another file's. Never throws.
   */
  remove(): void {
    const published = this.#published;
    this.#published = undefined;
    this.#discard();
    if (published === undefined) return;
    removeIf(this.#path, ({ dev, ino }) => dev === published.dev && ino === published.ino);
  }

  /** Its name in the private directory. */
  get #temporary(): string {
    return this.#directory.at(this.#name);
  }

  /** Removes the private directory. */
  #discard(): void {
    if (!this.#directory.isOpen) return;
    removeIf(this.#temporary, () => true);
    this.#directory.remove();
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

/** @param given - The path for errors. */
async function linkOver(temporary: string, path: string, given: string): Promise<void> {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    await removeStale(path, given);
    try {
      linkSync(temporary, path);
    } catch (again) {
      if (codeOf(again) !== 'EEXIST') throw again;
      throw inUse(given, 'exists, and could not be replaced', again);
    }
  }
}

/**
 * Removes a socket file that no process serves. Rejects with `EADDRINUSE` for any other file.
 *
 * @param path - An absolute path.
 * @param given - The path for errors.
 */
export async function removeStale(path: string, given: string): Promise<void> {
  const before = look(path);
  if (before === undefined) return;
  if (!before.isSocket()) throw inUse(given, 'exists and is not a socket');
  // A connection would take the only place of a listener that waits for one peer.
  const isSeen = await isSeenServed(path, Number(before.uid));
  const failure = isSeen ? undefined : await probe(fits(path) ? path : given);
  const code = codeOf(failure);
  if (code === 'ENOENT') return;
  // A full backlog is EAGAIN.
  if (failure === undefined || code === 'EAGAIN') {
    throw inUse(given, 'is served by another process', failure);
  }
  if (code !== 'ECONNREFUSED') {
    throw inUse(given, `may be served by another process (${describe(failure)})`, failure);
  }
  // The time too: the inode number of the stale file may have been reused meanwhile.
  removeIf(
    path,
    ({ dev, ino, ctimeNs }) =>
      dev === before.dev && ino === before.ino && ctimeNs === before.ctimeNs,
  );
}

/**
 * The path of a UNIX socket by its file descriptor (Linux), which Node does not tell. An empty text when it is
 * not known, also when a forged line of the kernel's table gives it another one.
 */
export function pathOfDescriptor(fd: number): string {
  try {
    const [, inode = ''] =
      /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${String(fd)}`)) ?? [];
    const line = new RegExp(`^[0-9a-f]+: (?:\\S+ +){5}${inode} (.+)$`, 'gm');
    const [first, ...others] = readFileSync('/proc/net/unix', 'utf8').matchAll(line);
    return others.length === 0 ? (first?.[1] ?? '') : '';
  } catch {
    return '';
  }
}

/** Whether a name can be that of a socket. Longer ones may be truncated. */
const fits = (name: string): boolean => Buffer.byteLength(name) <= MAX_PATH_BYTES;

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
