/**
 * Converts XState 5's inspection events to messages of the wire protocol in `wire.ts` and sends them to
 * any number of sinks.
 *
 * A feed must not affect what it watches. It keeps no actor alive: it refers to actor systems weakly, and
 * what it remembers of a system's actors is reachable from that system alone. Without a sink it
 * subscribes to nothing and remembers nothing; a new sink first gets every living actor with its current
 * state. XState does not isolate inspection: a listener that throws breaks the machine that it watches,
 * so every entry point is guarded.
 */

import type { AnyActorRef } from 'xstate';
import { textOf } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import { rootOf } from './actors.ts';
import { lineOf } from './serialize.ts';
import type { CreateLinks } from './links.ts';
import { toV5Name } from './names.ts';
import { type Sanitize, toPlain } from './plain.ts';
import type { Refusing } from './remote-events.ts';
import { combinedSanitize } from './sanitize.ts';
import { type FeedServices, SystemWatch } from './system.ts';
import type { FeedMessage, InspectorCommand, Timestamp } from './wire.ts';
import { happeningsIn, type InspectionEvent, isLifecycle, type WatchableActor } from './xstate.ts';

/** Receives each message as one line of JSON, without a line terminator. */
export type Sink = (line: string) => void;

/**
 * Pass it as the option `inspect` of an `AsyncProtocol`, a `QmpClient` or XState's `createActor()`. It
 * never throws.
 */
export interface Inspect {
  (event: InspectionEvent): void;
  /**
   * Watches an actor that exists already, with all others of its actor system. It may be called again
   * for the same actor. Prefer it to XState's option `inspect`, which slows every transition down by
   * about half even while no inspector is connected; an attached actor costs nothing until one is.
   * `AsyncProtocol` and `QmpClient` attach their actors themselves.
   */
  readonly attach: (actor: AnyActorRef) => void;
}

/** The current time, to the microsecond, as in every message. */
export const now = (): Timestamp =>
  Math.floor((performance.timeOrigin + performance.now()) * 1000) / 1000;

