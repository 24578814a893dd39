/**
 * What stands for a link in the context of a machine.
 *
 * A context is shown by inspectors, copied, compared and persisted by tools that this library does not
 * control, and a link holds streams, timers and the callbacks of a protocol. So the context has a handle: an
 * object without members, which leads to its link for this library only.
 */

import { ArgumentError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import type { Link } from './link.ts';

/** The key of the link; the same in all copies of this package, so that an inspector of one sees another's. */
const LINK: unique symbol = /* @__PURE__ */ Symbol.for('wirechart.link');

/** Stands for a link. It has no members that can be listed: JSON and `structuredClone()` make `{}` of it. */
export interface LinkHandle<In, Out> {
  /** @internal */
  readonly [LINK]?: Link<In, Out>;
}

/** Returns a new handle of a link. */
export const handleOf = <In, Out>(link: Link<In, Out>): LinkHandle<In, Out> =>
  Object.defineProperty({}, LINK, { value: link });

/**
 * Returns the link of a machine's context.
 *
 * @throws {ArgumentError} When the context was not made by this library's machine: it was copied, for one.
 */
export function linkOf<In, Out>(context: { readonly link: LinkHandle<In, Out> }): Link<In, Out> {
  const link = context.link[LINK];
  if (link !== undefined) return link;
  throw new ArgumentError(
    'This context has no link: it is a copy, or was made by hand. A snapshot is stored with ' +
      'actor.getPersistedSnapshot(), and given to createActor(machine, { snapshot })',
  );
}

/** The link of any actor's context, of any copy of this package; `undefined` if it has none. */
export const linkIn = (context: unknown): unknown => memberOf(memberOf(context, 'link'), LINK);
