/** One actor system under observation. Held by its root actor alone, so that it dies with it. */

import type { InspectionEvent, Subscription } from 'xstate';
import {
  type AnySnapshotFacts,
  family,
  isAlive,
  isSnapshot,
  onInspection,
  scheduledIn,
  snapshotOf,
  type WatchableActor,
} from './actors.ts';
import { ActorRecord, type Plainly } from './records.ts';
import type { FeedMessage, Timestamp } from './wire.ts';
import { linkOf, type Wiretap } from './wiretap.ts';

/** What a system needs of its feed. */
export interface Reporting {
  readonly plain: Plainly;
  readonly wiretap: Wiretap;
  say(message: FeedMessage): void;
  now(): Timestamp;
  /** The same function, but what it throws is told as a problem, and harms nobody. */
  guarded<T>(run: (argument: T) => unknown): (argument: T) => void;
}

/** See the module's comment. */
export class SystemWatch {
  /** The actors that were told of, by their `sessionId`. It outlives the system, to say that they are gone. */
  readonly told = new Set<string>();
  readonly #root: WatchableActor;
  readonly #reporting: Reporting;
  /** Whether the events come by a subscription of our own, or from XState's option `inspect`. */
  readonly #subscribes: boolean;
  /** Those that were told of, by their `sessionId`, until they have ended. */
  readonly #records = new Map<string, ActorRecord>();
  /** Those that are not told of: most are still being made, and some are never started. */
  readonly #untold = new WeakMap<WatchableActor, ActorRecord>();
  /** Those that something has happened to, of which XState has not said yet where it led. */
  readonly #unanswered = new Set<ActorRecord>();
  readonly #untaps = new Map<string, () => void>();
  /** Tells of those that have ended without a word. */
  readonly #lookAround: () => void;
  #subscription: Subscription | undefined;
  #isTapping = false;

  constructor(root: WatchableActor, reporting: Reporting, subscribes: boolean) {
    this.#root = root;
    this.#reporting = reporting;
    this.#subscribes = subscribes;
    const lookAt = reporting.guarded((record: ActorRecord) => {
      const snapshot = snapshotOf(record.actor);
      const isTold = this.#records.has(record.actor.sessionId);
      if (!isTold || snapshot === undefined || snapshot.status === 'active') return;
      this.#tell(record, snapshot, record.lastEvent);
    });
    this.#lookAround = () => {
      const records = [...this.#unanswered];
      this.#unanswered.clear();
      for (const record of records) lookAt(record);
    };
  }