/** Watches actor systems and sends what happens in them to its sinks. */
export class ActorFeed {
  /** Passed to actors: see `Inspect`. */
  readonly inspect: Inspect;
  readonly #sinks = new Set<Sink>();
  readonly #services: FeedServices;
  readonly #watches = new WeakMap<object, SystemWatch>();
  /** The same watches, to iterate over. */
  readonly #watchRefs = new Set<WeakRef<SystemWatch>>();
  readonly #collected = new FinalizationRegistry<CollectedSystem>((system) => {
    this.#onCollected(system);
  });
  #problems = 0;

  /** @param createLinks - Creates what is known of protocol machines. Default: nothing is. */
  constructor(sanitize?: Sanitize, createLinks?: CreateLinks) {
    this.#services = {
      publish: (line) => {
        this.#publish(line);
      },
      now,
      guarded: (run) => this.#guarded(run),
      plain: (value) => toPlain(value, combinedSanitize(sanitize)),
      links: createLinks?.((message) => {
        this.#publish(lineOf(message));
      }),
    };
    this.setTapping(false);
    this.inspect = Object.assign(
      this.#guarded((event: InspectionEvent) => {
        this.#onInspection(event);
      }),
      { attach: this.#guarded((actor: AnyActorRef) => void this.#watchOf(actor, true)) },
    );
  }

  /** Whether the feed has a sink. */
  get isWatched(): boolean {
    return this.#sinks.size > 0;
  }

  /** Sends a sink all living actors, and then everything that happens until it is removed. */
  add(sink: Sink): void {
    const isFirst = this.#sinks.size === 0;
    this.#sinks.add(sink);
    this.#eachSystem((system) => {
      if (isFirst) system.begin();
      this.#sendRegistrations(system, sink);
    });
  }

  remove(sink: Sink): void {
    if (!this.#sinks.delete(sink) || this.isWatched) return;
    this.setTapping(false);
    this.#eachSystem((system) => {
      system.end();
    });
  }

  /** Sends a sink all living actors again. */
  replay(sink: Sink): void {
    this.#eachSystem((system) => {
      this.#sendRegistrations(system, sink);
    });
  }

  /**
   * Sends an inspector's event to the actor that it names, translated from XState 4's names. What is
   * refused is not sent, but reported as a problem.
   */
  send(command: EventCommand, refusing: Refusing = () => undefined): void {
    this.#guarded(() => {
      const { data, origin } = parsedEvent(JSON.parse(command.event));
      const sessionId = origin ?? command.service;
      if (sessionId === undefined) return;
      const event = { ...data, type: toV5Name(data.type) };
      this.#eachSystem((system) => {
        const actor = system.actor(sessionId);
        if (actor === undefined) return;
        const refusal = refusing(event.type, actor);
        if (refusal !== undefined) this.report(refusal);
        else if (!isLifecycle(event.type)) actor.send(event);
      });
    })(undefined);
  }

  /** Reports a problem to all sinks. */
  report(text: string): void {
    this.#publish(lineOf({ type: 'wirechart.problem', text, at: now() }));
  }

  /** Starts or stops sending the messages of protocol machines. Without a sink it does nothing. */
  setTapping(isTapping: boolean): void {
    this.#services.links?.setReporting(isTapping && this.isWatched);
    this.#eachSystem((system) => {
      system.updateLinks();
    });
  }

  #onInspection(event: InspectionEvent): void {
    for (const happening of happeningsIn(event)) {
      const system = this.#watchOf(happening.actor, false);
      if (this.isWatched) system.handle(happening);
    }
  }

  #watchOf(actor: WatchableActor, subscribes: boolean): SystemWatch {
    const known = this.#watches.get(actor.system);
    if (known !== undefined) return known;
    const system = new SystemWatch(rootOf(actor), this.#services, subscribes);
    const reference = new WeakRef(system);
    this.#watches.set(actor.system, system);
    this.#watchRefs.add(reference);
    this.#collected.register(actor.system, { reference, sessionIds: system.reported });
    // A system that is watched by XState's option reports itself, from its first event on.
    if (this.isWatched && subscribes) {
      system.begin();
      for (const line of system.registrations()) this.#publish(line);
    }
    return system;
  }

  #eachSystem(visit: (system: SystemWatch) => void): void {
    for (const reference of this.#watchRefs) {
      const system = reference.deref();
      if (system !== undefined) this.#guarded(visit)(system);
    }
  }

  /** A system was garbage-collected without having been stopped: reports that its actors are gone. */
  #onCollected({ reference, sessionIds }: CollectedSystem): void {
    this.#watchRefs.delete(reference);
    for (const sessionId of sessionIds) {
      this.#publish(lineOf({ type: 'service.stop', sessionId, wirechart: { at: now() } }));
    }
  }

  #sendRegistrations(system: SystemWatch, sink: Sink): void {
    for (const line of system.registrations()) this.#deliver(sink, line);
  }

  #publish(line: string): void {
    for (const sink of this.#sinks) this.#deliver(sink, line);
  }

  /** A sink that throws does not affect the others. */
  #deliver(sink: Sink, line: string): void {
    try {
      if (line.length > MAX_LINE_CHARACTERS) throw tooLong(line);
      sink(line);
    } catch (error) {
      this.#reportProblem(error);
    }
  }

  #guarded<T>(run: (argument: T) => unknown): (argument: T) => void {
    return (argument) => {
      try {
        run(argument);
      } catch (error) {
        this.#reportProblem(error);
      }
    };
  }

  /** Only the first few problems are reported: a sink may fail at every message. */
  #reportProblem(error: unknown): void {
    this.#problems += 1;
    if (this.#problems > MAX_PROBLEMS) return;
    const problem: FeedMessage = { type: 'wirechart.problem', text: textOf(error), at: now() };
    for (const sink of this.#sinks) {
      try {
        sink(JSON.stringify(problem));
      } catch {
        // It may be the sink that failed.
      }
    }
  }
}

const MAX_PROBLEMS = 10;
/** An inspector ends a connection with longer messages: 16 MiB, at most three bytes for a character. */
const MAX_LINE_CHARACTERS = 5_000_000;

const tooLong = ({ length }: string): RangeError =>
  new RangeError(
    `A message of ${String(length)} characters was not reported; the most are ${String(MAX_LINE_CHARACTERS)}`,
  );

type EventCommand = InspectorCommand & { readonly type: 'xstate.event' };

/** What a feed still holds of a garbage-collected system. */
interface CollectedSystem {
  readonly reference: WeakRef<SystemWatch>;
  /** The actors that were reported and have not ended. */
  readonly sessionIds: ReadonlySet<string>;
}

/** @throws {TypeError} When the value is not an SCXML event whose data has a type. */
function parsedEvent(scxml: unknown): { data: { type: string }; origin?: string | undefined } {
  const data = memberOf(scxml, 'data');
  const type = memberOf(data, 'type');
  const origin = memberOf(scxml, 'origin');
  if (typeof data === 'object' && typeof type === 'string') {
    return { data: { ...data, type }, origin: typeof origin === 'string' ? origin : undefined };
  }
  throw new TypeError(
    'Ignored an event from an inspector: it is not an SCXML event with a data.type',
  );
}
