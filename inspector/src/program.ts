/** Turns the messages of one reporting program, or of one recording, into entries of the history. */

import type { ActorState, ActorView, Json, ProgramView } from '../shared/view.ts';
import { actorIdOf, withActorIds } from './actor-ids.ts';
import { BOUNDS, checkStateValue } from './bounds.ts';
import type { Definition } from './charts.ts';
import {
  factsIn,
  isObject,
  json,
  type JsonObject,
  nameIn,
  nestedSize,
  numberIn,
  parseSized,
  tagsIn,
  textIn,
  timeIn,
} from './checks.ts';
import { Living } from './living.ts';
import type { ProgramSocket, Publisher, UnsizedEntry } from './publisher.ts';
import { openReceiver, type Receiver, type ReceiverEvent } from './receiver.ts';
import { isSameState } from './same-state.ts';
import { type Answer, Sends } from './sends.ts';

/** XState's id of a machine that was created without one. */
const NO_MACHINE_ID = '(machine)';
/** The approximate size of an entry besides its message. */
const ENTRY_BYTES = 200;
/** The property of a message that is a JSON text with the state or the event. */
const NESTED_TEXTS: Readonly<Record<string, string>> = {
  'service.register': 'state',
  'service.state': 'state',
  'service.event': 'event',
};

/** A program with its living actors. It may disconnect and reconnect. */
export class Program {
  readonly id: string;
  /** Identifies the run of the program, if it introduced itself. */
  readonly instance: string | undefined;
  readonly #publisher: Publisher;
  #view: ProgramView;
  #isIntroduced = false;
  #receiver: Receiver | undefined;
  #socket: ProgramSocket | undefined;
  /** The registration of each living actor, with its latest state. */
  readonly #living: Living;
  /** Actors of an earlier connection that the current one has not registered yet. */
  #unconfirmed = new Set<string>();
  /** The events of pages that the program has not confirmed. */
  readonly #sends = new Sends();
  #problems = 0;
  /** The message that is being parsed, its size, and that of the state in it. */
  #message: JsonObject = {};
  #size = 0;
  #stateSize = 0;
  /** The definition in the registration that is being parsed. */
  #definition: Definition | undefined;

  constructor(
    id: string,
    source: ProgramView['source'],
    publisher: Publisher,
    instance: string | undefined,
  ) {
    this.id = id;
    this.instance = instance;
    this.#publisher = publisher;
    this.#living = new Living(publisher.total);
    this.#view = { type: 'program', id, name: id, pid: 0, source, control: false };
  }

