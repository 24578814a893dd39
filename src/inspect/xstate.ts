/**
 * All that the library knows of XState's inspection, and of what XState's types leave out: the events that
 * it announces, the names of its own events and actions, and the members of actors that it calls internal.
 * Everything else in `src/inspect` speaks of `Happening`s. A rule of the linter keeps it so.
 *
 * Actors are read by shape (snapshot, children, system), so that a feed can watch actors that another copy
 * of XState 5 created.
 *
 * What XState 6 changes
 * ---------------------
 * As seen with 6.0.0-alpha.52, of 2026, by running it. For each point, what has to be changed here.
 *
 * 1. Four of the five events are gone. `@xstate.actor` comes when an actor is constructed, children before
 *    their parent, and `@xstate.transition` after each transition, with all that belongs to it: `event`,
 *    `sourceRef`, `microsteps`, `actions`, `sent`, `snapshot`. So `happeningsIn()` has to return several
 *    happenings for one event, in this order: the event, its steps, its actions, its timers, the state.
 * 2. A transition is announced when it is complete. What it made its children do is announced before it. The
 *    order of messages changes accordingly: nothing can be done about it here.
 * 3. `microsteps` are the transitions that were taken, without a state between them.
 * 4. An action in `actions` is a name with parameters, and an event that is emitted cannot be told from it:
 *    it has the name of the event. XState's own actions are called `@xstate.spawn`, `@xstate.raise`, …
 * 5. A timer is in `sent`, with a `delay`. When it fires, the actor gets `xstate.timer` with its `id`, not the
 *    object that was sent: `sender` and the identity of the event no longer say which one it was.
 *    `_scheduledEvents` is `_scheduledTimers`, with `scheduledAt` and without the event.
 * 6. XState's own events have no ids in their names: `xstate.done.actor` and `xstate.error.actor` have
 *    `actorId`, `xstate.done.state` has `stateId`, `xstate.after` has both `delay` and `stateId`. `ownEventOf()`
 *    needs the event, not only its name. The first and the last event of an actor are `@xstate.init` and
 *    `@xstate.stop`.
 * 7. A failure is announced, as a transition whose snapshot has the status 'error': `SystemWatch` need not check
 *    in a microtask. An event for a stopped actor is announced, too, as `@xstate.deadletter`: nothing is shown.
 * 8. An inspector that throws still breaks the actor that it watches; `_parent`, `_processingStatus`, `logic`
 *    and `system.inspect()`, which announces nothing of the past, are as they were.
 *
 * Until then an actor of XState 6 that is attached is not shown: the feed reports a problem (`timersIn()` finds no
 * timers), and the actor is not affected.
 *
 * Users may pass a listener of their own: `src/protocol/options.ts` and `src/protocol/machine.ts` know the type of
 * its argument, and pass it on unread.
 *
 * Beyond inspection: `src/machines/wait.ts`, `src/machines/logic-run.ts` and `src/protocol/connection-logic.ts`
 * are actor logic, and get the events of point 6 by these names; the last one sends with `system._relay()`, which
 * is `system.sendEvent()` there; `src/machines/restorable.ts` sets `_snapshot`.
 */

import type { AnyActorRef, InspectionEvent, Subscription } from 'xstate';
import { memberOf } from '../core/shape.ts';

export type { InspectionEvent } from 'xstate';

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

/** An actor, with the members of XState's that its types leave out. */
export type WatchableActor = AnyActorRef & {
  readonly _parent?: WatchableActor;
  readonly _processingStatus?: number;
  readonly logic?: unknown;
};

export interface AnyEvent {
  readonly type: string;
}

/** A transition that was taken. */
export interface TakenStep {
  readonly eventType: string;
  readonly source: StepSource;
  readonly target?: readonly { readonly id: string }[] | undefined;
}

/** The state from which a transition leads, with all its transitions in the order in which they are tried. */
interface StepSource {
  readonly id: string;
  readonly transitions: ReadonlyMap<string, readonly TakenStep[]>;
  readonly always?: readonly TakenStep[] | undefined;
}

/** A timer that was started. */
export interface StartedTimer {
  /** What cancels it; `undefined` for a timer that cannot be cancelled. */
  readonly id: string | undefined;
  /** The very object that it will send. */
  readonly event: AnyEvent;
  readonly ms: number;
}

/** What has happened in a system of actors, and to which of them. */
export type Happening = { readonly actor: WatchableActor } & (
  | { readonly type: 'created' }
  /** It has got an event. The first event of an actor says that it has started. */
  | {
      readonly type: 'event';
      readonly event: AnyEvent;
      readonly sender: WatchableActor | undefined;
      readonly isStart: boolean;
    }
  /** It has taken transitions, and may take more for the same event. */
  | {
      readonly type: 'step';
      readonly event: AnyEvent;
      readonly snapshot: AnySnapshotFacts;
      readonly transitions: readonly TakenStep[];
    }
  | { readonly type: 'action'; readonly name: string }
  | { readonly type: 'emitted'; readonly event: unknown }
  | { readonly type: 'timerStarted'; readonly timer: StartedTimer }
  | { readonly type: 'timerCancelled'; readonly id: string }
  /** It has a new snapshot. */
  | { readonly type: 'state'; readonly event: AnyEvent; readonly snapshot: AnySnapshotFacts }
);

