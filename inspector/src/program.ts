/** One program that reports, or one recording that is read: its messages, as entries of the history. */

import type { ActorState, ActorView, Entry, Json, ProgramView } from '../shared/view.ts';
import { factsIn, isObject, json, nameIn, numberIn, parseObject, textIn } from './checks.ts';
import type { JsonObject } from './checks.ts';
import { type Heard, openReceiver, type Receiver } from './receiver.ts';

/** An entry that has no number yet. */
export type NewEntry = Entry extends infer E
  ? E extends Entry
    ? Omit<E, 'seq' | 'type'>
    : never
  : never;

/** A machine of XState 4, as the receiver parsed it. */
export type V4Machine = Extract<Heard, { type: 'service.register' }>['machine'];

/** What a program does with what it hears. */
export interface Publisher {
  program(view: ProgramView): void;
  /** The number of an entry that is about to be added. */
  readonly nextSeq: number;
  actor(view: ActorView): void;
  add(entry: NewEntry): void;
  /** Names the chart of a machine, and gives the one text of it that is kept. */
  chartOf(
    text: string,
    machine: V4Machine,
  ): { readonly chart: string; readonly definition: string };
  /** Other receivers, which get messages with ids that are unique among all programs. */
  readonly relay: { readonly isUsed: boolean; pass(message: JsonObject): void };
}

/** How to talk to a program. */
export interface Connection {
  say(command: object): void;
}

/** Actors of one program that live at the same time; more than these are not shown. */
const MAX_ACTORS = 20_000;
/** Complaints about one program's messages. */
const MAX_PROBLEMS = 20;

/** See the module's comment. */
export class Program {
  readonly id: string;
  /** What the run of the program calls itself, if it does. */
  readonly instance: string | undefined;
  readonly #publisher: Publisher;
  #view: ProgramView;
  #receiver: Receiver | undefined;
  #connection: Connection | undefined;
  /** The last registration of each actor that lives, with its last state, as they came. */
  readonly #live = new Map<string, JsonObject>();
  /** Actors of an earlier connection that this one has not told of yet. */
  #unconfirmed = new Set<string>();
  #problems = 0;
  /** The message that is being parsed, and its size. */
  #raw: JsonObject = {};
  #size = 0;

  constructor(
    id: string,
    source: ProgramView['source'],
    publisher: Publisher,
    instance: string | undefined,
  ) {
    this.id = id;
    this.instance = instance;
    this.#publisher = publisher;
    this.#view = { type: 'program', id, name: id, pid: 0, source, control: false };
  }

