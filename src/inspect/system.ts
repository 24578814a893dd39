/**
 * Watches one actor system. Only the system holds its watch strongly, so that both are
 * garbage-collected together.
 */

import type { Subscription } from 'xstate';
import { isActive, withDescendants } from './actors.ts';
import type { SystemLinks } from './links.ts';
import { ActorRecord, sessionText, type Showing } from './records.ts';
import type { Timestamp } from './wire.ts';
import {
  type AnyEvent,
  type AnySnapshotFacts,
  type Happening,
  onHappening,
  snapshotOf,
  timersIn,
  type WatchableActor,
} from './xstate.ts';

/** What a system watch needs from its feed. */
export interface FeedServices extends Showing {
  /** Publishes a message, as a line of JSON. */
  publish(line: string): void;
  now(): Timestamp;
  /** Wraps a function so that its errors are reported as problems instead of being thrown. */
  guarded<T>(run: (argument: T) => unknown): (argument: T) => void;
}

/** Turns the inspection events of one actor system into messages. */
export class SystemWatch {
  /** The `sessionId`s of reported actors. It outlives the system, to report that they are gone. */
  readonly reported = new Set<string>();
  readonly #root: WatchableActor;
  readonly #services: FeedServices;
  /** Whether it subscribes to the events itself, or gets them from XState's option `inspect`. */
  readonly #subscribes: boolean;
  /** Reported actors that have not ended, by their `sessionId`. */
  readonly #records = new Map<string, ActorRecord>();
  /** Actors not reported yet: most are being constructed, and some are never started. */
  readonly #unreported = new WeakMap<WatchableActor, ActorRecord>();
  /** Actors that got an event whose resulting snapshot XState has not announced yet. */
  readonly #awaitingSnapshot = new Set<ActorRecord>();
  readonly #links: SystemLinks | undefined;
  /** Actors that have ended. React starts some of them again. */
  readonly #ended = new WeakSet<WatchableActor>();
  /** Reports the actors that have ended without an announcement by XState. */
  readonly #reportSilentEnds: () => void;
  #subscription: Subscription | undefined;

  constructor(root: WatchableActor, services: FeedServices, subscribes: boolean) {
    this.#root = root;
    this.#services = services;
    this.#subscribes = subscribes;
    this.#links = services.links?.ofSystem();
    const check = services.guarded((record: ActorRecord) => {
      const snapshot = snapshotOf(record.actor);
      const isReported = this.#records.has(record.actor.sessionId);
      if (!isReported || snapshot === undefined || snapshot.status === 'active') return;
      this.#reportState(record, snapshot, record.currentEvent);
    });
    this.#reportSilentEnds = () => {
      const records = [...this.#awaitingSnapshot];
      this.#awaitingSnapshot.clear();
      for (const record of records) check(record);
    };
  }

