/**
 * The sequence diagram of some actors: which of them have a lane, and where each entry is. Idle time takes no
 * space: the distance of two entries grows with the time between them only up to a bound.
 */

import { isFailed } from '../shared/failures.ts';
import type { ActorState, Entry, RunningDeadline, StateEntry } from '../shared/view.ts';
import { actorName, eventText, valueText } from './format.ts';
import type { Model } from './model.ts';

/** More lanes, and older entries, are not drawn. */
export const MAX_LANES = 60;
export const MAX_ITEMS = 5_000;
/** The entries of all actors in which those of the lanes are looked for. */
const MAX_HISTORY = 200_000;
/** In pixels: texts of entries at the same time must not cover each other. */
const MIN_STEP = 20;
const MAX_STEP = 90;
/** A longer distance, in ms, is said where it is compressed. */
const TOLD_MS = 1_000;
const TOP = 12;

/** Which actors have lanes: the selected one with those around it, or all of its program. */
export type LaneScope = 'near' | 'program';

export interface Lane {
  readonly id: string;
  readonly name: string;
}

/** An entry in the diagram. */
export interface LaneItem {
  readonly entry: Entry;
  readonly y: number;
  /** The lane of its actor. */
  readonly lane: number;
  /** For an event: the lane of its sender; `undefined` when that has none. */
  readonly from: number | undefined;
  /** The time since the item before it, when it is not to scale. */
  readonly gap: number | undefined;
  readonly text: string;
  readonly isFailure: boolean;
  /** The state that the actor is in from here on, if the entry changes it. */
  readonly block: Block | undefined;
}

/** A state of a lane, from one item to another. */
export interface Block {
  readonly lane: number;
  readonly y: number;
  /** `undefined` while the state lasts. */
  end: number | undefined;
  readonly text: string;
  readonly at: number;
  /** How long it lasted, in ms. */
  ms: number | undefined;
  readonly isFailure: boolean;
}

/** A deadline of a lane. */
export interface DeadlineBar {
  readonly lane: number;
  readonly y: number;
  end: number | undefined;
  readonly text: string;
  readonly deadline: RunningDeadline;
  /** `running` is what has neither passed nor was cancelled. */
  outcome: 'running' | 'passed' | 'cancelled';
  /** What was left when it ended, in ms. */
  left: number;
}

/** The actors that have lanes, in order. `search` is a part of their names. */
export function lanesOf(model: Model, scope: LaneScope, search: string): readonly Lane[] {
  const { actor: selected } = model;
  if (selected === undefined) return [];
  const near = scope === 'near' ? nearActors(model, selected.id) : undefined;
  const wanted = search.trim().toLowerCase();
  const lanes: Lane[] = [];
  for (const actor of model.actors()) {
    if (actor.program !== selected.program) continue;
    if (near !== undefined && !near.has(actor.id)) continue;
    const name = actorName(actor);
    if (wanted !== '' && actor.id !== selected.id && !name.toLowerCase().includes(wanted)) continue;
    // The selected actor has a lane even if there are too many others.
    if (lanes.length < MAX_LANES - 1 || actor.id === selected.id)
      lanes.push({ id: actor.id, name });
  }
  return lanes;
}

/** The entries in which the neighbours of an actor are looked for. */
const MAX_LOOKED_AT = 20_000;

/** An actor, its parent, its children, and the actors with which it has exchanged events. */
function nearActors(model: Model, id: string): ReadonlySet<string> {
  const near = new Set([id]);
  const parent = model.actorOf(id)?.parent;
  if (parent !== undefined) near.add(parent);
  for (const actor of model.actors()) if (actor.parent === id) near.add(actor.id);
  let count = 0;
  for (const entry of model.history.entriesBefore(model.seq + 1)) {
    count += 1;
    if (count > MAX_LOOKED_AT) break;
    if (entry.kind !== 'event' || entry.origin === undefined) continue;
    if (entry.actor === id) near.add(entry.origin);
    else if (entry.origin === id) near.add(entry.actor);
  }
  return near;
}

