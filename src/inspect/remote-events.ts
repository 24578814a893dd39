/** Decides which events an inspector may send to an actor of a program that allows control. */

import { cutText, printable } from '../core/printable.ts';
import { eventsFromInspector } from '../core/remote-control.ts';
import { machineOf } from './actors.ts';
import { isReserved, type WatchableActor } from './xstate.ts';

/** Why an event from outside is refused; `undefined` if it is not. `type` is its XState 5 name. */
export type Refusing = (type: string, actor: WatchableActor) => string | undefined;

/** The longest name of an event in a refusal. */
const MAX_NAME_CHARACTERS = 100;

/**
 * Refuses the events that XState itself sends (starts, ends, failures, deadlines), which would forge what
 * an actor did; the wildcard, at which XState throws; and what the chart of a connection, a server, a peer
 * or a supervisor does not list for inspectors, above all an address.
 */
export const refusalOf: Refusing = (type, actor) => {
  const name = printable(cutText(type, MAX_NAME_CHARACTERS));
  if (type === '*' || isReserved(type)) {
    return `The program refused the event '${name}': only XState itself may send it`;
  }
  const accepted = eventsFromInspector(machineOf(actor)?.root.meta);
  if (accepted === undefined || accepted.includes(type)) return undefined;
  const others = accepted.length === 0 ? 'none' : `only ${accepted.join(', ')}`;
  return `The program refused the event '${name}': '${printable(actor.id)}' takes ${others} from an inspector`;
};
