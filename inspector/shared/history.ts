/**
 * A bounded history: the latest entries of each program, and the states of each actor.
 *
 * The server and the page keep the same history, so that both can find the state of any actor at any kept
 * entry. Each program has bounds of its own: one that is busy, or a recording that is opened, does not
 * displace what is known of another. When an old state is dropped, it becomes the actor's base state, from
 * which the kept ones follow. An actor is dropped with the entry that stopped it.
 */

import { EntryQueue } from './entry-queue.ts';
import { type HistoryBounds, TOTAL_BOUNDS } from './history-bounds.ts';
import type { ActorState, ActorView, Entry, ProgramView, StateEntry } from './view.ts';

export {
  HISTORY_BOUNDS,
  type HistoryBounds,
  RECORDING_BOUNDS,
  TOTAL_BOUNDS,
} from './history-bounds.ts';

/** The kept history of one actor. */
export interface ActorHistory {
  actor: ActorView;
  readonly states: StateEntry[];
  /** The number of the entry that stopped it. */
  stop: number | undefined;
}

/** The id of the program that an entry belongs to. */
export const programOf = ({ actor, kind }: Pick<Entry, 'actor' | 'kind'>): string =>
  kind === 'problem' ? actor : actor.slice(0, Math.max(0, actor.indexOf('/')));

/** Entries by number, and actors by id. */
export class History {
  readonly actors = new Map<string, ActorHistory>();
  /** Called with each entry that is no longer kept. */
  onDrop: ((entry: Entry) => void) | undefined;
  readonly #bounds: HistoryBounds;
  readonly #recordingBounds: HistoryBounds;
  readonly #totalBounds: HistoryBounds;
  readonly #entries = new Map<number, Entry>();
  /** The numbers of the entries, ascending; some of them are no longer kept. */
  #order: number[] = [];
  readonly #queues = new Map<string, EntryQueue>();
  readonly #recordings = new Set<string>();
  #size = 0;

  constructor(
    bounds: HistoryBounds,
    recordingBounds: HistoryBounds = bounds,
    totalBounds: HistoryBounds = TOTAL_BOUNDS,
  ) {
    this.#bounds = bounds;
    this.#recordingBounds = recordingBounds;
    this.#totalBounds = totalBounds;
  }

  /** The number of kept entries. */
  get length(): number {
    return this.#entries.size;
  }

  /** The kept entries after a number, the oldest first. */
  *entries(after = 0): Generator<Entry> {
    for (let at = this.#indexAfter(after); at < this.#order.length; at += 1) {
      const entry = this.#entries.get(this.#order[at] ?? 0);
      if (entry !== undefined) yield entry;
    }
  }

  /** The kept entries before a number, the newest first. */
  *entriesBefore(seq: number): Generator<Entry> {
    for (let at = this.#indexAfter(seq - 1) - 1; at >= 0; at -= 1) {
      const entry = this.#entries.get(this.#order[at] ?? 0);
      if (entry !== undefined) yield entry;
    }
  }

