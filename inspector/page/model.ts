/** What the page knows and what it looks at. Panes read it when they draw; nothing else holds any state. */

import { History } from '../shared/history.ts';
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

/** As the server keeps; see there. */
const HISTORY_BOUNDS = { entries: 20_000, size: 64 * 1024 * 1024 };

/** What a state entry changed. */
export interface Change {
  /** The value before, when it was another. */
  readonly from: string | undefined;
  /** How long that lasted, in ms. */
  readonly ms: number;
}

/** See the module's comment. */
export class Model {
  readonly history = new History(HISTORY_BOUNDS);
  readonly programs = new Map<string, ProgramView>();
  /** Laid out charts, or why there is none. */
  readonly charts = new Map<string, Chart | string>();
  /** The actor that is looked at. */
  selected: string | undefined;
  /** The entry that is looked at; `undefined` is live. */
  cursor: number | undefined;
  control = false;
  wire = false;
  connection: 'connecting' | 'open' | 'refused' = 'connecting';
  /** Counted up when actors come or go. */
  actorsVersion = 0;
  /** Counted up when everything begins anew. */
  epoch = 0;
  /** Counted up with each charts that comes. */
  chartsVersion = 0;
  readonly #changes = new WeakMap<Entry, Change>();
  readonly #since = new Map<string, { readonly text: string; readonly at: number }>();
  readonly #lastAt = new Map<string, number>();
  readonly #ask: (message: PageMessage) => void;

  /** @param ask - Sends something to the server. */
  constructor(ask: (message: PageMessage) => void) {
    this.#ask = ask;
  }

  /** The entry up to which everything is shown. */
  get seq(): number {
    return this.cursor ?? this.history.newest;
  }

  get isLive(): boolean {
    return this.cursor === undefined;
  }

  /** Takes what the server says. */
  take(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#reset(message.control, message.wire);
        break;
      case 'program':
        this.programs.set(message.id, message);
        this.actorsVersion += 1;
        break;
      case 'actor':
        this.#takeActor(message);
        break;
      case 'entry':
        this.#takeEntry(message);
        break;
      case 'chart':
        this.charts.set(message.id, message.chart);
        this.chartsVersion += 1;
        break;
      case 'no-chart':
        this.charts.set(message.id, message.why);
        this.chartsVersion += 1;
        break;
      case 'wire':
        this.wire = message.on;
        break;
    }
  }

  ask(message: PageMessage): void {
    this.#ask(message);
  }

  /** The chosen actor, if it is still known. */
  get actor(): ActorView | undefined {
    return this.selected === undefined ? undefined : this.history.lives.get(this.selected)?.actor;
  }

  /** The chosen actor's state at the moment that is looked at. */
  get state(): ActorState | undefined {
    return this.selected === undefined ? undefined : this.stateOf(this.selected);
  }

  stateOf(id: string): ActorState | undefined {
    return this.history.stateAt(id, this.seq);
  }

  /** Whether the actor is there at the moment that is looked at. */
  isAlive(id: string): boolean {
    const life = this.history.lives.get(id);
    if (life === undefined || life.actor.start > this.seq) return false;
    return life.stop === undefined || life.stop > this.seq;
  }

  /** What a state entry changed; `undefined` for other entries. */
  changeOf(entry: Entry): Change | undefined {
    return this.#changes.get(entry);
  }

  /** The time of the moment that is looked at, for what an actor waits for. */
  clockOf(program: string): number {
    const entry = this.cursor === undefined ? undefined : this.history.entry(this.cursor);
    if (entry !== undefined) return entry.at;
    const isLive = this.programs.get(program)?.source === 'live';
    return isLive ? Date.now() : (this.#lastAt.get(program) ?? Date.now());
  }

  /** The machine's chart; asked for when it is not here yet. */
  chartOf({ chart }: ActorView): Chart | string | undefined {
    const known = this.charts.get(chart);
    if (known === undefined && this.connection === 'open' && !this.#asked.has(chart)) {
      this.#asked.add(chart);
      this.#ask({ type: 'chart', id: chart });
    }
    return known;
  }

  readonly #asked = new Set<string>();

  #reset(control: boolean, wire: boolean): void {
    this.history.clear();
    this.programs.clear();
    this.#since.clear();
    this.#asked.clear();
    this.control = control;
    this.wire = wire;
    this.cursor = undefined;
    this.actorsVersion += 1;
    this.epoch += 1;
  }

  #takeActor(actor: ActorView): void {
    this.history.addActor(actor);
    this.#since.set(actor.id, { text: valueText(actor.base.value), at: actor.base.at });
    this.actorsVersion += 1;
    const known = this.selected !== undefined && this.history.lives.has(this.selected);
    const isRecording = this.programs.get(actor.program)?.source === 'recording';
    const isRoot = actor.parent === undefined && actor.kind === 'machine';
    if (isRoot && (!known || (isRecording && !this.#isOf(actor.program)))) this.selected = actor.id;
  }

  #isOf(program: string): boolean {
    return this.selected?.startsWith(`${program}/`) ?? false;
  }

  #takeEntry(entry: Entry): void {
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

  /** Since when the actor is in the state that it is in at the moment that is looked at. */
  sinceOf(id: string): number | undefined {
    const life = this.history.lives.get(id);
    if (life === undefined) return undefined;
    const now = this.stateOf(id);
    if (now === undefined) return undefined;
    const text = valueText(now.value);
    let since = now.at;
    for (let at = life.states.length - 1; at >= 0; at -= 1) {
      const entry = life.states[at];
      if (entry === undefined || entry.seq > this.seq) continue;
      if (valueText(entry.state.value) !== text) return since;
      since = entry.at;
    }
    return valueText(life.actor.base.value) === text ? life.actor.base.at : since;
  }
}
