/** The page's data and selection. Panes read it when they draw and hold no data of their own. */

import { History, HISTORY_BOUNDS } from '../shared/history.ts';
import type {
  ActorState,
  ActorView,
  Chart,
  Entry,
  PageMessage,
  ProgramView,
  ServerMessage,
} from '../shared/view.ts';
import { valueText } from './format.ts';

/** What a state entry changed. */
export interface StateChange {
  /** The previous value; `undefined` when it was the same. */
  readonly from: string | undefined;
  /** How long the previous value lasted, in ms. */
  readonly ms: number;
}

/** Everything that the panes draw. */
export class Model {
  readonly history = new History(HISTORY_BOUNDS);
  readonly programs = new Map<string, ProgramView>();
  /** Laid out charts, or why a chart is missing. */
  readonly charts = new Map<string, Chart | string>();
  /** The selected actor. */
  selected: string | undefined;
  /** The number of the selected entry; `undefined` when the page is live. */
  cursor: number | undefined;
  control = false;
  wire = false;
  connection: 'connecting' | 'open' | 'refused' = 'connecting';
  /** Incremented when actors start or stop. */
  actorsVersion = 0;
  /** Incremented when the server sends the full state. */
  epoch = 0;
  readonly #changes = new WeakMap<Entry, StateChange>();
  readonly #since = new Map<string, { readonly text: string; readonly at: number }>();
  readonly #lastAt = new Map<string, number>();
  readonly #requestedCharts = new Set<string>();
  readonly #send: (message: PageMessage) => void;

  /** @param send - Sends a request to the server. */
  constructor(send: (message: PageMessage) => void) {
    this.#send = send;
  }

  /** The number of the latest shown entry. */
  get seq(): number {
    return this.cursor ?? this.history.newest;
  }

  get isLive(): boolean {
    return this.cursor === undefined;
  }

  /** Handles a message from the server. */
  receive(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#reset(message.control, message.wire);
        break;
      case 'program':
        this.programs.set(message.id, message);
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
        this.charts.set(message.id, message.type === 'chart' ? message.chart : message.why);
        break;
      case 'wire':
        this.wire = message.on;
        break;
    }
  }

  /** Sends a request to the server. */
  request(message: PageMessage): void {
    this.#send(message);
  }

  /** The selected actor, if it is still known. */
  get actor(): ActorView | undefined {
    return this.selected === undefined ? undefined : this.history.actors.get(this.selected)?.actor;
  }

  /** The selected actor's state at the selected moment. */
  get state(): ActorState | undefined {
    return this.selected === undefined ? undefined : this.stateOf(this.selected);
  }

  stateOf(id: string): ActorState | undefined {
    return this.history.stateAt(id, this.seq);
  }

  /** Whether an actor is alive at the selected moment. */
  isAlive(id: string): boolean {
    const known = this.history.actors.get(id);
    if (known === undefined || known.actor.start > this.seq) return false;
    return known.stop === undefined || known.stop > this.seq;
  }

  /** What a state entry changed; `undefined` for other entries. */
  changeOf(entry: Entry): StateChange | undefined {
    return this.#changes.get(entry);
  }

  /** The selected moment on the clock of a program, to compute remaining times. */
  clockOf(program: string): number {
    const entry = this.cursor === undefined ? undefined : this.history.entry(this.cursor);
    if (entry !== undefined) return entry.at;
    const isLive = this.programs.get(program)?.source === 'live';
    return isLive ? Date.now() : (this.#lastAt.get(program) ?? Date.now());
  }

  /** The chart of an actor's machine, or why it is missing. Requests it on the first call. */
  chartOf({ chart }: ActorView): Chart | string | undefined {
    const known = this.charts.get(chart);
    if (known === undefined && this.connection === 'open' && !this.#requestedCharts.has(chart)) {
      this.#requestedCharts.add(chart);
      this.#send({ type: 'chart', id: chart });
    }
    return known;
  }

  #reset(control: boolean, wire: boolean): void {
    this.history.clear();
    this.programs.clear();
    this.#since.clear();
    this.#requestedCharts.clear();
    this.control = control;
    this.wire = wire;
    this.cursor = undefined;
    this.actorsVersion += 1;
    this.epoch += 1;
  }

  #addActor(actor: ActorView): void {
    this.history.addActor(actor);
    this.#since.set(actor.id, { text: valueText(actor.base.value), at: actor.base.at });
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

  #addEntry(entry: Entry): void {
    this.history.add(entry);
    const program = entry.actor.slice(0, Math.max(0, entry.actor.indexOf('/')));
    this.#lastAt.set(program, entry.at);
    if (entry.kind === 'start' || entry.kind === 'stop') this.actorsVersion += 1;
    if (entry.kind === 'stop') this.#since.delete(entry.actor);
    if (entry.kind !== 'state') return;
    const text = valueText(entry.state.value);
    const since = this.#since.get(entry.actor);
    const isChanged = since !== undefined && since.text !== text;
    this.#changes.set(entry, {
      from: isChanged ? since.text : undefined,
      ms: since === undefined ? 0 : entry.at - since.at,
    });
    if (isChanged || since === undefined) this.#since.set(entry.actor, { text, at: entry.at });
  }

  /** Since when an actor has been in its state at the selected moment. */
  sinceOf(id: string): number | undefined {
    const known = this.history.actors.get(id);
    if (known === undefined) return undefined;
    const now = this.stateOf(id);
    if (now === undefined) return undefined;
    const text = valueText(now.value);
    let since = now.at;
    for (let at = known.states.length - 1; at >= 0; at -= 1) {
      const entry = known.states[at];
      if (entry === undefined || entry.seq > this.seq) continue;
      if (valueText(entry.state.value) !== text) return since;
      since = entry.at;
    }
    return valueText(known.actor.base.value) === text ? known.actor.base.at : since;
  }
}
