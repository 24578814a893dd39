/** Descriptors that are passed to the peer. */

import { DescriptorError } from '../core/descriptor-error.ts';
import type { Passing } from '../core/passing.ts';
import type { Link } from '../machines/link.ts';

/** `Link.descriptor()`, of any link. Rejects with a `DescriptorError` when the link passes none. */
export async function descriptorOf(
  link: Pick<Link<never, never>, 'descriptor'>,
  name: string,
  given: unknown,
): Promise<Passing> {
  if (link.descriptor !== undefined) return link.descriptor(name, given);
  throw new DescriptorError('The connection of this machine passes no descriptors');
}