/** The diagram of some lanes. It is extended as entries come. */
export class LanesDiagram {
  readonly lanes: readonly Lane[];
  readonly items: LaneItem[] = [];
  readonly blocks: Block[] = [];
  readonly deadlines: DeadlineBar[] = [];
  /** The number of the latest entry that is in it. */
  upTo: number;
  readonly #model: Model;
  /** Pixels for a millisecond. */
  readonly #scale: number;
  readonly #laneOf: ReadonlyMap<string, number>;
  readonly #openBlocks = new Map<number, Block>();
  readonly #openDeadlines = new Map<number, DeadlineBar[]>();

  /** Begins with the latest entries of the lanes. */
  constructor(model: Model, lanes: readonly Lane[], scale: number) {
    this.#model = model;
    this.lanes = lanes;
    this.#scale = scale;
    this.#laneOf = new Map(lanes.map(({ id }, at) => [id, at]));
    this.upTo = this.#start() - 1;
    this.#openFirstBlocks();
    this.extend();
  }

  /** The height of what is in it, in pixels. */
  get height(): number {
    return (this.items.at(-1)?.y ?? 0) + MAX_STEP / 2;
  }

  /** Whether so much was added that older entries should be left out: then a new one is to be made. */
  get isFull(): boolean {
    return this.items.length > 2 * MAX_ITEMS;
  }

  /** Adds the entries that came since. */
  extend(): void {
    for (const entry of this.#model.history.entries(this.upTo)) {
      this.upTo = entry.seq;
      const lane = this.#laneOf.get(entry.actor);
      if (lane !== undefined && isDrawn(entry, this.#model)) this.#add(entry, lane);
    }
  }

  /** The index of the first item at or below a height. */
  indexAt(y: number): number {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.items[middle]?.y ?? 0) < y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index of the last item that is not after an entry; -1 when there is none. */
  indexOf(seq: number): number {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.items[middle]?.entry.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The number of the oldest entry that is drawn. */
  #start(): number {
    let [count, looked, start] = [0, 0, this.#model.history.newest + 1];
    for (const entry of this.#model.history.entriesBefore(start)) {
      looked += 1;
      if (looked > MAX_HISTORY) break;
      if (!this.#laneOf.has(entry.actor) || !isDrawn(entry, this.#model)) continue;
      start = entry.seq;
      count += 1;
      if (count >= MAX_ITEMS) break;
    }
    return start;
  }

  /** Actors that had started before are in a state from the top on. */
  #openFirstBlocks(): void {
    for (const [lane, { id }] of this.lanes.entries()) {
      const state = this.#model.history.stateAt(id, this.upTo);
      if (state !== undefined) this.#openBlock(lane, 0, state, isFailed(state));
    }
  }

  #add(entry: Entry, lane: number): void {
    const previous = this.items.at(-1);
    const ms = previous === undefined ? 0 : Math.max(0, entry.at - previous.entry.at);
    const step = Math.min(MAX_STEP, Math.max(MIN_STEP, ms * this.#scale));
    const y = previous === undefined ? TOP : previous.y + step;
    const isFailure = this.#model.isFailure(entry);
    const block = this.#apply(entry, lane, y);
    this.items.push({
      ...{ entry, y, lane, isFailure, block, text: textOf(entry), from: this.#senderOf(entry) },
      gap: ms >= TOLD_MS && ms * this.#scale > MAX_STEP ? ms : undefined,
    });
  }

  /** Begins and ends states and deadlines with an entry. Returns the state that begins. */
  #apply(entry: Entry, lane: number, y: number): Block | undefined {
    if (entry.kind === 'state') return this.#onState(entry, lane, y);
    if (entry.kind === 'start') {
      const state = this.#model.history.stateAt(entry.actor, entry.seq);
      if (state !== undefined) return this.#openBlock(lane, y, state, isFailed(state));
    } else if (entry.kind === 'stop') this.#close(lane, y, entry.at);
    else if (entry.kind === 'event') this.#onEvent(entry.name, lane, y, entry.at);
    return undefined;
  }

  #senderOf(entry: Entry): number | undefined {
    return entry.kind === 'event' && entry.origin !== undefined
      ? this.#laneOf.get(entry.origin)
      : undefined;
  }

  #onState({ state, at }: StateEntry, lane: number, y: number): Block | undefined {
    this.#updateDeadlines(lane, y, state);
    if (this.#openBlocks.get(lane)?.text === blockText(state)) return undefined;
    this.#closeBlock(lane, y, at);
    return this.#openBlock(lane, y, state, isFailed(state));
  }

  #openBlock(lane: number, y: number, state: ActorState, isFailure: boolean): Block {
    const { at } = state;
    const text = blockText(state);
    const block: Block = { lane, y, end: undefined, text, at, ms: undefined, isFailure };
    this.blocks.push(block);
    this.#openBlocks.set(lane, block);
    return block;
  }

  #closeBlock(lane: number, y: number, at: number): void {
    const open = this.#openBlocks.get(lane);
    if (open === undefined) return;
    open.end = y;
    open.ms = Math.max(0, at - open.at);
    this.#openBlocks.delete(lane);
  }

  #close(lane: number, y: number, at: number): void {
    this.#closeBlock(lane, y, at);
    for (const bar of this.#openDeadlines.get(lane) ?? []) end(bar, y, at, 'cancelled');
    this.#openDeadlines.delete(lane);
  }

  /** The event of a deadline says that it has passed. */
  #onEvent(name: string, lane: number, y: number, at: number): void {
    for (const bar of this.#openDeadlines.get(lane) ?? []) {
      if (bar.deadline.event === name) end(bar, y, at, 'passed');
    }
  }

