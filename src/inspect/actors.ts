/** What a feed asks of an actor, whatever copy of XState made it. */

import type { AnyActorRef, AnyStateMachine, InspectionEvent, Subscription } from 'xstate';

/** A snapshot, of any kind of actor. */
export interface AnySnapshotFacts {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: unknown;
  readonly error?: unknown;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly tags?: ReadonlySet<string>;
  readonly children?: Readonly<Record<string, AnyActorRef | undefined>>;
}

/** An event that is scheduled, as the system keeps it. */
export interface Scheduled {
  readonly id: string;
  readonly event: { readonly type: string };
  readonly delay: number;
  readonly startedAt: number;
  readonly source: unknown;
}

/** An actor, and the actor system that it is in. */
export type WatchableActor = AnyActorRef & {
  readonly _parent?: WatchableActor;
  readonly _processingStatus?: number;
  readonly logic?: unknown;
};

/** What `_processingStatus` says of an actor that was stopped, perhaps before it started. */
const STOPPED = 2;

/** The machine that an actor runs; `undefined` when it runs something else. */
export function machineOf({ logic }: WatchableActor): AnyStateMachine | undefined {
  return isMachine(logic) ? logic : undefined;
}

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  typeof logic === 'object' && logic !== null && 'root' in logic && 'resolveState' in logic;

/** The present snapshot; `undefined` while the actor is still being made. */
export function snapshotOf(actor: WatchableActor): AnySnapshotFacts | undefined {
  const snapshot = readSnapshot(actor);
  if (!isSnapshot(snapshot)) return undefined;
  // One that was stopped before it started has a snapshot that never changes.
  const isOver = actor._processingStatus === STOPPED && snapshot.status === 'active';
  return isOver ? { ...snapshot, status: 'stopped' } : snapshot;
}

/** XState's development build throws where the other gives `undefined`. */
function readSnapshot(actor: WatchableActor): unknown {
  try {
    return actor.getSnapshot();
  } catch {
    return undefined;
  }
}

/** Whether there is an actor: it was made, and has not ended. */
export const isAlive = (actor: WatchableActor): boolean => snapshotOf(actor)?.status === 'active';

/** Whether something has a status, as every snapshot has. */
export const isSnapshot = (value: unknown): value is AnySnapshotFacts =>
  typeof value === 'object' && value !== null && 'status' in value;

/** The actor and all below it, parents first. */
export function* family(actor: WatchableActor): Generator<WatchableActor> {
  yield actor;
  const children = snapshotOf(actor)?.children ?? {};
  for (const child of Object.values(children)) if (child !== undefined) yield* family(child);
}

/** Calls back with the inspection events of the actor's system, until unsubscribed. */
export function onInspection(
  { system }: WatchableActor,
  listener: (event: InspectionEvent) => void,
): Subscription {
  return system.inspect(listener);
}

/** What is scheduled in the actor's system. */
export function scheduledIn({ system }: WatchableActor): Scheduled[] {
  return Object.values(system.getSnapshot()._scheduledEvents);
}
