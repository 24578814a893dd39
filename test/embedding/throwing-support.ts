/** For tests of charts whose own code throws. */

import { tempDir } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';

/** What code of the user throws. */
export const THROWN = new Error('from the action');
export const throwError = (): never => {
  throw THROWN;
};

/** A child that the parent must have invoked. */
export function invoked<T>(child: T | undefined): T {
  if (child === undefined) throw new Error('The parent has not invoked it');
  return child;
}

/** A peer, which ends its side when the client does. */
export async function startPeer() {
  const path = `${await tempDir()}/peer.sock`;
  const peer = await rawPeer((socket) => socket.resume().on('end', () => socket.end()), { path });
  return { ...peer, address: path };
}
