/**
 * XState 5's inspection, as messages of the wire protocol in `wire.ts`, for as many sinks as watch.
 *
 * A feed must not be felt by what it watches. It holds no actor alive: a system of actors is known by a
 * weak reference, and what is remembered of its actors hangs on the system itself. While there is no
 * sink, nothing is subscribed and nothing remembered; when one comes, the actors that live are told to
 * it with their present state. An inspector that throws breaks the machine that it watches (XState
 * isolates nothing), so every way in is guarded.
 */

import { performance } from 'node:perf_hooks';
import type { AnyActorRef, InspectionEvent } from 'xstate';
import { textOf } from '../core/errors.ts';
import type { WatchableActor } from './actors.ts';
import { lineOf } from './serialize.ts';
import { toV5Name } from './names.ts';
import { type Sanitize, toPlain } from './plain.ts';
import { type Reporting, SystemWatch } from './system.ts';
import type { FeedMessage, InspectorCommand, Timestamp } from './wire.ts';
import { Wiretap } from './wiretap.ts';

/** Gets each message as one line of JSON, without the line's end. */
export type Sink = (line: string) => void;

/**
 * What to pass as the option `inspect` of an `AsyncProtocol`, a `QmpClient` or XState's
 * `createActor()`. It never throws.
 */
export interface Inspect {
  (event: InspectionEvent): void;
  /**
   * Watches an actor that runs already, with all others of its system. Better than the option where
   * there is a choice, and what `AsyncProtocol` and `QmpClient` do with it: while nobody watches it
   * costs nothing, whereas XState's option costs half of a transition. May be called again.
   */
  readonly attach: (actor: AnyActorRef) => void;
}

/** Now, as all messages say it. */
export const now = (): Timestamp => performance.timeOrigin + performance.now();

