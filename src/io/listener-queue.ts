/**
 * Finds out whether the listener of a UNIX socket has accepted its connections: a peer that is silent is another
 * matter if its program has not even accepted the connection. Linux says so in a file of the network namespace.
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ListenerQueue } from '../core/peer-standing.ts';

const TABLE = '/proc/net/unix';
/** On a machine with more sockets than this, the table is not read: about 15 000. */
const MAX_TABLE_BYTES = 1_048_576;

/** The columns `Flags`, `Type`, `St`, `Inode` and `Path` of a line. */
const LINE = /^[0-9a-f]+: [0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) +(\d+) (.*)$/i;
/** The flag of a socket that listens. */
const LISTENS = 0x10000;

/** The connections to the listener at `path`; `undefined` where the system does not tell. Never throws. */
export function listenerQueueOf(path: string): ListenerQueue | undefined {
  const table = readTable();
  return table === undefined ? undefined : queueIn(table, path);
}

/** The same, from the text of the table. The listener may have bound the path in another form. */
export function queueIn(table: string, path: string): ListenerQueue | undefined {
  const names = path.startsWith('\0') ? [path.replaceAll('\0', '@')] : [path, resolve(path)];
  let [listeners, accepted, waiting] = [0, 0, 0];
  for (const line of table.split('\n')) {
    // Most lines have other paths: they are not matched.
    if (!names.some((name) => line.endsWith(` ${name}`))) continue;
    const [, flags = '', , inode, name = ''] = LINE.exec(line) ?? [];
    if (!names.includes(name)) continue;
    if ((parseInt(flags, 16) & LISTENS) !== 0) listeners += 1;
    // A connection has no inode before it was accepted.
    else if (inode === '0') waiting += 1;
    else accepted += 1;
  }
  // An old listener may have connections at a path that a new one has bound.
  return listeners === 1 ? { accepted, waiting } : undefined;
}

function readTable(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const file = openSync(TABLE, 'r');
    try {
      return readUpTo(file, MAX_TABLE_BYTES);
    } finally {
      closeSync(file);
    }
  } catch {
    // No such file system, or no permission.
    return undefined;
  }
}

/** The text of a file whose size is not known; `undefined` if it is longer. */
function readUpTo(file: number, max: number): string | undefined {
  const bytes = Buffer.allocUnsafe(max);
  for (let size = 0; size < max;) {
    const read = readSync(file, bytes, size, max - size, null);
    if (read === 0) return bytes.toString('utf8', 0, size);
    size += read;
  }
  return undefined;
}
