/** What is remembered of one watched actor between two messages about it. Bounded. */

import type { InspectionEvent } from 'xstate';
import { type AnySnapshotFacts, machineOf, type Scheduled, type WatchableActor } from './actors.ts';
import { definitionText, lifecycleText, type Transition } from './definition.ts';
import { toV4Name } from './names.ts';
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

/** How a record makes values into JSON. */
export type Plainly = (value: unknown) => Json;

/** Of the steps, actions and emitted events of one event; the rest is left out. */
const MAX_ITEMS = 100;
/** XState's own actions, which say nothing that is not told otherwise. */
const HIDDEN_ACTIONS = new Set([
  'xstate.spawnChild',
  'xstate.stopChild',
  'xstate.raise',
  'xstate.cancel',
]);
/** A timer that can be waited for; a deadline of Infinity is one that never ends. */
const LONGEST_DELAY = 2 ** 31 - 1;

interface AnyEvent {
  readonly type: string;
}

/** A timer that runs, with the very event that it will send. */
interface Timer {
  readonly event: AnyEvent;
  readonly deadline: RunningDeadline;
}

/** See the module's comment. */
export class ActorRecord {
  readonly actor: WatchableActor;
  /** The last one that has come, whether or not it is handled. */
  lastEvent: AnyEvent = { type: 'xstate.init' };
  readonly #plain: Plainly;
  /** That of the present state. */
  #event = this.lastEvent;
  /** By the id that cancels it; a timer without one cannot be cancelled. */
  readonly #timers = new Map<string | symbol, Timer>();
  /** The last event that has come, until the state that it leads to is told: most say it again. */
  #text: EventText | undefined;
  #microsteps: Microstep[] = [];
  #actions: string[] = [];
  #emitted: Json[] = [];

  constructor(actor: WatchableActor, plain: Plainly) {
    this.actor = actor;
    this.#plain = plain;
  }

  /** Takes over a timer that was set before anybody watched. */
  addScheduled({ id, event, delay, startedAt }: Scheduled): void {
    this.#begin(id, event, delay, startedAt);
  }

  register(snapshot: AnySnapshotFacts, at: Timestamp): RegisterMessage {
    const { actor } = this;
    // A machine that failed while it was made has no state that its chart could show.
    const machine = snapshot.value === undefined ? undefined : machineOf(actor);
    const parent = actor._parent?.sessionId;
    return {
      type: 'service.register',
      machine: machine === undefined ? lifecycleText(actor.id) : definitionText(machine),
      state: this.#v4State(snapshot),
      id: actor.id,
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
    // XState cancels them without a word.
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

  addMicrostep({ event, snapshot, _transitions }: MicrostepEvent): void {
    if (this.#microsteps.length >= MAX_ITEMS) return;
    this.#microsteps.push({
      event: toV4Name(event.type),
      value: this.#plain('value' in snapshot ? snapshot.value : snapshot.status),
      transitions: _transitions.map(taken),
    });
  }

  addAction({ action: { type, params } }: ActionEvent, at: Timestamp): void {
    const { event, delay, id, sendId } = partsOf(params);
    if (type === 'xstate.cancel' && typeof sendId === 'string') this.#timers.delete(sendId);
    if (isEvent(event) && typeof delay === 'number') {
      this.#begin(typeof id === 'string' ? id : Symbol(), event, delay, at);
    } else if (type === 'xstate.emit') {
      if (this.#emitted.length < MAX_ITEMS) this.#emitted.push(this.#plain(event));
    } else if (!HIDDEN_ACTIONS.has(type) && this.#actions.length < MAX_ITEMS) {
      this.#actions.push(type === '(anonymous)' ? 'inline' : type);
    }
  }

  /** This actor has sent an event, to itself or to another: the timer for it, if any, is over. */
  addSent(event: AnyEvent): void {
    if (this.#timers.size === 0) return;
    const timers = [...this.#timers].filter(([, timer]) => timer.event === event);
    const [first] = timers.sort(([, one], [, other]) => endOf(one) - endOf(other));
    if (first !== undefined) this.#timers.delete(first[0]);
  }

  #begin(id: string | symbol, event: AnyEvent, ms: number, startedAt: Timestamp): void {
    if (ms >= LONGEST_DELAY || this.#timers.size >= MAX_ITEMS) return;
    this.#timers.set(id, { event, deadline: { event: toV4Name(event.type), ms, startedAt } });
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
      value: isMachine ? value : status,
      context: isMachine ? this.#plain(context) : {},
      _sessionid: this.actor.sessionId,
      done: status === 'done',
      tags: [...(tags ?? [])],
    });
    const event = this.#text?.event === this.#event ? this.#text : this.#textOf(this.#event);
    const events = `"_event":${scxmlOf(event)},"event":${event.data}`;
    return `${state.slice(0, -1)},${events},${ALWAYS_EMPTY}}`;
  }

  #textOf(event: AnyEvent): EventText {
    const name = toV4Name(event.type);
    const plain = this.#plain(event);
    const data = isObject(plain) ? { ...plain, type: name } : { type: name, hidden: plain };
    return { event, name: JSON.stringify(name), data: JSON.stringify(data) };
  }
}

/** An event with the name and the data that it has in XState 4, both as JSON. */
interface EventText {
  readonly event: AnyEvent;
  readonly name: string;
  readonly data: string;
}

/** JSON of an SCXML event. */
function scxmlOf({ name, data }: EventText, origin?: string): string {
  const from = origin === undefined ? '' : `"origin":${JSON.stringify(origin)},`;
  return `{"name":${name},"data":${data},"$$type":"scxml",${from}"type":"external"}`;
}

/** What a state of XState 4 has, and one of XState 5 has not. */
const ALWAYS_EMPTY = '"actions":[],"activities":{},"meta":{},"events":[],"children":{}';

const endOf = ({ deadline: { startedAt, ms } }: Timer): number => startedAt + ms;

type MicrostepEvent = Extract<InspectionEvent, { type: '@xstate.microstep' }>;
type ActionEvent = Extract<InspectionEvent, { type: '@xstate.action' }>;

const taken = ({ source, eventType, target = [] }: Transition): TakenTransition => ({
  source: source.id,
  event: toV4Name(eventType),
  target: target.map(({ id }) => id),
});

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEvent = (value: unknown): value is AnyEvent =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The parameters of XState's own actions, as far as they matter here. */
function partsOf(params: unknown): {
  event?: unknown;
  delay?: unknown;
  id?: unknown;
  sendId?: unknown;
} {
  return typeof params === 'object' && params !== null ? params : {};
}