/** What an inspection event of XState says has happened, in order. */
export function happeningsIn(inspected: InspectionEvent): Happening[] {
  const actor = inspected.actorRef as WatchableActor;
  switch (inspected.type) {
    case '@xstate.event': {
      const { event } = inspected;
      const sender = inspected.sourceRef as WatchableActor | undefined;
      return [{ type: 'event', actor, event, sender, isStart: event.type === START_EVENT.type }];
    }
    case '@xstate.microstep': {
      const { event, snapshot, _transitions: transitions } = inspected;
      return [{ type: 'step', actor, event, snapshot, transitions }];
    }
    case '@xstate.action':
      return actionHappenings(actor, inspected.action);
    case '@xstate.snapshot': {
      const { event, snapshot } = inspected;
      return isSnapshot(snapshot) ? [{ type: 'state', actor, event, snapshot }] : [];
    }
    default:
      return [{ type: 'created', actor }];
  }
}

/** XState's own actions, whose effects are reported in other ways. */
const HIDDEN_ACTIONS = new Set(['xstate.spawnChild', 'xstate.stopChild', 'xstate.raise']);

function actionHappenings(actor: WatchableActor, action: InspectedAction): Happening[] {
  const { type, params } = action;
  const name = type === '(anonymous)' ? 'inline' : type;
  if (!type.startsWith('xstate.')) return [{ type: 'action', actor, name }];
  const event = memberOf(params, 'event');
  if (type === 'xstate.emit') return [{ type: 'emitted', actor, event }];
  if (type === 'xstate.cancel') {
    const id = memberOf(params, 'sendId');
    return typeof id === 'string' ? [{ type: 'timerCancelled', actor, id }] : [];
  }
  const ms = memberOf(params, 'delay');
  if (isEvent(event) && typeof ms === 'number') {
    const id = memberOf(params, 'id');
    const timer = { id: typeof id === 'string' ? id : undefined, event, ms };
    return [{ type: 'timerStarted', actor, timer }];
  }
  return HIDDEN_ACTIONS.has(type) ? [] : [{ type: 'action', actor, name }];
}

interface InspectedAction {
  readonly type: string;
  readonly params: unknown;
}

const isEvent = (value: unknown): value is AnyEvent => typeof memberOf(value, 'type') === 'string';

/** Calls a listener with what happens in the actor's system from now on. It must not throw. */
export function onHappening(
  { system }: WatchableActor,
  listener: (happening: Happening) => void,
): Subscription {
  return system.inspect((inspected) => {
    for (const happening of happeningsIn(inspected)) listener(happening);
  });
}

/** A timer that runs already. */
interface RunningTimer extends StartedTimer {
  /** The actor that started it. */
  readonly actor: WatchableActor;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}

/** The timers that run in the actor's system. */
export const timersIn = ({ system }: WatchableActor): RunningTimer[] =>
  Object.values(system.getSnapshot()._scheduledEvents).map(
    ({ id, event, delay, startedAt, source }) => ({
      id,
      event,
      ms: delay,
      startedAt,
      actor: source,
    }),
  );

/** The first event of every actor. */
export const START_EVENT: AnyEvent = { type: 'xstate.init' };

/** Whether XState itself starts or stops an actor by an event of this name. Sent by others, it corrupts the actor. */
export const isLifecycle = (type: string): boolean =>
  type === START_EVENT.type || type === 'xstate.stop';

/** Whether only XState itself may send an event of this name. */
export const isReserved = (type: string): boolean => /^@?xstate\./.test(type);

/** Events that XState sends to a machine, by what they say. */
export type OwnEvent =
  | { readonly kind: 'actorDone' | 'actorFailed'; readonly id: string }
  | { readonly kind: 'stateDone'; readonly id: string }
  | { readonly kind: 'after'; readonly delay: string; readonly id: string };

/** How the names of the events begin that end with an id, by their kinds. */
export type Prefixes = Readonly<Record<Exclude<OwnEvent['kind'], 'after'>, string>>;

const OWN_PREFIXES: Prefixes = {
  actorDone: 'xstate.done.actor.',
  actorFailed: 'xstate.error.actor.',
  stateDone: 'xstate.done.state.',
};

/** What an event of this name says, if it is one of these; `undefined` for all others. */
export function ownEventOf(type: string): OwnEvent | undefined {
  if (!type.startsWith('xstate.')) return undefined;
  // A delay has no dot: what follows the first one is the id of the state.
  const [, delay, id] = /^xstate\.after\.([^.]+)\.([^]*)$/.exec(type) ?? [];
  if (delay === undefined || id === undefined) return eventWithPrefix(type, OWN_PREFIXES);
  return { kind: 'after', delay, id };
}

/** What an event says whose name is a prefix and an id; `undefined` for all others. */
export function eventWithPrefix(type: string, prefixes: Prefixes): OwnEvent | undefined {
  for (const kind of ['actorDone', 'actorFailed', 'stateDone'] as const) {
    const id = type.slice(prefixes[kind].length);
    const isOfKind = type.startsWith(prefixes[kind]) && (id !== '' || kind === 'stateDone');
    if (isOfKind) return { kind, id };
  }
  return undefined;
}

/** The name of such an event. */
export const typeOfOwnEvent = (event: OwnEvent): string =>
  event.kind === 'after'
    ? `xstate.after.${event.delay}.${event.id}`
    : OWN_PREFIXES[event.kind] + event.id;

/** Whether an action is one with which XState sets and clears its own timers. */
export const isTimerAction = (name: string): boolean =>
  name === 'xstate.raise' || name === 'xstate.cancel';

/** The `_processingStatus` of an actor that was stopped, perhaps before it started. */
const STOPPED = 2;

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

/** Whether a value has a status, as every snapshot has. */
const isSnapshot = (value: unknown): value is AnySnapshotFacts =>
  typeof value === 'object' && value !== null && 'status' in value;

export const parentOf = (actor: WatchableActor): WatchableActor | undefined => actor._parent;

export const logicOf = ({ logic }: WatchableActor): unknown => logic;
