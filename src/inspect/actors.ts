/**
 * Reads actors by shape (snapshot, children, system), so that a feed can watch actors that another copy
 * of XState 5 created.
 */

import type { AnyActorRef, AnyStateMachine, InspectionEvent, Subscription } from 'xstate';

/** A snapshot of any kind of actor. */
export interface AnySnapshotFacts {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: unknown;
  readonly error?: unknown;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: ReadonlySet<string>;
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}

/** An event that is scheduled, as XState's actor system keeps it. */
export interface ScheduledEvent {
  readonly id: string;
  readonly event: { readonly type: string };
  readonly delay: number;
  readonly startedAt: number;
  readonly source: unknown;
}

/** An actor, with the members of XState's that its types leave out. */
export type WatchableActor = AnyActorRef & {
  readonly _parent?: WatchableActor;
  readonly _processingStatus?: number;
  readonly logic?: unknown;
};

/** The `_processingStatus` of an actor that was stopped, perhaps before it started. */
const STOPPED = 2;

/** The machine that an actor runs; `undefined` when its logic is not a machine. */
export function machineOf({ logic }: WatchableActor): AnyStateMachine | undefined {
  return isMachine(logic) ? logic : undefined;
}

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === 'object' && logic !== null && 'root' in logic && 'resolveState' in logic;

/** The current snapshot; `undefined` while the actor is being constructed. */
export function snapshotOf(actor: WatchableActor): AnySnapshotFacts | undefined {
  const snapshot = readSnapshot(actor);
  if (!isSnapshot(snapshot)) return undefined;
  // The snapshot of an actor that was stopped before it started stays 'active' for ever.
  const isOver = actor._processingStatus === STOPPED && snapshot.status === 'active';
  return isOver ? { ...snapshot, status: 'stopped' } : snapshot;
}

/** XState's development build throws where its production build returns `undefined`. */
function readSnapshot(actor: WatchableActor): unknown {
  try {
    return actor.getSnapshot();
  } catch {
    return undefined;
  }
}

/** Whether the actor is constructed and has not ended. */
export const isActive = (actor: WatchableActor): boolean => snapshotOf(actor)?.status === 'active';

/** Whether a value has a status, as every snapshot has. */
export const isSnapshot = (value: unknown): value is AnySnapshotFacts =>
  typeof value === 'object' && value !== null && 'status' in value;

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

/** Subscribes to the inspection events of the actor's system. */
export function onInspection(
  { system }: WatchableActor,
  listener: (event: InspectionEvent) => void,
): Subscription {
  return system.inspect(listener);
}

/** The events scheduled in the actor's system. */
export function scheduledIn({ system }: WatchableActor): ScheduledEvent[] {
  return Object.values(system.getSnapshot()._scheduledEvents);
}
