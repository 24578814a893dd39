/**
 * What has happened, as far as it is kept: a bounded list of entries, and for each actor its states.
 *
 * The server and the page keep the same kind of history, so that the state of any actor at any entry is
 * found in either. When an old state is dropped it becomes the actor's base, so that what is kept can
 * always be told from its beginning; an actor is forgotten with the entry that stopped it.
 */

import type { ActorState, ActorView, Entry, StateEntry } from './view.ts';

/** An actor's life, as far as it is kept. */
export interface Life {
  actor: ActorView;
  readonly states: StateEntry[];
  /** The entry that ended it. */
  stop: number | undefined;
}

/** How much is kept. */
export interface Bounds {
  readonly entries: number;
  /** In bytes, roughly. */
  readonly size: number;
}

/** See the module's comment. */
export class History {
  readonly lives = new Map<string, Life>();
  readonly #bounds: Bounds;
  #entries: (Entry | undefined)[] = [];
  #dropped = 0;
  #size = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** How many entries are kept. */
  get length(): number {
    return this.#entries.length - this.#dropped;
  }

  /** The entries that are kept, the oldest first. */
  *entries(): Generator<Entry> {
    for (let at = this.#dropped; at < this.#entries.length; at += 1) {
      const entry = this.#entries[at];
      if (entry !== undefined) yield entry;
    }
  }

  /** The number of the oldest entry that is kept; 0 when there is none. */
  get oldest(): number {
    return this.#entries[this.#dropped]?.seq ?? 0;
  }

  /** The number of the newest entry; 0 when there is none. */
  get newest(): number {
    return this.#entries.at(-1)?.seq ?? 0;
  }

  /** An entry by its number. Numbers have no gaps. */
  entry(seq: number): Entry | undefined {
    const first = this.oldest;
    return seq < first || first === 0 ? undefined : this.#entries[this.#dropped + seq - first];
  }

  /** An actor is known from now on; one that was known before begins anew. */
  addActor(actor: ActorView): void {
    this.lives.set(actor.id, { actor, states: [], stop: undefined });
  }

  /** Something happened; drops what there is no room for any more. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#size += entry.size;
    const life = this.lives.get(entry.actor);
    if (entry.kind === 'state') life?.states.push(entry);
    else if (entry.kind === 'stop' && life !== undefined) life.stop = entry.seq;
    while (this.length > this.#bounds.entries || this.#size > this.#bounds.size) {
      if (this.length <= 1) break;
      this.#drop();
    }
  }

  /** What was known of an actor right after an entry; `undefined` when it was not there yet. */
  stateAt(id: string, seq: number): ActorState | undefined {
    const life = this.lives.get(id);
    if (life === undefined || life.actor.start > seq) return undefined;
    const { states } = life;
    let low = 0;
    let high = states.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((states[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return states[low - 1]?.state ?? life.actor.base;
  }

  clear(): void {
    this.lives.clear();
    this.#entries = [];
    this.#dropped = 0;
    this.#size = 0;
  }

  #drop(): void {
    const entry = this.#entries[this.#dropped];
    this.#entries[this.#dropped] = undefined;
    this.#dropped += 1;
    if (entry !== undefined) this.#forget(entry);
    // Now and then, because to shift a long array is work.
    if (this.#dropped > 1000 && this.#dropped * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#dropped);
      this.#dropped = 0;
    }
  }

  #forget(entry: Entry): void {
    this.#size -= entry.size;
    const life = this.lives.get(entry.actor);
    if (life === undefined) return;
    if (entry.kind === 'stop' && life.stop === entry.seq) this.lives.delete(entry.actor);
    if (entry.kind === 'start' && life.actor.start === entry.seq) {
      life.actor = { ...life.actor, start: 0 };
    }
    if (entry.kind === 'state' && life.states[0]?.seq === entry.seq) {
      life.states.shift();
      life.actor = { ...life.actor, base: entry.state };
    }
  }
}
