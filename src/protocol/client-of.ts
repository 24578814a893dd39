/** The client of an actor for logic of this library, which must not be the first to attach: options would be lost. */

import { memberOf } from '../core/shape.ts';
import { linkIn } from '../core/link-handle.ts';
import { type ClientDefinition, clientDefinitionOf } from './client-definition.ts';
import { type ClientConstructor, isKindOf } from './define-client.ts';

/** An actor of any machine. */
interface AnyRef {
  getSnapshot(): unknown;
}

/** Whether an actor is a connection whose client is of this class, or of one that extends it. */
export const hasClient = (kind: ClientConstructor<unknown>, ref: AnyRef): boolean =>
  definitionOf(kind, ref) !== undefined;

/**
 * Returns the client of an actor; `undefined` if its client is of another class.
 *
 * @throws What the constructor of the client throws.
 */
export function clientIn<C>(kind: ClientConstructor<C>, ref: AnyRef): C | undefined {
  const definition = definitionOf(kind, ref);
  definition?.ensureClient(ref);
  // The constructor of the kind has made it.
  return definition?.client as C | undefined;
}

function definitionOf(
  kind: ClientConstructor<unknown>,
  ref: AnyRef,
): ClientDefinition<unknown, unknown, unknown> | undefined {
  const link = linkIn(memberOf(ref.getSnapshot(), 'context'));
  const definition = clientDefinitionOf(memberOf(link, 'definition'));
  return definition !== undefined && isKindOf(definition.kind, kind) ? definition : undefined;
}
