/** The invoked actors: each runs one method of the link, for as long as a state invokes it. */

import { type EventObject, fromCallback } from 'xstate';
import { fromWaitWithLogic } from './logic-run.ts';
import { lifetime } from './protocol-owner.ts';
import type { OnLink, ToAddress } from './protocol-types.ts';
import { fromWait } from './wait.ts';

export const dialer = fromWait(({ link, address }: ToAddress, signal) =>
  link.dial(address, signal),
);
export const listener = fromWait(({ link, address }: ToAddress, signal) =>
  link.listen(address, signal),
);

type LinkMethod = 'accept' | 'read' | 'write' | 'drain' | 'discard' | 'flush' | 'close' | 'destroy';
const linkMethod = (name: LinkMethod) => fromWait(({ link }: OnLink, signal) => link[name](signal));

export const acceptor = linkMethod('accept');
export const handshake = fromWaitWithLogic(({ link }: OnLink, signal, run) =>
  link.establish(signal, run),
);
export const reader = linkMethod('read');
export const writer = linkMethod('write');
export const drain = linkMethod('drain');
export const farewell = fromWaitWithLogic(({ link }: OnLink, signal, run) =>
  link.farewell(signal, run),
);
export const discarder = linkMethod('discard');
export const flush = linkMethod('flush');
export const closer = linkMethod('close');
export const destroyer = linkMethod('destroy');

/**
 * Runs as long as the machine. Its cleanup is the only code that runs when the machine is stopped from
 * outside (`actor.stop()`, or a parent that leaves the invoking state): XState runs no exit actions then.
 */
export const owner = fromCallback<EventObject, OnLink>(({ input, sendBack, self }) =>
  lifetime(input, sendBack, self),
);
