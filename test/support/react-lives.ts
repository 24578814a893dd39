/** How React stops an actor that it may start again. */

import type { AnyActorRef } from 'xstate';
import { memberOf } from '../../src/core/shape.ts';

/** An actor, with the members that React sets. */
type Restartable = Record<'observers' | '_processingStatus' | '_snapshot', unknown>;

function* familyOf(actor: AnyActorRef): Generator<AnyActorRef> {
  yield actor;
  const children = memberOf(actor.getSnapshot(), 'children') ?? {};
  for (const child of Object.values(children) as AnyActorRef[]) yield* familyOf(child);
}

/** Stops an actor as `useActorRef()` of @xstate/react does: its snapshots are put back, for another start. */
export function stopAsReactDoes(actor: AnyActorRef): void {
  const family = [...familyOf(actor)].map((ref) => [ref, ref.getSnapshot() as unknown] as const);
  for (const [ref] of family)
    Object.assign<object, Partial<Restartable>>(ref, { observers: new Set() });
  const system: unknown = actor.system.getSnapshot();
  actor.stop();
  Object.assign(actor.system, { _snapshot: system });
  for (const [ref, snapshot] of family) {
    Object.assign<object, Partial<Restartable>>(ref, { _processingStatus: 0, _snapshot: snapshot });
  }
}
