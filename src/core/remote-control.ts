/**
 * Which events of this library's own charts an inspector may send, if the program allows control at all.
 *
 * The list is in the `meta` of each chart's root: what is not in it is refused. Events that carry an
 * address would lead the program to another peer, and events that carry errors, messages or connections,
 * or that the charts send to themselves, would forge what has happened.
 */

import { memberOf } from './shape.ts';

/** The `meta` of a chart that accepts only these events from an inspector. */
export const acceptsFromInspector = (...events: readonly string[]) => ({
  wirechart: { fromInspector: events },
});

/** The events in such a `meta`; `undefined` for a chart of the user's, which has none. */
export function eventsFromInspector(meta: unknown): readonly unknown[] | undefined {
  const events = memberOf(memberOf(meta, 'wirechart'), 'fromInspector');
  return Array.isArray(events) ? events : undefined;
}
