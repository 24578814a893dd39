/** How long an actor was in each of its states, in all that is kept of it. */

import {
  mergedStays,
  NO_STAYS,
  percentile,
  StayCounter,
  type Stays,
} from '../shared/coverage-stays.ts';
import type { ActorState, StateEntry, Timestamp } from '../shared/view.ts';
import { valueText } from './format.ts';

/** A state value, and the times that the actor was in it. The last one may still go on. */
export interface TimesInState {
  readonly name: string;
  readonly stays: Stays;
}

/** More different states are not shown: the value of a machine with regions has many. */
const MAX_ROWS = 100;

/** Sums up the states of an actor, as they come. */
export class StateTimes {
  readonly #counters = new Map<string, StayCounter>();
  #name: string;
  #since: Timestamp;
  #seq = 0;

  constructor({ value, at }: ActorState) {
    this.#name = valueText(value);
    this.#since = at;
  }

  /** Adds the states up to an entry that have come since the last call. */
  add(states: readonly StateEntry[], until: number): void {
    let from = states.length;
    while (from > 0 && (states[from - 1]?.seq ?? 0) > this.#seq) from -= 1;
    for (const { seq, state } of states.slice(from)) {
      if (seq > until) return;
      this.#seq = seq;
      const name = valueText(state.value);
      if (name === this.#name) continue;
      this.#end(state.at);
      [this.#name, this.#since] = [name, state.at];
    }
  }

  #end(at: Timestamp): void {
    let counter = this.#counters.get(this.#name);
    if (counter === undefined) {
      if (this.#counters.size >= MAX_ROWS) return;
      counter = new StayCounter();
      this.#counters.set(this.#name, counter);
    }
    counter.add(at - this.#since);
  }

  /** The times so far, with the present one up to now; the longest total first. */
  rows(now: Timestamp): TimesInState[] {
    const current = new StayCounter();
    current.add(now - this.#since);
    const ended = [...this.#counters].map(([name, { stays }]) => ({ name, stays }));
    const before = ended.find(({ name }) => name === this.#name)?.stays ?? NO_STAYS;
    const rows = [
      ...ended.filter(({ name }) => name !== this.#name),
      { name: this.#name, stays: mergedStays(before, current.stays) },
    ];
    return rows.toSorted((one, other) => other.stays.total - one.stays.total).slice(0, MAX_ROWS);
  }
}

/** The columns of the table, in milliseconds. */
export const columnsOf = (stays: Stays): readonly (number | undefined)[] => [
  stays.total / 1000,
  percentile(stays, 0.5),
  percentile(stays, 0.95),
  stays.max / 1000,
];
