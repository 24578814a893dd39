/**
 * The invoked actors: each runs one method of the link, for as long as a state invokes it.
 *
 * They are `async` although they only pass a promise on: what a method throws at once would reach the
 * machine even when the state has been left by then, and an error that no state hears ends a machine.
 */

import { type EventObject, fromCallback, fromPromise } from 'xstate';
import type { Link } from '../link.ts';
import type { Address, BoundAddress } from '../types.ts';
import { own } from './owner.ts';

/** What an actor is given: the link that it works on. */
export interface OnLink {
  readonly link: Link<unknown, unknown>;
}
/** The same, and where to go. */
export interface ToAddress extends OnLink {
  readonly address: Address;
}

export const dialer = fromPromise(
  async ({ input, signal }: { input: ToAddress; signal: AbortSignal }): Promise<void> =>
    input.link.dial(input.address, signal),
);
export const listener = fromPromise(
  async ({ input, signal }: { input: ToAddress; signal: AbortSignal }): Promise<BoundAddress> =>
    input.link.listen(input.address, signal),
);

type Duty = 'accept' | 'establish' | 'read' | 'write' | 'flush' | 'close' | 'destroy';
const duty = (name: Duty) =>
  fromPromise(async ({ input, signal }: { input: OnLink; signal: AbortSignal }): Promise<void> =>
    input.link[name](signal),
  );

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