  /** Begins to listen. What there is already is told by `registrations()`. */
  begin(): void {
    if (this.#subscribes) {
      const listener = this.#reporting.guarded((event: InspectionEvent) => {
        this.handle(event);
      });
      this.#subscription = onInspection(this.#root, listener);
    }
    for (const actor of family(this.#root)) if (isAlive(actor)) this.#enter(this.#recordOf(actor));
    for (const scheduled of scheduledIn(this.#root)) {
      for (const record of this.#records.values()) {
        if (record.actor === scheduled.source) record.addScheduled(scheduled);
      }
    }
  }

  /** Forgets everything, until it begins again. */
  end(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.setTapping(false);
    this.#records.clear();
    this.#unanswered.clear();
    this.told.clear();
  }

  /** Tells of every actor that there is, parents first. */
  *registrations(): Generator<FeedMessage> {
    for (const record of this.#records.values()) {
      const snapshot = snapshotOf(record.actor);
      if (snapshot?.status === 'active') yield record.register(snapshot, this.#reporting.now());
    }
  }

  /** Sends an event to an actor of this system; `false` when it has none of that id. */
  send(sessionId: string, event: { readonly type: string }): boolean {
    const record = this.#records.get(sessionId);
    record?.actor.send(event);
    return record !== undefined;
  }

  /** Shows the messages of the system's protocol machines, or shows them no longer. */
  setTapping(isTapping: boolean): void {
    this.#isTapping = isTapping;
    if (isTapping) for (const record of this.#records.values()) this.#tap(record);
    else {
      for (const untap of this.#untaps.values()) untap();
      this.#untaps.clear();
    }
  }

  /** One inspection event of the system. */
  handle(event: InspectionEvent): void {
    const record = this.#recordOf(event.actorRef as WatchableActor);
    this.#expectAnswer(record);
    switch (event.type) {
      case '@xstate.event':
        this.#onEvent(record, event);
        break;
      case '@xstate.action':
        record.addAction(event, this.#reporting.now());
        break;
      case '@xstate.microstep':
        record.addMicrostep(event);
        break;
      case '@xstate.snapshot':
        if (isSnapshot(event.snapshot)) this.#onSnapshot(record, event.snapshot, event.event);
        break;
    }
  }

  #onEvent(record: ActorRecord, { event, sourceRef }: EventInspection): void {
    const sender = sourceRef && this.#records.get(sourceRef.sessionId);
    if (sender !== undefined) {
      sender.addSent(event);
      this.#expectAnswer(sender); // It may be the error by which it ended.
    }
    // One for an actor that has ended is heard by nobody; but one may end while it is made.
    const isHeard = isAlive(record.actor) || event.type === 'xstate.init';
    if (!isHeard) return;
    this.#register(record);
    this.#say(record.event(event, sourceRef?.sessionId, this.#reporting.now()));
  }

  #onSnapshot(record: ActorRecord, said: AnySnapshotFacts, event: { type: string }): void {
    this.#unanswered.delete(record);
    if (isAlive(record.actor)) this.#register(record);
    if (!this.#records.has(record.actor.sessionId)) return;
    // Where an action threw at the start, XState says what would have been if it had not.
    const own = snapshotOf(record.actor) ?? said;
    this.#tell(record, own.status === 'active' ? said : own, event);
  }

  #tell(record: ActorRecord, snapshot: AnySnapshotFacts, event: { type: string }): void {
    const at = this.#reporting.now();
    const { sessionId } = record.actor;
    this.#say(record.state(snapshot, event, at));
    if (snapshot.status === 'active') return;
    this.#untaps.get(sessionId)?.();
    this.#untaps.delete(sessionId);
    this.#records.delete(sessionId);
    this.told.delete(sessionId);
    this.#say({ type: 'service.stop', sessionId, wirechart: { at } });
  }

  /** XState says nothing of an actor that fails: one looks when what is happening has happened. */
  #expectAnswer(record: ActorRecord): void {
    if (this.#unanswered.size === 0) queueMicrotask(this.#lookAround);
    this.#unanswered.add(record);
  }

  #recordOf(actor: WatchableActor): ActorRecord {
    const known = this.#records.get(actor.sessionId) ?? this.#untold.get(actor);
    if (known !== undefined) return known;
    const record = new ActorRecord(actor, this.#reporting.plain);
    this.#untold.set(actor, record);
    return record;
  }

  #register(record: ActorRecord): void {
    if (this.#records.has(record.actor.sessionId)) return;
    const snapshot = snapshotOf(record.actor);
    if (snapshot === undefined) return;
    this.#enter(record);
    this.#say(record.register(snapshot, this.#reporting.now()));
  }

  #enter(record: ActorRecord): void {
    const { sessionId } = record.actor;
    this.#untold.delete(record.actor);
    this.#records.set(sessionId, record);
    this.told.add(sessionId);
    if (this.#isTapping) this.#tap(record);
  }

  #tap({ actor }: ActorRecord): void {
    const { sessionId } = actor;
    const snapshot = snapshotOf(actor);
    const link = snapshot && linkOf(snapshot);
    if (link === undefined || this.#untaps.has(sessionId)) return;
    this.#untaps.set(sessionId, this.#reporting.wiretap.tap(link, sessionId));
  }

  #say(message: FeedMessage): void {
    this.#reporting.say(message);
  }
}

type EventInspection = Extract<InspectionEvent, { type: '@xstate.event' }>;