  /** Starts watching. `registrations()` then yields the actors that exist already. */
  begin(): void {
    if (this.#subscribes) {
      const listener = this.#services.guarded((happening: Happening) => {
        this.handle(happening);
      });
      this.#subscription = onHappening(this.#root, listener);
    }
    for (const actor of withDescendants(this.#root)) {
      if (isActive(actor)) this.#addRecord(this.#actorRecord(actor));
    }
    this.#addTimers();
  }

  /** To be called when the reporting of messages has started or stopped. */
  updateLinks(): void {
    this.#links?.update();
  }

  /** Stops watching and forgets everything. `begin()` may follow. */
  end(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#links?.end();
    this.#records.clear();
    this.#awaitingSnapshot.clear();
    this.reported.clear();
  }

  /** The registration of every living actor, parents first. */
  *registrations(): Generator<string> {
    for (const record of this.#records.values()) {
      const snapshot = snapshotOf(record.actor);
      if (snapshot?.status === 'active') yield record.register(snapshot, this.#services.now());
    }
  }

  /** The living actor of this system with this `sessionId`. */
  actor(sessionId: string): WatchableActor | undefined {
    return this.#records.get(sessionId)?.actor;
  }

  /** Handles what has happened in the system. */
  handle(happening: Happening): void {
    const record = this.#actorRecord(happening.actor);
    this.#expectSnapshot(record);
    switch (happening.type) {
      case 'created':
        break;
      case 'event':
        this.#onEvent(record, happening);
        break;
      case 'step':
        record.addStep(happening);
        break;
      case 'action':
        record.addAction(happening.name);
        break;
      case 'emitted':
        record.addEmitted(happening.event);
        break;
      case 'timerStarted':
        record.addTimer(happening.timer, this.#services.now());
        break;
      case 'timerCancelled':
        record.cancelTimer(happening.id);
        break;
      case 'state':
        this.#onSnapshot(record, happening.snapshot, happening.event);
        break;
    }
  }

  #onEvent(record: ActorRecord, { event, sender, isStart }: EventHappening): void {
    const sending = sender && this.#records.get(sender.sessionId);
    if (sending !== undefined) {
      sending.addSent(event);
      this.#expectSnapshot(sending); // The event may be the error that ended the sender.
    }
    // An ended actor ignores its events. But an actor may also end during its construction.
    if (!isActive(record.actor) && !isStart) return;
    this.#register(record);
    const from = sending?.session ?? (sender && sessionText(sender));
    this.#services.publish(record.event(event, from, this.#services.now()));
  }

  #onSnapshot(record: ActorRecord, announced: AnySnapshotFacts, event: AnyEvent): void {
    this.#awaitingSnapshot.delete(record);
    if (isActive(record.actor)) this.#register(record);
    if (!this.#records.has(record.actor.sessionId)) return;
    this.#links?.watch(record.actor);
    // XState starts the timers of an earlier life of the actor without an announcement.
    if (this.#ended.delete(record.actor)) this.#addTimers(record);
    // When an initial action threw, XState announces the snapshot as if it had not.
    const own = snapshotOf(record.actor) ?? announced;
    this.#reportState(record, own.status === 'active' ? announced : own, event);
  }

  #reportState(record: ActorRecord, snapshot: AnySnapshotFacts, event: AnyEvent): void {
    const { sessionId } = record.actor;
    this.#links?.onState(record.actor, snapshot);
    const at = this.#services.now();
    this.#services.publish(record.state(snapshot, event, at));
    if (snapshot.status === 'active') return;
    this.#ended.add(record.actor);
    this.#records.delete(sessionId);
    this.reported.delete(sessionId);
    this.#services.publish(record.stop(at));
  }

  /** XState does not announce that an actor failed, so its status is checked in a microtask. */
  #expectSnapshot(record: ActorRecord): void {
    if (this.#awaitingSnapshot.size === 0) queueMicrotask(this.#reportSilentEnds);
    this.#awaitingSnapshot.add(record);
  }

  #actorRecord(actor: WatchableActor): ActorRecord {
    const known = this.#records.get(actor.sessionId) ?? this.#unreported.get(actor);
    if (known !== undefined) return known;
    const record = new ActorRecord(actor, this.#services);
    this.#unreported.set(actor, record);
    return record;
  }

  #register(record: ActorRecord): void {
    if (this.#records.has(record.actor.sessionId)) return;
    const snapshot = snapshotOf(record.actor);
    if (snapshot === undefined) return;
    this.#addRecord(record);
    this.#services.publish(record.register(snapshot, this.#services.now()));
  }

  #addRecord(record: ActorRecord): void {
    const { sessionId } = record.actor;
    this.#unreported.delete(record.actor);
    this.#records.set(sessionId, record);
    this.reported.add(sessionId);
    this.#links?.watch(record.actor);
  }

  /** Adds the timers that run already: of all actors, or of one. */
  #addTimers(only?: ActorRecord): void {
    for (const { actor, startedAt, ...timer } of timersIn(this.#root)) {
      const record = this.#records.get(actor.sessionId);
      if (only === undefined || only === record) record?.addTimer(timer, startedAt);
    }
  }
}

type EventHappening = Extract<Happening, { type: 'event' }>;
