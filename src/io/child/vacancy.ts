/**
 * Makes sure, before a child is started that is to listen at an address, that nothing listens there: it
 * would be taken for the child.
 */

import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { startTimer } from '../../async/timer.ts';
import { describe } from '../../core/errors.ts';
import type { Target } from '../address.ts';
import { removeStale } from '../unix-socket.ts';

/** Where a child may listen. */
export type ListenedTarget = Exclude<Target, { readonly kind: 'stream' }>;

/** How long a TCP address may take to answer. Those of this system answer at once. */
const MAX_ANSWER_MS = 1_000;

/**
 * Removes a socket file that no process serves, as a killed program leaves it: many programs cannot listen
 * where a file is.
 *
 * Rejects with an error of code `EADDRINUSE` when a process listens at the address, or a file is there that is
 * not a socket; else with the error of the operating system.
 */
export async function vacate(target: ListenedTarget): Promise<void> {
  try {
    if (target.kind === 'unix') await removeStale(resolve(target.path), target.path);
    else await refuseAnswer(target.host, target.port);
  } catch (error) {
    const text = `${nameOf(target)} is taken (${describe(error)}): free it, or choose another address`;
    throw Object.assign(new Error(text, { cause: error }), { code: 'EADDRINUSE' });
  }
}

/** The text of an address. */
export function nameOf(target: ListenedTarget): string {
  if (target.kind === 'unix') return target.path;
  const { host, port } = target;
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/**
 * Whether a connection leads to itself: the kernel may choose the port that is dialed, if nothing listens
 * there, as the port to dial from.
 */
export const isOwnEcho = ({
  localPort,
  localAddress,
  remotePort,
  remoteAddress,
}: Socket): boolean =>
  localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;

function refuseAnswer(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const stopTimer = startTimer(MAX_ANSWER_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      if (!isOwnEcho(socket)) reject(new Error('another process listens there'));
      socket.destroy();
    });
    socket.once('close', () => {
      stopTimer();
      resolve();
    });
  });
}
