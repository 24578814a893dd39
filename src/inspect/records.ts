/** Collects what happens to one watched actor between two messages about it, within bounds. */

import { MAX_TIMER_MS } from '../async/timer.ts';
import { machineOf } from './actors.ts';
import { definitionJson, lifecycleJson } from './definition.ts';
import { type EventText, eventText, scxmlOf, START_TEXT } from './event-text.ts';
import { innerOf, jsonOf, type JsonText, listOf, nameText, timeText } from './json-text.ts';
import type { Links } from './links.ts';
import { toV4Name } from './names.ts';
import { shortName, stateValueToPlain } from './short.ts';
import { stepText } from './step-text.ts';
import type { Json, Timestamp } from './wire.ts';
import {
  type AnyEvent,
  type AnySnapshotFacts,
  type Happening,
  parentOf,
  START_EVENT,
  type StartedTimer,
  type WatchableActor,
} from './xstate.ts';

/** The maximum number each of microsteps, actions, emitted events, tags and timers; the rest is left out. */
const MAX_ITEMS = 100;

/** A running timer. */
interface RunningTimer {
  /** The very object that it will send. */
  readonly event: AnyEvent;
  readonly dueAt: Timestamp;
  readonly json: string;
}

/** How values are shown. */
export interface Showing {
  /** Converts a value to JSON that can be shown. Never throws. */
  readonly plain: (value: unknown) => Json;
  /** What is shown of protocol machines; none are known without it. */
  readonly links?: Links | undefined;
}

/** Builds the messages about one actor, each a line as `lineOf()` makes them: see `wire.ts`. */
export class ActorRecord {
  readonly actor: WatchableActor;
  /** The text of the actor's `sessionId`. */
  readonly session: JsonText;
  readonly #plain: Showing['plain'];
  readonly #links: Links | undefined;
  /** The event that led to the current state. */
  #event = START_EVENT;
  /** The events whose states have not been reported yet, in the order in which they are handled. */
  #awaited: AnyEvent[] = [];
  /** The latest event that has arrived, handled or not. */
  #lastEvent = START_EVENT;
  /** By the id that cancels them; a timer without an id cannot be cancelled and is keyed by a symbol. */
  readonly #timers = new Map<string | symbol, RunningTimer>();
  /** The text of the latest event, kept for the state message after it, which usually repeats it. */
  #text = START_TEXT;
  readonly #microsteps: string[] = [];
  readonly #actions: string[] = [];
  readonly #emitted: string[] = [];

  constructor(actor: WatchableActor, { plain, links }: Showing) {
    this.actor = actor;
    this.#plain = plain;
    this.#links = links;
    this.session = sessionText(actor);
  }

  /** The event that is being handled; the latest one when none is. */
  get currentEvent(): AnyEvent {
    return this.#awaited[0] ?? this.#lastEvent;
  }

  /** A `service.register`. */
  register(snapshot: AnySnapshotFacts, at: Timestamp): string {
    const { actor } = this;
    // A machine whose construction failed has no state that its chart could show.
    const machine = snapshot.value === undefined ? undefined : machineOf(actor);
    const id = shortName(actor.id);
    const parent = parentOf(actor)?.sessionId;
    const facts = `"wirechart":{"kind":"${machine === undefined ? 'actor' : 'machine'}",${this.#facts(snapshot, at)}}`;
    const definition = machine === undefined ? lifecycleJson(id) : definitionJson(machine);
    return (
      `{"type":"service.register","state":"${this.#v4State(snapshot)}","id":${nameText(id).json}` +
      `,"sessionId":${this.session.json}` +
      (parent === undefined ? '' : `,"parent":${jsonOf(parent)}`) +
      `,${facts},"machine":${definition}}`
    );
  }

  /**
   * A `service.event`.
   *
   * @param sender - The `sessionId` of its sender.
   */
  event(event: AnyEvent, sender: JsonText | undefined, at: Timestamp): string {
    this.#lastEvent = event;
    this.#awaited.push(event);
    this.#text = eventText(event, this.#plainEvent(event));
    return (
      `{"type":"service.event","event":"${scxmlOf(this.#text, sender)}"` +
      `,"sessionId":${this.session.json},"wirechart":{"at":${timeText(at)}}}`
    );
  }

  /** A `service.state`. */
  state(snapshot: AnySnapshotFacts, event: AnyEvent, at: Timestamp): string {
    this.#event = event;
    this.#settle(event);
    // XState cancels the timers of an ended actor without an action.
    if (snapshot.status !== 'active') this.#timers.clear();
    return (
      `{"type":"service.state","state":"${this.#v4State(snapshot)}","sessionId":${this.session.json}` +
      `,"wirechart":{${this.#facts(snapshot, at)}${this.#collected()}}}`
    );
  }

  /** A `service.stop`. */
  stop(at: Timestamp): string {
    return `{"type":"service.stop","sessionId":${this.session.json},"wirechart":{"at":${timeText(at)}}}`;
  }

