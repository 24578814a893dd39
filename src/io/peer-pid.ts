/** Which process is at the other end of a UNIX socket: Node does not say it. */

import type { Duplex } from 'node:stream';
import { loadSocketCalls } from './socket-calls.ts';
import { unixSocketOf } from './unix-handle.ts';

/**
 * Resolves with the process that made the other end of a UNIX socket: the one that called `listen()`, or dialed. It
 * need not be the one that uses it: a service manager may listen for a program, and have exited since. Resolves with
 * `undefined` when the system does not say it, when we made both ends ourselves (a child may have inherited one), on
 * other streams, and where this process has no way to ask. Never rejects.
 */
export async function peerPid(stream: Duplex): Promise<number | undefined> {
  try {
    const socket = unixSocketOf(stream);
    const calls = await loadSocketCalls();
    const fd = socket();
    const pid = fd === undefined ? undefined : calls.peerPid(fd);
    return pid === process.pid ? undefined : pid;
  } catch {
    return undefined;
  }
}
