/** Finds the connection that ready-made actor logic works on. */

import type { AnyActorRef } from 'xstate';
import { ArgumentError } from '../core/errors.ts';
import { memberOf, show } from '../core/shape.ts';
import { linkIn } from '../core/link-handle.ts';

/** The input that all ready-made actor logic has. */
export interface ConnectionInput {
  /**
   * The connection: an actor of it, or of a supervisor, whose child `connection` it is then; or the id of another
   * child of the same parent, or a `systemId`, or the id of an ancestor. Default: the only other child of the
   * parent that is a connection, or a supervisor; without one, the nearest ancestor that is a connection.
   */
  readonly connection?: AnyActorRef | string | undefined;
}

/** Which connections the logic can work on. */
export interface Sought {
  /** The name of the logic, for errors. */
  readonly owner: string;
  /** What it is looking for, as a text. */
  readonly what: string;
  /** Whether an actor that is a connection is of the right kind. */
  readonly accepts: (connection: AnyActorRef) => boolean;
}

/**
 * Returns the actor of the connection.
 *
 * @param self - The actor that looks for it.
 * @throws {ArgumentError} When there is none, or when there are several and the input names none.
 */
export function findConnection(
  self: AnyActorRef,
  given: AnyActorRef | string | undefined,
  sought: Sought,
): AnyActorRef {
  if (given === undefined) return onlySibling(self, sought) ?? nearestAncestor(self, sought);
  const found = typeof given === 'string' ? actorNamed(self, given) : given;
  const connection = connectionOf(found, sought);
  if (connection !== undefined) return connection;
  const which = typeof given === 'string' ? `'${given}'` : nameOf(given);
  const fact = found === undefined ? 'there is no such actor' : `it is not ${sought.what}`;
  throw new ArgumentError(
    `${sought.owner} was given the connection ${which}, but ${fact}. ${childrenOf(self)}`,
  );
}

/** What stands for an actor in stored snapshots: a text that `findConnection()` finds it by. */
export function storableName(self: AnyActorRef, ref: AnyActorRef): string {
  const { _parent: parent } = ref;
  const systemId = memberOf(ref, 'systemId');
  if (parent !== undefined && parent === self._parent) return ref.id;
  if (typeof systemId === 'string') return systemId;
  // The connection of a supervisor, which is found by that one's name.
  return parent?._parent !== undefined && parent._parent === self._parent ? parent.id : ref.id;
}

function onlySibling(self: AnyActorRef, sought: Sought): AnyActorRef | undefined {
  const { owner, what } = sought;
  const found = siblingsOf(self).filter((sibling) => connectionOf(sibling, sought) !== undefined);
  // Connections that have ended stay among the children until their parent removes them.
  const active = found.filter((sibling) => statusOf(sibling) === 'active');
  const candidates = active.length > 0 ? active : found;
  if (candidates.length > 1) {
    const ids = candidates.map(({ id }) => `'${id}'`).join(', ');
    throw new ArgumentError(
      `${owner} found several children of its parent that are ${what}: ${ids}. Pass one as input: ` +
        `{ connection: '${candidates[0]?.id ?? ''}' }`,
    );
  }
  return candidates[0] && connectionOf(candidates[0], sought);
}

function nearestAncestor(self: AnyActorRef, sought: Sought): AnyActorRef {
  for (const ancestor of ancestorsOf(self)) {
    if (isConnection(ancestor) && sought.accepts(ancestor)) return ancestor;
  }
  throw new ArgumentError(
    `${sought.owner} found no actor that is ${sought.what}, neither beside it nor above it. ${childrenOf(self)} ` +
      `Invoke a connection there, or pass an actor, its id or its systemId as input: { connection }${hintOfFakes(self, sought)}`,
  );
}

/** In tests, another machine may stand in for the connection. */
function hintOfFakes(self: AnyActorRef, { owner }: Sought): string {
  const any = { owner, what: '', accepts: () => true };
  const [fake] = siblingsOf(self).filter(
    (sibling) =>
      memberOf(snapshotOf(sibling), 'value') !== undefined &&
      connectionOf(sibling, any) === undefined,
  );
  return fake === undefined
    ? ''
    : `. '${fake.id}' is a machine, but not one of a connection: if it is a fake, provide one for ${owner}, too`;
}

const actorNamed = (self: AnyActorRef, name: string): AnyActorRef | undefined =>
  siblingsOf(self).find(({ id }) => id === name) ??
  // Typed as any by XState: a system that is not typed.
  (self.system.get(name) as AnyActorRef | undefined) ??
  [...ancestorsOf(self)].find(({ id }) => id === name);

/** The connection that an actor is, or that it has, if it is a supervisor. */
function connectionOf(ref: unknown, { accepts }: Sought): AnyActorRef | undefined {
  for (const candidate of [ref, childrenIn(ref)['connection']]) {
    if (isConnection(candidate) && accepts(candidate)) return candidate;
  }
  return undefined;
}

/** Of an actor that has failed at once, because its definition has thrown, only the machine is known. */
function isConnection(ref: unknown): ref is AnyActorRef {
  const snapshot = snapshotOf(ref);
  if (linkIn(memberOf(snapshot, 'context')) !== undefined) return true;
  return hasFailedAtOnce(ref);
}

/** Whether the actor of a connection has failed before it had a context: its definition has thrown. */
export const hasFailedAtOnce = (ref: unknown): boolean =>
  statusOf(ref) === 'error' &&
  memberOf(snapshotOf(ref), 'context') === undefined &&
  memberOf(memberOf(ref, 'logic'), 'id') === 'protocol';

function* ancestorsOf(self: AnyActorRef): Generator<AnyActorRef> {
  for (let ref = self._parent; ref !== undefined; ref = ref._parent) yield ref;
}

const siblingsOf = (self: AnyActorRef): readonly AnyActorRef[] =>
  Object.values(childrenIn(self._parent)).filter(
    (child): child is AnyActorRef => child !== undefined && child !== self,
  );

const childrenIn = (ref: unknown): Readonly<Record<string, AnyActorRef | undefined>> =>
  (memberOf(snapshotOf(ref), 'children') ?? {}) as Readonly<
    Record<string, AnyActorRef | undefined>
  >;

const statusOf = (ref: unknown): unknown => memberOf(snapshotOf(ref), 'status');

function snapshotOf(ref: unknown): unknown {
  const getSnapshot = memberOf(ref, 'getSnapshot');
  return typeof getSnapshot === 'function' ? Reflect.apply(getSnapshot, ref, []) : undefined;
}

const nameOf = (ref: unknown): string => {
  const id = memberOf(ref, 'id');
  return typeof id === 'string' ? `'${id}'` : show(ref);
};

function childrenOf(self: AnyActorRef): string {
  const parent = self._parent;
  if (parent === undefined) return 'It has no parent, as it is a root actor.';
  const ids = siblingsOf(self).map(({ id }) => `'${id}'`);
  const others = ids.length === 0 ? 'no other children' : `the other children ${ids.join(', ')}`;
  return `Its parent has ${others}.`;
}
