/**
 * What stands for a link in the context of a machine.
 *
 * A context is shown by inspectors, copied, compared and persisted by tools that this library does not
 * control, and a link holds streams, timers and the callbacks of a protocol. So the context has a handle: an
 * object without members, which leads to its link for this library only.
 */

import { ArgumentError } from './errors.ts';
import { memberOf } from './shape.ts';

/** The key of the link; the same in all copies of this package, so that an inspector of one sees another's. */
const LINK: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.link');

/** Stands for a link. It has no members that can be listed: JSON and `structuredClone()` make `{}` of it. */
export interface LinkHandle<Link> {
  /** @internal */
  readonly [LINK]?: Link;
}

/** Returns a new handle of a link. */
export const handleOf = <Link>(link: Link): LinkHandle<Link> =>
  Object.defineProperty({}, LINK, { value: link });

/**
 * Returns the link of a machine's context.
 *
 * @throws {ArgumentError} When the context was not made by this library's machine: it was copied, for one.
 */
export function linkOf<Link>(context: { readonly link: LinkHandle<Link> }): Link {
  const link = context.link[LINK];
  if (link !== undefined) return link;
  throw new ArgumentError(
    'This context has no link: it is a copy, or was made by hand. A snapshot is stored with ' +
      'actor.getPersistedSnapshot(), and given to createActor(machine, { snapshot })',
  );
}

/** The link of any actor's context, of any copy of this package; `undefined` if it has none. */
export const linkIn = (context: unknown): unknown => memberOf(memberOf(context, 'link'), LINK);

/** What is called when a link is released. */
const listeners = new WeakMap<object, () => void>();
const released = new WeakSet<object>();

/**
 * Calls a function when the machine of a link is stopped from outside; at once, if that has happened. XState tells
 * the observers of an actor too, but React takes these away before it stops one. The last function given for a link
 * counts.
 *
 * @param listener - Must not throw.
 */
export function onRelease(link: object, listener: () => void): void {
  if (released.has(link)) listener();
  else listeners.set(link, listener);
}

/** Whether the machine of a context has been stopped, also if its actor was started again: with another context. */
export const isOver = (context: unknown): boolean => {
  const link = linkIn(context);
  return typeof link === 'object' && link !== null && released.has(link);
};

/** A link has been released. */
export function noteRelease(link: object): void {
  released.add(link);
  listeners.get(link)?.();
  listeners.delete(link);
}