/** See the module's comment. */
export class Feed {
  /** For actors: see `Inspect`. */
  readonly inspect: Inspect;
  readonly #sinks = new Set<Sink>();
  readonly #reporting: Reporting;
  readonly #systems = new WeakMap<object, SystemWatch>();
  readonly #live = new Set<WeakRef<SystemWatch>>();
  readonly #buried = new FinalizationRegistry<CollectedActors>((remains) => {
    this.#bury(remains);
  });
  #isTapping = false;
  #problems = 0;

  constructor(sanitize?: Sanitize) {
    const say = (message: FeedMessage) => {
      this.#say(message);
    };
    this.#reporting = {
      say,
      now,
      guarded: (run) => this.#guarded(run),
      plain: (value) => toPlain(value, sanitize),
      wiretap: new Wiretap(say, now, sanitize),
    };
    this.inspect = Object.assign(
      this.#guarded((event: InspectionEvent) => {
        this.#onInspection(event);
      }),
      { attach: this.#guarded((actor: AnyActorRef) => void this.#watchOf(actor, true)) },
    );
  }

  /** Whether anybody watches. */
  get isWatched(): boolean {
    return this.#sinks.size > 0;
  }

  /** Tells a sink of all actors that live, and then of all that happens, until it is removed. */
  add(sink: Sink): void {
    const isFirst = this.#sinks.size === 0;
    this.#sinks.add(sink);
    this.#eachSystem((system) => {
      if (isFirst) system.begin();
      if (isFirst) system.setTapping(this.#isTapping);
      this.#introduce(system, sink);
    });
  }

  remove(sink: Sink): void {
    if (!this.#sinks.delete(sink) || this.isWatched) return;
    this.#isTapping = false;
    this.#eachSystem((system) => {
      system.end();
    });
  }

  /** Tells a sink again of all actors that live. */
  replay(sink: Sink): void {
    this.#eachSystem((system) => {
      this.#introduce(system, sink);
    });
  }

  /** Sends an event, as an inspector spells it, to the actor that it names. */
  send(command: InspectorCommand & { readonly type: 'xstate.event' }): void {
    this.#guarded(() => {
      const { data, origin } = targeted(JSON.parse(command.event));
      const sessionId = origin ?? command.service;
      if (sessionId === undefined || OF_ACTORS.has(data.type)) return;
      const event = { ...data, type: toV5Name(data.type) };
      this.#eachSystem((system) => system.send(sessionId, event));
    })(undefined);
  }

  /** Shows the messages of protocol machines, or shows them no longer. */
  setTapping(isTapping: boolean): void {
    this.#isTapping = isTapping && this.isWatched;
    this.#eachSystem((system) => {
      system.setTapping(this.#isTapping);
    });
  }

  #onInspection(event: InspectionEvent): void {
    const system = this.#watchOf(event.actorRef as WatchableActor, false);
    if (this.isWatched) system.handle(event);
  }

  #watchOf(actor: WatchableActor, subscribes: boolean): SystemWatch {
    const known = this.#systems.get(actor.system);
    if (known !== undefined) return known;
    let root = actor;
    while (root._parent !== undefined) root = root._parent;
    const system = new SystemWatch(root, this.#reporting, subscribes);
    const reference = new WeakRef(system);
    this.#systems.set(actor.system, system);
    this.#live.add(reference);
    this.#buried.register(actor.system, { reference, told: system.told });
    if (this.isWatched) this.#begin(system, subscribes);
    return system;
  }

  /** What comes by XState's option tells of itself from its first event on. */
  #begin(system: SystemWatch, subscribes: boolean): void {
    system.setTapping(this.#isTapping);
    if (!subscribes) return;
    system.begin();
    for (const message of system.registrations()) this.#say(message);
  }

  #eachSystem(visit: (system: SystemWatch) => void): void {
    for (const reference of this.#live) {
      const system = reference.deref();
      if (system !== undefined) this.#guarded(visit)(system);
    }
  }

  /** A system was given up without a word: its actors are no more. */
  #bury({ reference, told }: CollectedActors): void {
    this.#live.delete(reference);
    for (const sessionId of told) {
      this.#say({ type: 'service.stop', sessionId, wirechart: { at: now() } });
    }
  }

  #introduce(system: SystemWatch, sink: Sink): void {
    for (const message of system.registrations()) this.#tell(sink, lineOf(message));
  }

  #say(message: FeedMessage): void {
    const line = lineOf(message);
    for (const sink of this.#sinks) this.#tell(sink, line);
  }

  /** A sink that throws is no other's concern. */
  #tell(sink: Sink, line: string): void {
    try {
      sink(line);
    } catch (error) {
      this.#complain(error);
    }
  }

  #guarded<T>(run: (argument: T) => unknown): (argument: T) => void {
    return (argument) => {
      try {
        run(argument);
      } catch (error) {
        this.#complain(error);
      }
    };
  }

  /** The first few are enough to see that something is wrong here. */
  #complain(error: unknown): void {
    this.#problems += 1;
    if (this.#problems > MAX_PROBLEMS) return;
    const problem: FeedMessage = { type: 'wirechart.problem', text: textOf(error), at: now() };
    for (const sink of this.#sinks) {
      try {
        sink(JSON.stringify(problem));
      } catch {
        // It may be the very one that is complained of.
      }
    }
  }
}

const MAX_PROBLEMS = 10;
/** How XState starts and stops an actor. From anybody else they would leave it neither. */
const OF_ACTORS: ReadonlySet<string> = new Set(['xstate.init', 'xstate.stop']);

/** What is left of a system: the place where it was known, and who is to be told of. */
interface CollectedActors {
  readonly reference: WeakRef<SystemWatch>;
  readonly told: ReadonlySet<string>;
}

/** @throws {TypeError} When it is no SCXML event with a type. */
function targeted(scxml: unknown): { data: { type: string }; origin?: string | undefined } {
  if (typeof scxml === 'object' && scxml !== null && 'data' in scxml) {
    const { data, origin }: { data: unknown; origin?: unknown } = scxml;
    const hasType = typeof data === 'object' && data !== null && 'type' in data;
    if (hasType && typeof data.type === 'string') {
      return {
        data: { ...data, type: data.type },
        origin: typeof origin === 'string' ? origin : undefined,
      };
    }
  }
  throw new TypeError('What an inspector sent is no event');
}