  get view(): ProgramView {
    return this.#view;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** The program is there, or is back: asks it to tell what there is. */
  connect(connection: Connection): void {
    this.#connection = connection;
    this.#unconfirmed = new Set(this.#live.keys());
    this.#receiver = this.#openReceiver((command) => {
      connection.say(command);
    });
    this.#show({ source: 'live' });
  }

  /** The program has told what there is. What it does not know any more has ended meanwhile. */
  confirm(): void {
    for (const sessionId of this.#unconfirmed) this.#stop(sessionId, Date.now());
  }

  /** The program has gone, or has lost its connection. */
  disconnect(): void {
    this.#receiver?.stop();
    this.#receiver = undefined;
    this.#connection = undefined;
    this.#show({ source: 'gone' });
  }

  /** It will not be back. */
  end(): void {
    for (const sessionId of this.#live.keys()) this.#stop(sessionId, Date.now());
  }

  /** Says something to the program, if it is there. */
  say(command: object): void {
    this.#connection?.say(command);
  }

  /** Sends an event to one of its actors, as XState 4 spells it. */
  send(sessionId: string, event: { readonly type: string }): void {
    const scxml = { name: event.type, data: event, $$type: 'scxml', type: 'external' };
    this.#receiver?.send(sessionId, JSON.stringify({ ...scxml, origin: sessionId }));
  }

  /** Takes one message, whatever it is. */
  take(text: string): void {
    try {
      this.#size = text.length;
      this.#raw = parseObject(text);
      this.#dispatch(this.#raw);
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      this.#complain(`A message was not understood: ${why}`, Date.now());
    }
  }

  /** The registrations of all actors that live, with their present states, for a receiver that comes late. */
  *registrations(): Generator<JsonObject> {
    for (const message of this.#live.values()) yield this.#prefixed(message);
  }

  #dispatch(message: JsonObject): void {
    const type = nameIn(message, 'type');
    if (type.startsWith('service.')) {
      this.#receiver ??= this.#openReceiver(() => undefined);
      this.#receiver.take(message);
      const { relay } = this.#publisher;
      if (relay.isUsed) relay.pass(this.#prefixed(message));
    } else if (type === 'wirechart.program') {
      const name = nameIn(message, 'name');
      this.#show({ name, pid: numberIn(message, 'pid'), control: message['control'] === true });
    } else if (type === 'wirechart.message') this.#onMessage(message);
    else if (type === 'wirechart.problem')
      this.#complain(textIn(message, 'text'), numberIn(message, 'at', Date.now()));
  }

  #openReceiver(say: (command: object) => void): Receiver {
    return openReceiver((heard) => {
      this.#hear(heard);
    }, say);
  }

  #hear(heard: Heard): void {
    const sessionId = nameIn(this.#raw, 'sessionId');
    if (heard.type === 'service.register') {
      this.#onRegister(sessionId, heard);
      return;
    }
    // Of actors that are not shown, nothing is.
    const live = this.#live.get(sessionId);
    if (live === undefined) return;
    const at = this.#at();
    const actor = this.#idOf(sessionId);
    switch (heard.type) {
      case 'service.event':
        this.#add({ kind: 'event', at, actor, ...this.#eventOf(heard.event) });
        break;
      case 'service.state': {
        const state = this.#stateOf(heard.state);
        const wirechart = this.#merged(live);
        this.#live.set(sessionId, { ...live, state: this.#raw['state'], wirechart });
        this.#add({ kind: 'state', at, actor, state });
        break;
      }
      case 'service.stop':
        this.#stop(sessionId, at);
        break;
    }
  }

  #onRegister(sessionId: string, heard: Extract<Heard, { type: 'service.register' }>): void {
    const id = this.#idOf(sessionId);
    const at = this.#at();
    const state = this.#stateOf(heard.state);
    const { chart, definition } = this.#publisher.chartOf(
      textIn(this.#raw, 'machine'),
      heard.machine,
    );
    const { wirechart } = this.#raw;
    const isMachine = !isObject(wirechart) || wirechart['kind'] !== 'actor';
    const isKnown = this.#live.has(sessionId);
    const view: ActorView = {
      type: 'actor',
      id,
      program: this.id,
      name: 'id' in this.#raw ? nameIn(this.#raw, 'id') : heard.machine.id,
      ...('parent' in this.#raw && { parent: this.#idOf(nameIn(this.#raw, 'parent')) }),
      kind: isMachine ? 'machine' : 'actor',
      chart,
      start: this.#publisher.nextSeq,
      base: state,
    };
    if (!isKnown && this.#live.size >= MAX_ACTORS) throw new TypeError('there are too many actors');
    this.#live.set(sessionId, { ...this.#raw, machine: definition });
    this.#unconfirmed.delete(sessionId);
    if (isKnown) {
      // It was known before its program lost the connection, or was asked again.
      this.#add({ kind: 'state', at, actor: id, state });
    } else {
      this.#publisher.actor(view);
      this.#add({ kind: 'start', at, actor: id });
    }
  }

  #stop(sessionId: string, at: number): void {
    if (!this.#live.delete(sessionId)) return;
    this.#unconfirmed.delete(sessionId);
    this.#add({ kind: 'stop', at, actor: this.#idOf(sessionId) });
  }

  #onMessage(message: JsonObject): void {
    const sessionId = nameIn(message, 'sessionId');
    if (!this.#live.has(sessionId)) return;
    this.#add({
      kind: 'message',
      at: numberIn(message, 'at', Date.now()),
      actor: this.#idOf(sessionId),
      direction: message['direction'] === 'in' ? 'in' : 'out',
      text: textIn(message, 'text'),
      bytes: numberIn(message, 'bytes'),
      skipped: numberIn(message, 'skipped'),
    });
  }

  #eventOf(event: unknown): { name: string; data: Json; origin?: string } {
    if (!isObject(event)) throw new TypeError('its event is no event');
    const { data, origin } = event;
    return {
      name: nameIn(event, 'name'),
      data: json(data),
      ...(typeof origin === 'string' && { origin: this.#idOf(origin) }),
    };
  }

  #stateOf(state: Extract<Heard, { type: 'service.state' }>['state']): ActorState {
    const value: unknown = state.value;
    const context: unknown = state.context;
    const event: unknown = state._event;
    if (!isObject(event)) throw new TypeError('its state has no event');
    return {
      ...factsIn(this.#raw, state.done === true),
      value: json(value),
      context: json(context),
      event: nameIn(event, 'name'),
    };
  }

  /** What kind of actor it is stands in the registration only. */
  #merged(live: JsonObject): JsonObject {
    const facts = isObject(live['wirechart']) ? live['wirechart'] : {};
    const newer = isObject(this.#raw['wirechart']) ? this.#raw['wirechart'] : {};
    return { ...newer, ...('kind' in facts && { kind: facts['kind'] }) };
  }

  #add(
    entry: NewEntry extends infer E ? (E extends NewEntry ? Omit<E, 'size'> : never) : never,
  ): void {
    this.#publisher.add({ ...entry, size: this.#size + 200 });
  }

  #complain(text: string, at: number): void {
    this.#problems += 1;
    if (this.#problems > MAX_PROBLEMS) return;
    this.#size = 0; // Of what was not understood nothing is kept.
    this.#add({ kind: 'problem', at, actor: this.id, text: text.slice(0, 1000) });
  }

  #show(facts: Partial<ProgramView>): void {
    this.#view = { ...this.#view, ...facts };
    this.#publisher.program(this.#view);
  }

  #at(): number {
    const { wirechart } = this.#raw;
    return isObject(wirechart) ? numberIn(wirechart, 'at', Date.now()) : Date.now();
  }

  #idOf(sessionId: string): string {
    return `${this.id}/${sessionId}`;
  }

  /** The same message, with every id of an actor made unique. */
  #prefixed(message: JsonObject): JsonObject {
    const ids = Object.fromEntries(
      ['sessionId', 'parent']
        .filter((key) => typeof message[key] === 'string')
        .map((key) => [key, this.#idOf(textIn(message, key))]),
    );
    const inner = { state: '_sessionid', event: 'origin' } as const;
    const texts = Object.entries(inner)
      .filter(([key]) => typeof message[key] === 'string')
      .map(([key, id]): [string, string] => [key, this.#prefixedText(textIn(message, key), id)]);
    return { ...message, ...ids, ...Object.fromEntries(texts) };
  }

  #prefixedText(text: string, key: string): string {
    const value = parseObject(text);
    const id = value[key];
    return typeof id === 'string' ? JSON.stringify({ ...value, [key]: this.#idOf(id) }) : text;
  }
}

/** Where an id points: the program, and the actor in it. */
export function partsOf(id: string): { readonly program: string; readonly sessionId: string } {
  const at = id.indexOf('/');
  return { program: id.slice(0, at), sessionId: id.slice(at + 1) };
}