  #updateDeadlines(lane: number, y: number, { deadlines = [], at }: ActorState): void {
    const isSame = (one: RunningDeadline, other: RunningDeadline) =>
      one.event === other.event && one.startedAt === other.startedAt;
    const open: DeadlineBar[] = [];
    for (const bar of this.#openDeadlines.get(lane) ?? []) {
      if (bar.outcome !== 'running') continue;
      if (deadlines.some((one) => isSame(one, bar.deadline))) open.push(bar);
      else end(bar, y, at, 'cancelled');
    }
    for (const deadline of deadlines) {
      if (open.some((bar) => isSame(bar.deadline, deadline))) continue;
      const text = eventText(deadline.event);
      const bar: DeadlineBar = {
        lane,
        y,
        end: undefined,
        text,
        deadline,
        outcome: 'running',
        left: 0,
      };
      this.deadlines.push(bar);
      open.push(bar);
    }
    this.#openDeadlines.set(lane, open);
  }
}

function end(bar: DeadlineBar, y: number, at: number, outcome: 'passed' | 'cancelled'): void {
  const { startedAt, ms } = bar.deadline;
  bar.end = y;
  bar.outcome = outcome;
  bar.left = outcome === 'passed' ? 0 : Math.max(0, startedAt + ms - at);
}

const blockText = ({ value, status }: ActorState): string =>
  status === 'active' ? valueText(value) : status;

/** What XState does itself, and states that do not change, would hide the rest. */
function isDrawn(entry: Entry, model: Model): boolean {
  if (entry.kind === 'event') return !/^xstate\.(?!after\()/.test(entry.name);
  if (entry.kind !== 'state') return entry.kind !== 'problem';
  const isChanged = model.changeOf(entry)?.from !== undefined;
  return isChanged || entry.state.status !== 'active' || model.isFailure(entry);
}

function textOf(entry: Entry): string {
  switch (entry.kind) {
    case 'event':
      return eventText(entry.name);
    case 'state':
      return blockText(entry.state);
    case 'message':
    case 'problem':
      return entry.text;
    case 'start':
      return 'started';
    case 'stop':
      return 'ended';
  }
}
