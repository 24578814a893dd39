/** Collects what happens to one watched actor between two messages about it, within bounds. */

import { MAX_TIMER_MS } from '../async/timer.ts';
import { type Redacting, standIn } from '../core/redactors.ts';
import { memberOf } from '../core/shape.ts';
import { machineOf } from './actors.ts';
import { definitionText, lifecycleText } from './definition.ts';
import { toV4Name } from './names.ts';
import { shortName, shortStateId, stateValueToPlain } from './short.ts';
import type {
  EventMessage,
  Json,
  Microstep,
  RegisterMessage,
  RunningDeadline,
  StateFacts,
  StateMessage,
  TakenTransition,
  Timestamp,
} from './wire.ts';
import { linkOf } from './wiretap.ts';
import {
  type AnyEvent,
  type AnySnapshotFacts,
  type Happening,
  parentOf,
  snapshotOf,
  START_EVENT,
  type StartedTimer,
  type TakenStep,
  type WatchableActor,
} from './xstate.ts';

/** Converts a value to JSON that can be shown. Never throws. */
export type Plain = (value: unknown) => Json;

/** The maximum number each of microsteps, actions, emitted events, tags and timers; the rest is left out. */
const MAX_ITEMS = 100;
/** A running timer. */
interface RunningTimer {
  /** The very object that it will send. */
  readonly event: AnyEvent;
  readonly deadline: RunningDeadline;
}

/** Builds the messages about one actor. */
export class ActorRecord {
  readonly actor: WatchableActor;
  /** The latest event that has arrived, handled or not. */
  lastEvent: AnyEvent = START_EVENT;
  readonly #plain: Plain;
  /** The event that led to the current state. */
  #event = this.lastEvent;
  /** By the id that cancels them; a timer without an id cannot be cancelled and is keyed by a symbol. */
  readonly #timers = new Map<string | symbol, RunningTimer>();
  /** The text of the latest event, kept for the state message after it, which usually repeats it. */
  #text: EventText | undefined;
  #microsteps: Microstep[] = [];
  #actions: string[] = [];
  #emitted: Json[] = [];

  constructor(actor: WatchableActor, plain: Plain) {
    this.actor = actor;
    this.#plain = plain;
  }

  register(snapshot: AnySnapshotFacts, at: Timestamp): RegisterMessage {
    const { actor } = this;
    // A machine whose construction failed has no state that its chart could show.
    const machine = snapshot.value === undefined ? undefined : machineOf(actor);
    const parent = parentOf(actor)?.sessionId;
    return {
      type: 'service.register',
      machine: machine === undefined ? lifecycleText(shortName(actor.id)) : definitionText(machine),
      state: this.#v4State(snapshot),
      id: shortName(actor.id),
      sessionId: actor.sessionId,
      ...(parent !== undefined && { parent }),
      wirechart: {
        kind: machine === undefined ? 'actor' : 'machine',
        ...this.#facts(snapshot, at),
      },
    };
  }

