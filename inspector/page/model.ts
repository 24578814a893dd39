/** The page's data and selection. Panes read it when they draw and hold no data of their own. */

import { History, HISTORY_BOUNDS, programOf, RECORDING_BOUNDS } from '../shared/history.ts';
import type { MachineShape } from '../shared/shape.ts';
import type {
  ActorState,
  ActorView,
  Chart,
  Entry,
  PageMessage,
  ProgramView,
  ServerMessage,
  StateEntry,
} from '../shared/view.ts';
import { valueText } from './format.ts';
import { Machines } from './machines.ts';
import { Moment } from './moment.ts';
import { Notes, type StateChange, type Stay } from './notes.ts';
import type { EventEntry } from './outcomes.ts';

export type { StateChange } from './notes.ts';

/** Everything that the panes draw. */
export class Model {
  readonly history = new History(HISTORY_BOUNDS, RECORDING_BOUNDS);
  readonly programs = new Map<string, ProgramView>();
  readonly machines = new Machines((message) => {
    if (this.connection === 'open') this.#send(message);
    return this.connection === 'open';
  });
  /** The selected actor. */
  selected: string | undefined;
  /** The moment that the page shows; `undefined` when it is live. */
  moment: Moment | undefined;
  control = false;
  wire = false;
  connection: 'connecting' | 'open' | 'refused' = 'connecting';
  /** Incremented when actors start or stop. */
  actorsVersion = 0;
  /** Incremented when the server sends the full state. */
  epoch = 0;
  /** Called with what became of an event that this page has sent. */
  onSent: ((id: number, problem: string | undefined) => void) | undefined;
  readonly #notes = new Notes();
  readonly #lastAt = new Map<string, number>();
  readonly #entryListeners: ((entry: Entry) => void)[] = [];
  /** The number of the newest entry that was there when the page got the full state. */
  #newestAtHello = 0;
  /** The number of the newest entry that the page has got. */
  #newestSeen = 0;
  readonly #send: (message: PageMessage) => void;

  /** @param send - Sends a request to the server. */
  constructor(send: (message: PageMessage) => void) {
    this.#send = send;
  }

  /** Calls a listener with each entry, after it was added. */
  onEntry(listener: (entry: Entry) => void): void {
    this.#entryListeners.push(listener);
  }

  /** The current state of each living actor. */
  get stays(): ReadonlyMap<string, Stay> {
    return this.#notes.stays;
  }

  /** The number of failures of each actor, in all that has been received. */
  get failures(): ReadonlyMap<string, number> {
    return this.#notes.failures;
  }

  /** Whether an entry happened while the page was open, and not in a recording. */
  isNew(entry: Entry): boolean {
    if (this.programs.get(programOf(entry))?.source === 'recording') return false;
    return entry.seq > this.#newestAtHello;
  }

  /** The number of the entry that is pinned; `undefined` when the page is live. */
  get cursor(): number | undefined {
    return this.moment?.seq;
  }

  /** The number of the latest shown entry. */
  get seq(): number {
    return this.moment?.seq ?? this.history.newest;
  }

  get isLive(): boolean {
    return this.moment === undefined;
  }

  /**
   * Shows the moment of an entry until `goLive()`. Does nothing for an entry that is no longer kept.
   *
   * @param why - What to tell the user, if it was not they who chose it.
   */
  pin(seq: number, why = ''): void {
    if (this.history.entry(seq) !== undefined) this.moment = new Moment(this.history, seq, why);
  }

  /** Shows the newest moment until `goLive()`. */
  pause(why = ''): void {
    this.moment ??= new Moment(this.history, this.history.newest, why);
  }

  goLive(): void {
    this.moment = undefined;
  }

  /** The entry that is pinned. It is known even when it is no longer kept. */
  get entry(): Entry | undefined {
    return this.moment?.entry;
  }

  /** Handles a message from the server. */
  receive(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        // The numbers of the entries of another inspector mean something else.
        if (!this.#isSameInspector(message.newest ?? 0)) this.moment = undefined;
        this.#noteNewest(message.newest ?? 0);
        this.#reset(message.control, message.wire);
        break;
      case 'program':
        this.programs.set(message.id, message);
        this.history.addProgram(message);
        this.actorsVersion += 1;
        break;
      case 'actor':
        this.#addActor(message);
        break;
      case 'entry':
        this.#addEntry(message);
        break;
      case 'chart':
      case 'no-chart':
      case 'chart-progress':
      case 'shape':
        this.machines.receive(message);
        break;
      case 'wire':
        this.wire = message.on;
        break;
      case 'forgotten':
        this.#forget(message.program);
        break;
      case 'opening':
        break;
      case 'sent':
        this.onSent?.(message.id, message.problem);
        break;
    }
  }

  /** Sends a request to the server. */
  request(message: PageMessage): void {
    this.#send(message);
  }

  /** The selected actor, if it is still known. */
  get actor(): ActorView | undefined {
    return this.selected === undefined ? undefined : this.actorOf(this.selected);
  }

  /** The selected actor's state at the selected moment. */
  get state(): ActorState | undefined {
    return this.selected === undefined ? undefined : this.stateOf(this.selected);
  }

  /** An actor that had started at the selected moment, if it is known. */
  actorOf(id: string): ActorView | undefined {
    const { moment } = this;
    return moment === undefined ? this.history.actors.get(id)?.actor : moment.actors.get(id)?.actor;
  }

  /** All actors that had started at the selected moment. */
  *actors(): Generator<ActorView> {
    const known = this.moment?.actors ?? this.history.actors;
    for (const { actor } of known.values()) yield actor;
  }

