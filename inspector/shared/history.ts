/**
 * A bounded history: the latest entries, and the states of each actor.
 *
 * The server and the page keep the same history, so that both can find the state of any actor at any kept
 * entry. When an old state is dropped, it becomes the actor's base state, from which the kept ones
 * follow. An actor is dropped with the entry that stopped it.
 */

import type { ActorState, ActorView, Entry, StateEntry } from './view.ts';

/** The kept history of one actor. */
export interface ActorHistory {
  actor: ActorView;
  readonly states: StateEntry[];
  /** The number of the entry that stopped it. */
  stop: number | undefined;
}

/** The maximum size of a history. */
export interface HistoryBounds {
  readonly entries: number;
  /** In bytes, approximately. */
  readonly size: number;
}

/** The bounds of the server and of the page. */
export const HISTORY_BOUNDS: HistoryBounds = { entries: 20_000, size: 64 * 1024 * 1024 };

/** Entries by number, and actors by id. */
export class History {
  readonly actors = new Map<string, ActorHistory>();
  readonly #bounds: HistoryBounds;
  #entries: (Entry | undefined)[] = [];
  #dropped = 0;
  #size = 0;

  constructor(bounds: HistoryBounds) {
    this.#bounds = bounds;
  }

  /** The number of kept entries. */
  get length(): number {
    return this.#entries.length - this.#dropped;
  }

  /** The kept entries, the oldest first. */
  *entries(): Generator<Entry> {
    for (let at = this.#dropped; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at];
      if (entry !== undefined) yield entry;
    }
  }

  /** The number of the oldest kept entry; 0 when there is none. */
  get oldest(): number {
    return this.#entries[this.#dropped]?.seq ?? 0;
  }

  /** The number of the newest entry; 0 when there is none. */
  get newest(): number {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** The kept entry with this number. Numbers have no gaps. */
  entry(seq: number): Entry | undefined {
    const first = this.oldest;
    return seq < first || first === 0 ? undefined : this.#entries[this.#dropped + seq - first];
  }

  /** Adds an actor. A previous actor with the same id is replaced. */
  addActor(actor: ActorView): void {
    this.actors.set(actor.id, { actor, states: [], stop: undefined });
  }

  /** Adds an entry, and drops the oldest ones beyond the bounds. The newest is always kept. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#size += entry.size;
    const known = this.actors.get(entry.actor);
    if (entry.kind === 'state') known?.states.push(entry);
    else if (entry.kind === 'stop' && known !== undefined) known.stop = entry.seq;
    while (this.length > this.#bounds.entries || this.#size > this.#bounds.size) {
      if (this.length <= 1) break;
      this.#drop();
    }
  }

  /** The state of an actor right after an entry; `undefined` when it had not started yet. */
  stateAt(id: string, seq: number): ActorState | undefined {
    const known = this.actors.get(id);
    if (known === undefined || known.actor.start > seq) return undefined;
    const { states } = known;
    let low = 0;
    let high = states.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((states[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return states[low - 1]?.state ?? known.actor.base;
  }

  clear(): void {
    this.actors.clear();
    this.#entries = [];
    this.#dropped = 0;
    this.#size = 0;
  }

  #drop(): void {
    const entry = this.#entries[this.#dropped];
    this.#entries[this.#dropped] = undefined;
    this.#dropped += 1;
    if (entry !== undefined) this.#onDropped(entry);
    // The array is rarely shortened, because shifting a long array is expensive.
    if (this.#dropped > 1000 && this.#dropped * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#dropped);
      this.#dropped = 0;
    }
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
}