  addStep({ event, snapshot, transitions }: StepHappening): void {
    if (this.#microsteps.length >= MAX_ITEMS) return;
    const value = this.#plain('value' in snapshot ? snapshot.value : snapshot.status);
    this.#microsteps.push(stepText(event.type, value, transitions));
  }

  addAction(name: string): void {
    if (this.#actions.length < MAX_ITEMS) this.#actions.push(nameText(shortName(name)).json);
  }

  addEmitted(event: unknown): void {
    if (this.#emitted.length >= MAX_ITEMS) return;
    this.#emitted.push(jsonOf(this.#plainEvent(event)));
  }

  addTimer({ id, event, ms }: StartedTimer, startedAt: Timestamp): void {
    // Timers of MAX_TIMER_MS stand for deadlines of Infinity, which never expire.
    if (ms >= MAX_TIMER_MS || this.#timers.size >= MAX_ITEMS) return;
    const json = jsonOf({ event: shortName(toV4Name(event.type)), ms, startedAt });
    this.#timers.set(id ?? Symbol(), { event, dueAt: startedAt + ms, json });
  }

  cancelTimer(id: string): void {
    this.#timers.delete(id);
  }

  /** This actor has sent an event, to itself or to another. If a timer sent it, that timer is removed. */
  addSent(event: AnyEvent): void {
    if (this.#timers.size === 0) return;
    const timers = [...this.#timers].filter(([, timer]) => timer.event === event);
    const [first] = timers.sort(([, one], [, other]) => one.dueAt - other.dueAt);
    if (first !== undefined) this.#timers.delete(first[0]);
  }

  /** Of the events that arrived before it, no state will be reported any more. */
  #settle(event: AnyEvent): void {
    const at = this.#awaited.indexOf(event);
    if (at >= 0) this.#awaited.splice(0, at + 1);
  }

  #facts({ status, output, error }: AnySnapshotFacts, at: Timestamp): string {
    let text = `"at":${timeText(at)},"status":${nameText(status).json}`;
    if (output !== undefined) text += `,"output":${jsonOf(this.#plain(output))}`;
    if (error !== undefined) text += `,"error":${jsonOf(this.#plain(error))}`;
    if (this.#timers.size > 0) {
      text += `,"deadlines":${listOf(Array.from(this.#timers.values(), ({ json }) => json))}`;
    }
    return text;
  }

  /** What has been collected since the previous state, which begins anew. */
  #collected(): string {
    return (
      takenFrom(this.#microsteps, 'microsteps') +
      takenFrom(this.#actions, 'actions') +
      takenFrom(this.#emitted, 'emitted')
    );
  }

  /** A state of XState 4, as it stands in a string of a message. */
  #v4State({ value, context, status, tags }: AnySnapshotFacts): string {
    const isMachine = value !== undefined;
    const shown = isMachine ? this.#valueText(value) : nameText(status).inner;
    const plain = isMachine ? innerOf(this.#plainContext(context)) : '{}';
    const event = this.#eventText();
    return (
      `{\\"value\\":${shown},\\"context\\":${plain},\\"_sessionid\\":${this.session.inner}` +
      `,\\"done\\":${String(status === 'done')},\\"tags\\":${tagsText(tags)}` +
      `,\\"_event\\":${scxmlOf(event)},\\"event\\":${event.data},${ALWAYS_EMPTY}}`
    );
  }

  #valueText(value: unknown): string {
    if (typeof value === 'string') return nameText(shortName(value)).inner;
    return innerOf(stateValueToPlain(value, this.#plain));
  }

  /** The text of the event that led to the current state. */
  #eventText(): EventText {
    if (this.#text.event === this.#event) return this.#text;
    return this.#event === START_EVENT
      ? START_TEXT
      : eventText(this.#event, this.#plainEvent(this.#event));
  }

  #plainEvent(event: unknown): Json {
    return this.#plain(this.#links ? this.#links.shownEvent(event, this.actor) : event);
  }

  #plainContext(context: unknown): Json {
    return this.#plain(this.#links ? this.#links.shownContext(context) : context);
  }
}

/** The text of an actor's `sessionId`. */
export const sessionText = ({ sessionId }: WatchableActor): JsonText => ({
  json: jsonOf(sessionId),
  inner: innerOf(sessionId),
});

/** A member with all texts of a list, which is empty afterwards; '' where there are none. */
const takenFrom = (texts: string[], name: string): string =>
  texts.length === 0 ? '' : `,"${name}":${listOf(texts.splice(0))}`;

const tagsText = (tags: AnySnapshotFacts['tags']): string =>
  tags === undefined || tags.size === 0
    ? '[]'
    : listOf([...tags].slice(0, MAX_ITEMS).map((tag) => nameText(shortName(tag)).inner));

/** The fields of an XState 4 state that XState 5 does not have. */
const ALWAYS_EMPTY =
  '\\"actions\\":[],\\"activities\\":{},\\"meta\\":{},\\"events\\":[],\\"children\\":{}';

type StepHappening = Extract<Happening, { type: 'step' }>;
