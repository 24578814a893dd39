/**
 * Finds out, without connecting, that a process serves a UNIX socket (Linux).
 *
 * The kernel's table of sockets alone proves nothing: a name with a newline adds any line to it, and in a
 * mount namespace of their own, all users can bind any path. So a line counts only if a process that we may
 * examine, of the file's owner or of our own user, holds that very socket. Everything else is unknown.
 */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { PRIVATE_SUFFIX } from './private-directory.ts';

/** A line of `/proc/net/unix`: flags, inode number of the socket, name. */
const LINE = /^[0-9a-f]+: \S+ \S+ (\S+) \S+ \S+ +(\d+)(?: (.*))?$/gm;
const LISTENING = '00010000';
const SOCKET = /^socket:\[(\d+)\]$/;
/** The real user id, which a program with the set-user-id bit does not change. */
const REAL_UID = /^Uid:\s+(\d+)/m;

/**
 * Resolves with `true` if a process is seen to serve the socket at `path`. `false` means that it is not
 * known. Never rejects.
 *
 * @param path - An absolute path.
 * @param owner - The user id of the file there.
 */
export async function isSeenServed(path: string, owner: number): Promise<boolean> {
  try {
    const inodes = listedInodes(await readFile('/proc/net/unix', 'latin1'), path);
    return inodes.size > 0 && (await isHeldByAny(inodes, new Set([owner, process.getuid?.()])));
  } catch {
    return false;
  }
}

/**
 * Resolves with the id of the one process that is seen to serve the socket at `path`; `undefined` if it is not known,
 * or there are several. Never rejects.
 */
export async function servingProcess(path: string): Promise<number | undefined> {
  try {
    const inodes = listedInodes(await readFile('/proc/net/unix', 'latin1'), path);
    if (inodes.size === 0) return undefined;
    const users = new Set([lstatSync(path).uid, process.getuid?.()]);
    const holders = new Set<string>();
    for (const pid of await readdir('/proc')) {
      if (/^\d+$/.test(pid) && (await isHeldBy(pid, inodes, users))) holders.add(pid);
    }
    const [pid, ...others] = holders;
    return pid === undefined || others.length > 0 ? undefined : Number(pid);
  } catch {
    return undefined;
  }
}

/**
 * The inode numbers of the listening sockets of this path in the table. A number that is there twice is left
 * out: one of the two lines is forged.
 */
function listedInodes(table: string, path: string): Set<string> {
  // The table has bytes, and a path may be in any encoding.
  const wanted = Buffer.from(resolve(path)).toString('latin1');
  const found = new Set<string>();
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const [, flags, inode = '', name = ''] of table.matchAll(LINE)) {
    if (seen.has(inode)) repeated.add(inode);
    seen.add(inode);
    if (flags === LISTENING && isNameOf(name, wanted)) found.add(inode);
  }
  for (const inode of repeated) found.delete(inode);
  return found;
}

/** Whether a socket of this name is at `path`: bound to it, or published there by this library. */
function isNameOf(name: string, path: string): boolean {
  if (!isAbsolute(name)) return false;
  const absolute = resolve(name);
  if (absolute === path) return true;
  if (!absolute.startsWith(path)) return false;
  const [suffix = '', file, ...more] = absolute.slice(path.length).split('/');
  return PRIVATE_SUFFIX.test(suffix) && file !== undefined && more.length === 0 && isGone(name);
}

/** Whether there is no file: a socket that has its final name has lost the name that it was bound to. */
function isGone(name: string): boolean {
  try {
    return lstatSync(Buffer.from(name, 'latin1'), { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

async function isHeldByAny(
  inodes: ReadonlySet<string>,
  users: ReadonlySet<number | undefined>,
): Promise<boolean> {
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await isHeldBy(pid, inodes, users))) return true;
  }
  return false;
}

/** Whether a process of one of the users, that sees the same files and sockets as we do, holds the socket. */
async function isHeldBy(
  pid: string,
  inodes: ReadonlySet<string>,
  users: ReadonlySet<number | undefined>,
): Promise<boolean> {
  try {
    // Awaited, so that the event loop runs between two processes.
    const [, uid] = REAL_UID.exec(await readFile(`/proc/${pid}/status`, 'latin1')) ?? [];
    if (!users.has(Number(uid))) return false;
    if (!sharesNamespace(pid, 'mnt') || !sharesNamespace(pid, 'net')) return false;
    return readdirSync(`/proc/${pid}/fd`).some((fd) => isSocket(pid, fd, inodes));
  } catch {
    // It has ended, or we may not examine it.
    return false;
  }
}

const sharesNamespace = (pid: string, kind: string): boolean =>
  readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`);

function isSocket(pid: string, fd: string, inodes: ReadonlySet<string>): boolean {
  const [, inode = ''] = SOCKET.exec(linkOf(pid, fd)) ?? [];
  // Only UNIX sockets have this field (Linux 5.6): a forged line may have the number of another socket.
  return (
    inodes.has(inode) && readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1').includes('scm_fds:')
  );
}

/** What a descriptor refers to; empty when it was closed meanwhile. */
function linkOf(pid: string, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return '';
  }
}
