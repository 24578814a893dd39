/** Whether an actor ended because an action or a guard threw. */

import { isErrorEvent } from '../shared/failures.ts';
import type { ActorState, Json } from '../shared/view.ts';
import { isEqual } from './diff.ts';
import { isRecord } from './format.ts';

/** The error of an event by which an actor reports its failure. */
export const errorIn = (data: Json | undefined): Json | undefined =>
  isRecord(data) ? (data['error'] ?? data['data']) : undefined;

/**
 * Whether an action or a guard threw while an event was handled. XState then reports no transition, although there
 * is one.
 *
 * @param state - What the event led to.
 * @param data - That event. If it reports the failure of an actor, the machine ends with the same error when no
 *   state handles it, and with another one when something threw.
 */
export function hasThrown(state: ActorState, data: Json | undefined): boolean {
  const isTaken = state.microsteps?.some(({ transitions }) => transitions.length > 0) === true;
  if (state.status !== 'error' || isTaken) return false;
  if (!isErrorEvent(state.event)) return true;
  const reported = errorIn(data);
  if (reported === undefined || state.error === undefined) return false;
  return !isEqual(reported, state.error);
}