  /** The number of the oldest kept entry; 0 when there is none. */
  get oldest(): number {
    for (const seq of this.#entries.keys()) return seq;
    return 0;
  }

  /** The number of the newest entry; 0 when there is none. */
  get newest(): number {
    return this.#order.at(-1) ?? 0;
  }

  /** The kept entry with this number. */
  entry(seq: number): Entry | undefined {
    return this.#entries.get(seq);
  }

  /** The number of entries of a program that were dropped. */
  droppedOf(program: string): number {
    return this.#queues.get(program)?.dropped ?? 0;
  }

  /** The number of the oldest kept entry of a program; 0 when there is none. */
  oldestOf(program: string): number {
    return this.#queues.get(program)?.first ?? 0;
  }

  /** Adds a program, whose source decides about its bounds, and what it had lost before. */
  addProgram({ id, source, dropped = 0 }: ProgramView): void {
    if (source === 'recording') this.#recordings.add(id);
    const queue = this.#queueOf(id);
    queue.dropped = Math.max(queue.dropped, dropped);
  }

  /** Adds an actor. A previous actor with the same id is replaced. */
  addActor(actor: ActorView): void {
    this.actors.set(actor.id, { actor, states: [], stop: undefined });
  }

  /** Adds an entry, and drops the oldest ones beyond the bounds. The newest of a program is always kept. */
  add(entry: Entry): void {
    const known = this.actors.get(entry.actor);
    const program = programOf(entry);
    const queue = this.#queueOf(program);
    this.#entries.set(entry.seq, entry);
    this.#order.push(entry.seq);
    this.#size += entry.size;
    queue.push(entry.seq, entry.size);
    if (entry.kind === 'state') known?.states.push(entry);
    else if (entry.kind === 'stop' && known !== undefined) known.stop = entry.seq;
    const bounds = this.#recordings.has(program) ? this.#recordingBounds : this.#bounds;
    while (queue.exceeds(bounds)) this.#drop(queue);
    while (this.#exceedsTotal() && this.#dropOfLargest());
    this.#compact();
  }

  /** The state of an actor right after an entry; `undefined` when it had not started yet. */
  stateAt(id: string, seq: number): ActorState | undefined {
    const known = this.actors.get(id);
    if (known === undefined || known.actor.start > seq) return undefined;
    return known.states[indexAfter(known.states, seq) - 1]?.state ?? known.actor.base;
  }

  /** The kept states of an actor up to an entry, at most the latest `most`. */
  statesUpTo(id: string, seq: number, most: number): readonly StateEntry[] {
    const states = this.actors.get(id)?.states ?? [];
    const end = indexAfter(states, seq);
    return states.slice(Math.max(0, end - most), end);
  }

  /** Forgets a program with all its actors and entries. */
  forget(program: string): void {
    const queue = this.#queues.get(program);
    while (queue !== undefined && queue.length > 0) this.#drop(queue);
    this.#queues.delete(program);
    this.#recordings.delete(program);
    for (const [id, { actor }] of this.actors)
      if (actor.program === program) this.actors.delete(id);
    this.#compact();
  }

  clear(): void {
    this.actors.clear();
    this.#entries.clear();
    this.#order = [];
    this.#queues.clear();
    this.#recordings.clear();
    this.#size = 0;
  }

  #queueOf(program: string): EntryQueue {
    const known = this.#queues.get(program);
    if (known !== undefined) return known;
    const queue = new EntryQueue();
    this.#queues.set(program, queue);
    return queue;
  }

  #exceedsTotal(): boolean {
    const { entries, size } = this.#totalBounds;
    return this.#entries.size > entries || this.#size > size;
  }

  /** Whether one could be dropped: the newest entry of each program is kept. */
  #dropOfLargest(): boolean {
    let largest: EntryQueue | undefined;
    for (const queue of this.#queues.values()) {
      if (queue.length > 1 && queue.size > (largest?.size ?? -1)) largest = queue;
    }
    if (largest !== undefined) this.#drop(largest);
    return largest !== undefined;
  }

  #drop(queue: EntryQueue): void {
    const seq = queue.first;
    const entry = this.#entries.get(seq);
    queue.shift(entry?.size ?? 0);
    this.#entries.delete(seq);
    if (entry === undefined) return;
    this.#onDropped(entry);
    this.onDrop?.(entry);
  }

  #onDropped(entry: Entry): void {
    this.#size -= entry.size;
    const known = this.actors.get(entry.actor);
    if (known === undefined) return;
    if (entry.kind === 'stop' && known.stop === entry.seq) this.actors.delete(entry.actor);
    if (entry.kind === 'start' && known.actor.start === entry.seq) {
      known.actor = { ...known.actor, start: 0 };
    }
    if (entry.kind === 'state' && known.states[0]?.seq === entry.seq) {
      known.states.shift();
      known.actor = { ...known.actor, base: entry.state };
    }
  }

  /** The numbers are rarely cleaned up, because rebuilding a long array is expensive. */
  #compact(): void {
    if (this.#order.length <= 2 * this.#entries.size + 1000) return;
    this.#order = [...this.#entries.keys()];
  }

  #indexAfter(seq: number): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#order[middle] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The index of the first state after an entry. */
function indexAfter(states: readonly StateEntry[], seq: number): number {
  let [low, high] = [0, states.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((states[middle]?.seq ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
