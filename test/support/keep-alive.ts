/** What the kernel (Linux) says about the keep-alive of a TCP connection. */

import { readFileSync } from 'node:fs';

/** A line of `/proc/net/tcp`: local and remote address, state, queues, and the running timer with its time. */
const LINE =
  /^ *\d+: [\dA-F]{8}:([\dA-F]{4}) [\dA-F]{8}:([\dA-F]{4}) 01 \S+ ([\dA-F]{2}):([\dA-F]+) /gm;
const KEEP_ALIVE_TIMER = '02';
/** The unit of the time, whatever the kernel's own. */
const TICKS_PER_SECOND = 100;

/**
 * In how many seconds the kernel probes the peer of the connection between two ports of 127.0.0.1, as the
 * side of the first one; `undefined` if it never does.
 */
export function secondsToProbe(localPort: number, remotePort: number): number | undefined {
  for (const [, local = '', remote = '', timer, ticks = ''] of readFileSync(
    '/proc/net/tcp',
    'utf8',
  ).matchAll(LINE)) {
    if (parseInt(local, 16) !== localPort || parseInt(remote, 16) !== remotePort) continue;
    return timer === KEEP_ALIVE_TIMER ? parseInt(ticks, 16) / TICKS_PER_SECOND : undefined;
  }
  throw new Error(`There is no connection from ${String(localPort)} to ${String(remotePort)}`);
}
