/** The invoked actors: each runs one method of the link, for as long as a state invokes it. */

import { type EventObject, fromCallback } from 'xstate';
import type { Link } from '../link.ts';
import type { Address } from '../types.ts';
import { own } from './owner.ts';
import { fromWait } from './wait.ts';

/** What an actor is given: the link that it works on. */
export interface OnLink {
  readonly link: Link<unknown, unknown>;
}
/** The same, and where to go. */
export interface ToAddress extends OnLink {
  readonly address: Address;
}

export const dialer = fromWait(({ link, address }: ToAddress, signal) =>
  link.dial(address, signal),
);
export const listener = fromWait(({ link, address }: ToAddress, signal) =>
  link.listen(address, signal),
);

type Duty = 'accept' | 'establish' | 'read' | 'write' | 'flush' | 'close' | 'destroy';
const duty = (name: Duty) => fromWait(({ link }: OnLink, signal) => link[name](signal));

export const acceptor = duty('accept');
export const handshake = duty('establish');
export const reader = duty('read');
export const writer = duty('write');
export const flush = duty('flush');
export const closer = duty('close');
export const destroyer = duty('destroy');

/**
 * Lives as long as the machine. Its cleanup is the only code that runs when the machine is stopped
 * from outside (`actor.stop()`, or a parent that leaves the invoking state): exit actions do not.
 */
export const owner = fromCallback<EventObject, OnLink>(({ input, sendBack }) =>
  own(input, sendBack),
);