  get view(): ProgramView {
    return this.#view;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** The program has connected, perhaps again: asks it for its living actors. */
  connect(socket: ProgramSocket): void {
    this.#socket = socket;
    this.#unconfirmed = new Set(this.#living.sessionIds());
    this.#receiver = this.#openReceiver((command) => {
      socket.send(command);
    });
    this.#updateView({ source: 'live' });
  }

  /**
   * The program has answered a ping. The one without a payload followed the request for its living actors:
   * others from before have ended meanwhile.
   */
  confirm(payload: string): void {
    if (payload !== '') this.#sends.confirm(payload);
    else for (const sessionId of this.#unconfirmed) this.#stop(sessionId, Date.now());
  }

  /** The connection has ended. */
  disconnect(): void {
    this.#receiver?.stop();
    this.#receiver = undefined;
    this.#socket = undefined;
    this.#sends.end();
    this.#updateView({ source: 'disconnected' });
  }

  /** Stops all actors: the program is dropped. */
  end(): void {
    for (const sessionId of this.#living.sessionIds()) this.#stop(sessionId, Date.now());
  }

  /** Sends a command to the program, if it is connected. */
  sendCommand(command: object): void {
    this.#socket?.send(command);
  }

  /** Sends an event, with its XState 4 name, to one of the program's actors. */
  send(sessionId: string, event: { readonly type: string }, answer: Answer): void {
    const problem = this.#problemOfSending(sessionId);
    if (problem !== undefined) {
      answer(problem);
      return;
    }
    const scxml = { name: event.type, data: event, $$type: 'scxml', type: 'external' };
    this.#receiver?.send(sessionId, JSON.stringify({ ...scxml, origin: sessionId }));
    const ping = this.#sends.add(answer);
    if (ping !== undefined) this.#socket?.ping(ping);
  }

  #problemOfSending(sessionId: string): string | undefined {
    if (this.#view.source === 'recording') return 'A recording takes no events';
    if (this.#socket === undefined) return 'The program is not connected any more';
    return this.#living.has(sessionId) ? undefined : 'The actor has ended';
  }

  /** Handles one message. An invalid one is reported as a problem. */
  receive(text: string): void {
    try {
      const { object, bytes } = parseSized(text);
      this.#message = object;
      this.#size = bytes;
      this.#dispatch(this.#message);
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      this.#reportProblem(`A message was ignored: ${why}`, Date.now());
    }
  }

  /** The registrations of all living actors, with their current states and unique ids. */
  *registrations(): Generator<JsonObject> {
    for (const message of this.#living.messages()) yield withActorIds(message, this.id);
  }

  #dispatch(message: JsonObject): void {
    const type = nameIn(message, 'type');
    if (type.startsWith('service.')) this.#onService(type, message);
    else if (type === 'wirechart.program') this.#onIntroduction(message);
    else if (type === 'wirechart.message') this.#onMessage(message);
    else if (type === 'wirechart.problem') {
      const text = textIn(message, 'text');
      this.#sends.onProblem(text.slice(0, BOUNDS.problemCharacters));
      this.#reportProblem(text, timeIn(message, 'at'));
    }
  }

  #onIntroduction(message: JsonObject): void {
    const name = nameIn(message, 'name');
    const facts = { name, pid: numberIn(message, 'pid'), control: message['control'] === true };
    const isNew = !this.#isIntroduced;
    this.#isIntroduced = true;
    const restartOf = isNew ? this.#publisher.previousRun(this.id, name) : undefined;
    this.#updateView({ ...facts, ...(restartOf !== undefined && { restartOf }) });
  }

  /** The receiver parses the texts within the message, so they are checked before. */
  #onService(type: string, message: JsonObject): void {
    const key = NESTED_TEXTS[type];
    this.#stateSize = key === undefined ? 0 : nestedSize(message, key);
    this.#size = Math.max(this.#size, this.#stateSize);
    this.#definition = type === 'service.register' ? this.#checkedDefinition(message) : undefined;
    const machine = this.#definition?.parsable;
    this.#receiver ??= this.#openReceiver(() => undefined);
    this.#receiver.receive(machine === undefined ? message : { ...message, machine });
    const { relay } = this.#publisher;
    if (!relay.isUsed) return;
    const text = this.#definition?.text;
    const relayed = text === undefined ? message : { ...message, machine: text };
    relay.pass(withActorIds(relayed, this.id));
  }

  /** Another actor for which there is no room is refused before its definition is parsed. */
  #checkedDefinition(message: JsonObject): Definition {
    if (!this.#living.has(nameIn(message, 'sessionId'))) this.#living.expectRoom();
    if (typeof message['machine'] !== 'string')
      throw new TypeError("its 'machine' is not a string");
    return this.#publisher.charts.check(message['machine']);
  }

  #openReceiver(send: (command: object) => void): Receiver {
    return openReceiver((event) => {
      this.#onReceiverEvent(event);
    }, send);
  }

  #onReceiverEvent(event: ReceiverEvent): void {
    const sessionId = nameIn(this.#message, 'sessionId');
    if (event.type === 'service.register') {
      this.#onRegister(sessionId, event);
      return;
    }
    if (!this.#living.has(sessionId)) return; // An actor for which there was no room.
    const at = this.#at();
    const actor = this.#actorId(sessionId);
    switch (event.type) {
      case 'service.event':
        this.#add({ kind: 'event', at, actor, ...this.#eventOf(event.event) });
        break;
      case 'service.state': {
        const state = this.#stateOf(event.state);
        this.#living.update(sessionId, this.#message, this.#stateSize);
        this.#add({ kind: 'state', at, actor, state });
        break;
      }
      case 'service.stop':
        this.#stop(sessionId, at);
        break;
    }
  }

  #onRegister(
    sessionId: string,
    event: Extract<ReceiverEvent, { type: 'service.register' }>,
  ): void {
    const actor = this.#actorId(sessionId);
    const at = this.#at();
    const state = this.#stateOf(event.state);
    const definition = this.#definition;
    if (definition === undefined) return;
    const latest = this.#living.latest(sessionId);
    const view = this.#actorView(actor, event.machine.id, definition.chart, state);
    const { text: machine, why } = this.#publisher.charts.add(definition, event.machine);
    this.#living.set(sessionId, { ...this.#message, machine }, this.#stateSize);
    const isReconnected = this.#unconfirmed.delete(sessionId);
    if (latest !== undefined) {
      // A program that was asked for its actors again does not say that anything has happened.
      const isNews = isReconnected || !isSameState(latest, this.#message);
      if (isNews) this.#add({ kind: 'state', at, actor, state });
    } else {
      this.#publisher.actor(view);
      this.#add({ kind: 'start', at, actor });
    }
    if (why !== undefined && !definition.isKnown)
      this.#reportProblem(`The chart of '${view.name}' is not drawn: ${why}`, at);
  }

  #actorView(id: string, machineId: string, chart: string, base: ActorState): ActorView {
    const { wirechart } = this.#message;
    const isMachine = !isObject(wirechart) || wirechart['kind'] !== 'actor';
    return {
      type: 'actor',
      id,
      program: this.id,
      name: 'id' in this.#message ? nameIn(this.#message, 'id') : machineId,
      ...('parent' in this.#message && { parent: this.#actorId(nameIn(this.#message, 'parent')) }),
      kind: isMachine ? 'machine' : 'actor',
      ...(isMachine && machineId !== NO_MACHINE_ID && { machine: machineId }),
      chart,
      start: this.#publisher.nextSeq,
      base,
    };
  }

  #stop(sessionId: string, at: number): void {
    if (!this.#living.delete(sessionId)) return;
    this.#unconfirmed.delete(sessionId);
    this.#add({ kind: 'stop', at, actor: this.#actorId(sessionId) });
  }

  #onMessage(message: JsonObject): void {
    const sessionId = nameIn(message, 'sessionId');
    if (!this.#living.has(sessionId)) return;
    this.#add({
      kind: 'message',
      at: timeIn(message, 'at'),
      actor: this.#actorId(sessionId),
      direction: message['direction'] === 'in' ? 'in' : 'out',
      text: textIn(message, 'text'),
      bytes: numberIn(message, 'bytes'),
      skipped: numberIn(message, 'skipped'),
    });
  }

  #eventOf(event: unknown): { name: string; data: Json; origin?: string } {
    if (!isObject(event)) throw new TypeError("its 'event' is not an SCXML event");
    const { data, origin } = event;
    return {
      name: nameIn(event, 'name'),
      data: json(data),
      ...(typeof origin === 'string' && { origin: this.#actorId(origin) }),
    };
  }

  #stateOf(state: Extract<ReceiverEvent, { type: 'service.state' }>['state']): ActorState {
    const value: unknown = state.value;
    const context: unknown = state.context;
    const event: unknown = state._event;
    if (!isObject(event)) throw new TypeError("its 'state' has no '_event'");
    checkStateValue(value);
    return {
      ...factsIn(this.#message, state.done === true),
      value: json(value),
      context: json(context),
      event: nameIn(event, 'name'),
      ...tagsIn(state.tags),
    };
  }

  #add(entry: UnsizedEntry): void {
    this.#publisher.add({ ...entry, size: this.#size + ENTRY_BYTES });
  }

  #reportProblem(text: string, at: number): void {
    this.#problems += 1;
    if (this.#problems > BOUNDS.problems) return;
    const isLast = this.#problems === BOUNDS.problems;
    const more = isLast ? ' (Further problems of this program are not shown.)' : '';
    const shown = text.slice(0, BOUNDS.problemCharacters) + more;
    // The message itself is not kept.
    this.#publisher.add({ kind: 'problem', at, actor: this.id, text: shown, size: ENTRY_BYTES });
  }

  #updateView(facts: Partial<ProgramView>): void {
    this.#view = { ...this.#view, ...facts };
    this.#publisher.program(this.#view);
  }

  #at(): number {
    const { wirechart } = this.#message;
    return isObject(wirechart) ? timeIn(wirechart, 'at') : Date.now();
  }

  #actorId(sessionId: string): string {
    return actorIdOf(this.id, sessionId);
  }
}
