/** The invoked actors: each runs one method of the link, for as long as a state invokes it. */

import { type EventObject, fromCallback } from 'xstate';
import type { StopSignal } from '../async/stop-signal.ts';
import { ClosedError, handlerError } from '../core/errors.ts';
import { unsealAddress } from '../core/sealed-address.ts';
import type { Address } from '../core/types.ts';
import { fromWaitWithLogic } from './logic-run.ts';
import { lifetime } from './protocol-owner.ts';
import type { OnLink, ToAddress, ToCause } from './protocol-types.ts';
import { fromWait } from './wait.ts';

export const dialer = fromWait(({ link, address }: ToAddress, signal) => {
  const find = unsealAddress(address);
  return typeof find === 'function'
    ? dialFound(link, () => Reflect.apply(find, undefined, []), signal)
    : link.dial(address, signal);
});
export const listener = fromWait(({ link, address }: ToAddress, signal) =>
  link.listen(address, signal),
);

/** Dials what a function of the program returns. */
async function dialFound(
  link: OnLink['link'],
  find: () => unknown,
  signal: StopSignal,
): Promise<void> {
  let address;
  try {
    // The link checks what it has returned, as it does with every address.
    address = (await find()) as Address;
  } catch (error) {
    throw handlerError('address', error);
  }
  if (signal.aborted) link.destroyStream(address);
  await link.dial(address, signal);
}

/** Fails with the cause that the session has failed with. */
export const failure = fromWait(({ cause }: ToCause) =>
  Promise.reject(cause ?? new ClosedError('The session has failed')),
);

type LinkMethod = 'accept' | 'read' | 'write' | 'drain' | 'discard' | 'flush' | 'close' | 'destroy';
const linkMethod = (name: LinkMethod) => fromWait(({ link }: OnLink, signal) => link[name](signal));

export const acceptor = linkMethod('accept');
export const handshake = fromWaitWithLogic(({ link }: OnLink, signal, run) =>
  link.establish(signal, run),
);
export const session = fromWaitWithLogic(({ link }: OnLink, signal, run) => {
  if (link.session !== undefined) return link.session(signal, run);
  return new Promise<void>(() => undefined);
});
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
