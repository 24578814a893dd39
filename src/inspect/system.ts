/** One actor system under observation. Held by its root actor alone, so that it dies with it. */

import type { InspectionEvent, Subscription } from 'xstate';
import {
  type AnySnapshotFacts,
  family,
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
}

/** How many actors are worth a look for those that ended. */
const SWEEP_AT = 64;

/** See the module's comment. */
export class SystemWatch {
  /** The actors that were told of, by their `sessionId`. It outlives the system, to say that they are gone. */
  readonly told = new Set<string>();
  readonly #root: WatchableActor;
  readonly #reporting: Reporting;
  /** Whether the events come by a subscription of our own, or from XState's option `inspect`. */
  readonly #subscribes: boolean;
  readonly #records = new Map<string, ActorRecord>();
  readonly #untaps = new Map<string, () => void>();
  #subscription: Subscription | undefined;
  #isTapping = false;
  #sweepAt = SWEEP_AT;

  constructor(root: WatchableActor, reporting: Reporting, subscribes: boolean) {
    this.#root = root;
    this.#reporting = reporting;
    this.#subscribes = subscribes;
  }

  /** Begins to listen. What there is already is told by `registrations()`. */
  begin(): void {
    if (this.#subscribes) {
      this.#subscription = onInspection(this.#root, (event) => {
        this.handle(event);
      });
    }
    for (const actor of family(this.#root)) this.#add(actor);
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
    this.told.clear();
  }

  /** Tells of every actor that there is, parents first. */
  *registrations(): Generator<FeedMessage> {
    for (const record of this.#records.values()) {
      const message = this.#registration(record);
      if (message !== undefined) yield message;
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
    const actor = event.actorRef as WatchableActor;
    const record = this.#records.get(actor.sessionId) ?? this.#add(actor);
    const at = this.#reporting.now();
    switch (event.type) {
      case '@xstate.event':
        this.#register(record);
        // One for an actor that has ended is heard by nobody.
        if (record.isRegistered) {
          this.#say(record.event(event.event, event.sourceRef?.sessionId, at));
        }
        break;
      case '@xstate.action':
        record.addAction(event, at);
        break;
      case '@xstate.microstep':
        record.addMicrostep(event);
        break;
      case '@xstate.snapshot':
        if (isSnapshot(event.snapshot)) this.#onSnapshot(record, event.snapshot, event.event);
        break;
    }
  }

  #onSnapshot(record: ActorRecord, snapshot: AnySnapshotFacts, event: { type: string }): void {
    const at = this.#reporting.now();
    const { sessionId } = record.actor;
    if (!record.isRegistered) {
      this.told.add(sessionId);
      this.#say(record.register(snapshot, at));
    }
    this.#say(record.state(snapshot, event, at));
    if (snapshot.status === 'active') return;
    this.#say({ type: 'service.stop', sessionId, wirechart: { at } });
    this.#untaps.get(sessionId)?.();
    this.#untaps.delete(sessionId);
    this.#records.delete(sessionId);
    this.told.delete(sessionId);
  }

  #add(actor: WatchableActor): ActorRecord {
    if (this.#records.size >= this.#sweepAt) this.#sweep();
    const record = new ActorRecord(actor, this.#reporting.plain);
    this.#records.set(actor.sessionId, record);
    return record;
  }

  /** Forgets actors that ended without a word, as those do that fail while they start. */
  #sweep(): void {
    for (const [sessionId, { actor, isRegistered }] of this.#records) {
      const status = snapshotOf(actor)?.status ?? 'active';
      if (status === 'active') continue;
      this.#records.delete(sessionId);
      this.told.delete(sessionId);
      const wirechart = { at: this.#reporting.now() };
      if (isRegistered) this.#say({ type: 'service.stop', sessionId, wirechart });
    }
    this.#sweepAt = 2 * this.#records.size + SWEEP_AT;
  }

  #register(record: ActorRecord): void {
    if (record.isRegistered) return;
    const message = this.#registration(record);
    if (message !== undefined) this.#say(message);
    else this.#records.delete(record.actor.sessionId);
  }

  #registration(record: ActorRecord): FeedMessage | undefined {
    const snapshot = snapshotOf(record.actor);
    if (snapshot?.status !== 'active') return undefined;
    this.told.add(record.actor.sessionId);
    if (this.#isTapping) this.#tap(record);
    return record.register(snapshot, this.#reporting.now());
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
