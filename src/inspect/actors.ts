/** What a feed asks of actors. */

import type { AnyStateMachine } from 'xstate';
import { logicOf, parentOf, snapshotOf, type WatchableActor } from './xstate.ts';

export type { WatchableActor } from './xstate.ts';

/** The machine that an actor runs; `undefined` when its logic is not a machine. */
export function machineOf(actor: WatchableActor): AnyStateMachine | undefined {
  const logic = logicOf(actor);
  return isMachine(logic) ? logic : undefined;
}

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === 'object' && logic !== null && 'root' in logic && 'resolveState' in logic;

/** Whether the actor is constructed and has not ended. */
export const isActive = (actor: WatchableActor): boolean => snapshotOf(actor)?.status === 'active';

/** The root of the actor's system. */
export function rootOf(actor: WatchableActor): WatchableActor {
  let root = actor;
  for (let next = parentOf(root); next !== undefined; next = parentOf(root)) root = next;
  return root;
}

/** The actor and all its descendants, parents first. */
export function* withDescendants(actor: WatchableActor): Generator<WatchableActor> {
  // Without recursion: actors can be nested more deeply than the stack.
  const rest = [actor];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    yield next;
    const children = Object.values(snapshotOf(next)?.children ?? {});
    for (const child of children.toReversed()) if (child !== undefined) rest.push(child);
  }
}