  /** The state of an actor at the selected moment. */
  stateOf(id: string): ActorState | undefined {
    const { moment } = this;
    return moment === undefined ? this.history.stateAt(id, this.seq) : moment.actors.get(id)?.state;
  }

  /** The latest kept states of an actor up to the selected moment, the oldest first. */
  statesOf(id: string): readonly StateEntry[] {
    const { moment } = this;
    return moment === undefined
      ? (this.history.actors.get(id)?.states ?? [])
      : (moment.actors.get(id)?.states ?? []);
  }

  /** Whether an actor is alive at the selected moment. */
  isAlive(id: string): boolean {
    const { moment } = this;
    if (moment !== undefined) return moment.actors.get(id)?.isAlive === true;
    const known = this.history.actors.get(id);
    return known !== undefined && known.stop === undefined;
  }

  /** The state of an entry's actor before the entry, if it is still known. */
  stateBefore(entry: Entry): ActorState | undefined {
    const { moment } = this;
    if (moment?.entry === entry) return moment.before;
    return this.history.stateAt(entry.actor, entry.seq - 1);
  }

  /** The state that an event led to; `undefined` while it is not known. */
  outcomeOf(event: EventEntry): StateEntry | undefined {
    return this.#notes.outcomeOf(event);
  }

  /** The event that led to a state. */
  causeOf(state: StateEntry): EventEntry | undefined {
    return this.#notes.causeOf(state);
  }

  /** Whether something failed with an entry: see `shared/failures.ts`. */
  isFailure(entry: Entry): boolean {
    return this.#notes.isFailure(entry);
  }

  /** Whether a machine got an event and took no transition. `false` while it is not known. */
  isUnhandled(entry: Entry): boolean {
    const isMachine = this.history.actors.get(entry.actor)?.actor.kind === 'machine';
    return isMachine && this.#notes.isUnhandled(entry);
  }

  /** What a state entry changed; `undefined` for other entries. */
  changeOf(entry: Entry): StateChange | undefined {
    return this.#notes.changeOf(entry);
  }

  /** The selected moment on the clock of a program, to compute remaining times. */
  clockOf(program: string): number {
    const at = this.moment?.at;
    if (at !== undefined) return at;
    const isLive = this.programs.get(program)?.source === 'live';
    return isLive ? Date.now() : (this.#lastAt.get(program) ?? Date.now());
  }

  /** The chart of an actor's machine, or why it is missing. Requests it on the first call. */
  chartOf(actor: ActorView): Chart | string | undefined {
    return this.machines.chartOf(actor);
  }

  /** The shape of an actor's machine, when it has come. Requests it on the first call. */
  shapeOf(actor: Pick<ActorView, 'chart'>): MachineShape | undefined {
    return this.machines.shapeOf(actor);
  }

  /** What the page has missed because it was too slow is new as well, unless the inspector has started again. */
  #noteNewest(newest: number): void {
    this.#newestAtHello = this.#isSameInspector(newest) ? this.#newestSeen : newest;
  }

  /** Whether the inspector goes on from what the page has seen. One that has started again counts from 1. */
  #isSameInspector(newest: number): boolean {
    return this.#newestSeen > 0 && this.#newestSeen <= newest;
  }

  #reset(control: boolean, wire: boolean): void {
    this.history.clear();
    this.programs.clear();
    this.machines.reset();
    this.#notes.forget(() => true);
    this.control = control;
    this.wire = wire;
    this.actorsVersion += 1;
    this.epoch += 1;
  }

  #addActor(actor: ActorView): void {
    this.history.addActor(actor);
    this.#notes.addActor(actor);
    this.actorsVersion += 1;
    const hasSelection = this.selected !== undefined && this.history.actors.has(this.selected);
    const isRecording = this.programs.get(actor.program)?.source === 'recording';
    const isRoot = actor.parent === undefined && actor.kind === 'machine';
    // The first root is selected, and the first root of a newly opened recording.
    const isNew = !hasSelection || (isRecording && !this.#hasSelectionIn(actor.program));
    if (isRoot && isNew) this.selected = actor.id;
  }

  #hasSelectionIn(program: string): boolean {
    return this.selected?.startsWith(`${program}/`) ?? false;
  }

  #forget(program: string): void {
    this.history.forget(program);
    this.programs.delete(program);
    this.#notes.forget((actor) => actor.startsWith(`${program}/`));
    this.actorsVersion += 1;
  }

  #addEntry(entry: Entry): void {
    this.#notes.add(entry, this.history.stateAt(entry.actor, entry.seq));
    this.history.add(entry);
    this.#lastAt.set(programOf(entry), entry.at);
    if (entry.kind === 'start' || entry.kind === 'stop') this.actorsVersion += 1;
    this.#newestSeen = entry.seq;
    for (const listener of this.#entryListeners) listener(entry);
  }

  /** Since when an actor has been in its state at the selected moment. */
  sinceOf(id: string): number | undefined {
    const now = this.stateOf(id);
    const base = (this.moment?.actors.get(id)?.actor ?? this.history.actors.get(id)?.actor)?.base;
    if (now === undefined || base === undefined) return undefined;
    const text = valueText(now.value);
    const states = this.statesOf(id);
    let since = now.at;
    for (let at = states.length - 1; at >= 0; at -= 1) {
      const entry = states[at];
      if (entry === undefined) continue;
      if (valueText(entry.state.value) !== text) return since;
      since = entry.at;
    }
    return valueText(base.value) === text ? base.at : since;
  }
}