  event(event: AnyEvent, sender: string | undefined, at: Timestamp): EventMessage {
    this.lastEvent = event;
    this.#text = this.#textOf(event);
    return {
      type: 'service.event',
      event: scxmlOf(this.#text, sender),
      sessionId: this.actor.sessionId,
      wirechart: { at },
    };
  }

  state(snapshot: AnySnapshotFacts, event: AnyEvent, at: Timestamp): StateMessage {
    this.#event = event;
    // XState cancels the timers of an ended actor without an action.
    if (snapshot.status !== 'active') this.#timers.clear();
    const message: StateMessage = {
      type: 'service.state',
      state: this.#v4State(snapshot),
      sessionId: this.actor.sessionId,
      wirechart: {
        ...this.#facts(snapshot, at),
        ...(this.#microsteps.length > 0 && { microsteps: this.#microsteps }),
        ...(this.#actions.length > 0 && { actions: this.#actions }),
        ...(this.#emitted.length > 0 && { emitted: this.#emitted }),
      },
    };
    this.#text = undefined;
    this.#microsteps = [];
    this.#actions = [];
    this.#emitted = [];
    return message;
  }

  addStep({ event, snapshot, transitions }: StepHappening): void {
    if (this.#microsteps.length >= MAX_ITEMS) return;
    this.#microsteps.push({
      event: shortName(toV4Name(event.type)),
      value: this.#plain('value' in snapshot ? snapshot.value : snapshot.status),
      transitions: transitions.map(takenTransition),
    });
  }

  addAction(name: string): void {
    if (this.#actions.length < MAX_ITEMS) this.#actions.push(shortName(name));
  }

  addEmitted(event: unknown): void {
    if (this.#emitted.length < MAX_ITEMS) this.#emitted.push(this.#plainEvent(event));
  }

  addTimer({ id, event, ms }: StartedTimer, startedAt: Timestamp): void {
    // Timers of MAX_TIMER_MS stand for deadlines of Infinity, which never expire.
    if (ms >= MAX_TIMER_MS || this.#timers.size >= MAX_ITEMS) return;
    this.#timers.set(id ?? Symbol(), {
      event,
      deadline: { event: shortName(toV4Name(event.type)), ms, startedAt },
    });
  }

  cancelTimer(id: string): void {
    this.#timers.delete(id);
  }

  /** This actor has sent an event, to itself or to another. If a timer sent it, that timer is removed. */
  addSent(event: AnyEvent): void {
    if (this.#timers.size === 0) return;
    const timers = [...this.#timers].filter(([, timer]) => timer.event === event);
    const [first] = timers.sort(([, one], [, other]) => dueAt(one) - dueAt(other));
    if (first !== undefined) this.#timers.delete(first[0]);
  }

  #facts({ status, output, error }: AnySnapshotFacts, at: Timestamp): StateFacts {
    return {
      at,
      status,
      ...(output !== undefined && { output: this.#plain(output) }),
      ...(error !== undefined && { error: this.#plain(error) }),
      ...(this.#timers.size > 0 && {
        deadlines: [...this.#timers.values()].map(({ deadline }) => deadline),
      }),
    };
  }

  #v4State({ value, context, status, tags }: AnySnapshotFacts): string {
    const isMachine = value !== undefined;
    const state = JSON.stringify({
      value: isMachine ? stateValueToPlain(value, (other) => this.#plain(other)) : status,
      context: isMachine ? this.#plain(withLink(context)) : {},
      _sessionid: this.actor.sessionId,
      done: status === 'done',
      tags: [...(tags ?? [])].slice(0, MAX_ITEMS).map(shortName),
    });
    const event = this.#text?.event === this.#event ? this.#text : this.#textOf(this.#event);
    const events = `"_event":${scxmlOf(event)},"event":${event.data}`;
    return `${state.slice(0, -1)},${events},${ALWAYS_EMPTY}}`;
  }

  /** A protocol says itself what may be shown of its messages. */
  #plainEvent(event: unknown): Json {
    const definition = this.#definition;
    const hasRule = definition?.redact !== undefined;
    return this.#plain(hasRule ? withStandIns(event, definition) : event);
  }

  /** The protocol of a protocol machine, or of the one that this actor does a part of. */
  get #definition(): Redacting | undefined {
    for (let actor: WatchableActor | undefined = this.actor; actor; actor = parentOf(actor)) {
      const snapshot = snapshotOf(actor);
      const link = snapshot && linkOf(snapshot);
      if (link !== undefined) return link.definition;
    }
    return undefined;
  }

  #textOf(event: AnyEvent): EventText {
    const name = shortName(toV4Name(event.type));
    const plain = this.#plainEvent(event);
    const data = isObject(plain) ? { ...plain, type: name } : { type: name, hidden: plain };
    return { event, name: JSON.stringify(name), data: JSON.stringify(data) };
  }
}

/** The context of a protocol machine with its link, which shows its figures, instead of what stands for it. */
function withLink(context: unknown): unknown {
  const link = linkOf({ status: 'active', context });
  return link === undefined ? context : Object.assign({}, context, { link });
}

/** Replaces the messages in an event of a protocol by what is shown as its `redact()` says. */
function withStandIns(event: unknown, definition: Redacting): unknown {
  if (typeof event !== 'object' || event === null) return event;
  try {
    return replaceMessages(event, (message) => standIn(message, definition));
  } catch {
    return '[threw while it was read]';
  }
}

function replaceMessages(event: object, shown: (message: unknown) => object): object {
  const messages = memberOf(event, 'messages');
  if (Array.isArray(messages)) {
    const more = messages.length > MAX_ITEMS ? ['[too large]'] : [];
    return { ...event, messages: [...messages.slice(0, MAX_ITEMS).map(shown), ...more] };
  }
  return 'message' in event ? { ...event, message: shown(event.message) } : event;
}

/** An event with its XState 4 name and data, both as JSON. */
interface EventText {
  readonly event: AnyEvent;
  readonly name: string;
  readonly data: string;
}

/** An SCXML event as JSON. */
function scxmlOf({ name, data }: EventText, origin?: string): string {
  const from = origin === undefined ? '' : `"origin":${JSON.stringify(origin)},`;
  return `{"name":${name},"data":${data},"$$type":"scxml",${from}"type":"external"}`;
}

/** The fields of an XState 4 state that XState 5 does not have. */
const ALWAYS_EMPTY = '"actions":[],"activities":{},"meta":{},"events":[],"children":{}';

const dueAt = ({ deadline: { startedAt, ms } }: RunningTimer): number => startedAt + ms;

type StepHappening = Extract<Happening, { type: 'step' }>;

const takenTransition = ({ source, eventType, target = [] }: TakenStep): TakenTransition => ({
  source: shortStateId(source.id),
  event: shortName(toV4Name(eventType)),
  target: target.map(({ id }) => shortStateId(id)),
});

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
