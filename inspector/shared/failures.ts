/**
 * What counts as a failure: the one rule for the badges of the tree, the colours and the filter of the
 * timeline, the next error, breakpoints and the details.
 *
 * Something failed where an actor ends with an error, where a machine gets the error of an actor that it
 * has invoked, and where a machine enters a state with the tag `failed`. An error that a context merely
 * holds, such as that of an earlier session, is a value like any other.
 */

import type { ActorState, Entry } from './view.ts';

/** The tag of states in which a machine has failed. */
const FAILED_TAG = 'failed';

/** Whether an actor is in failure. */
export const isFailed = ({ status, tags }: ActorState): boolean =>
  status === 'error' || tags?.includes(FAILED_TAG) === true;

/** Whether an event says that an invoked actor has failed, by its name of XState 4. */
export const isErrorEvent = (name: string): boolean => name.startsWith('error.platform.');

/**
 * Whether something failed with an entry.
 *
 * @param before - The state of the actor before the entry.
 */
export function isFailure(entry: Entry, before: ActorState | undefined): boolean {
  if (entry.kind === 'event') return isErrorEvent(entry.name);
  if (entry.kind !== 'state') return false;
  const { state } = entry;
  if (before === undefined) return isFailed(state);
  // A machine may fail again while it is in failure: then it has another outcome.
  return isFailed(state) && (!isFailed(before) || before.status !== state.status);
}
