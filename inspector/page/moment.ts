/**
 * A moment that the page was pinned to. It captures what the panes show of it, so that it stays as it was
 * when its entries leave the history.
 */

import type { History } from '../shared/history.ts';
import type { ActorState, ActorView, Entry, StateEntry } from '../shared/view.ts';

/** The latest states of an actor that are captured: enough to see how it got where it was. */
const STATES = 100;

/** An actor at that moment. */
export interface ActorAtMoment {
  readonly actor: ActorView;
  readonly state: ActorState;
  readonly isAlive: boolean;
  /** Its latest states up to the moment, the oldest first. */
  readonly states: readonly StateEntry[];
}

/** Everything that is known of one moment. */
export class Moment {
  /** The number of the entry. */
  readonly seq: number;
  /** The entry; `undefined` when the page was paused before there was one. */
  readonly entry: Entry | undefined;
  /** The state of the entry's actor before it. */
  readonly before: ActorState | undefined;
  /** Why the page is here: what the user, or a breakpoint, has chosen. */
  readonly why: string;
  /** The actors that had started, by their ids. */
  readonly actors = new Map<string, ActorAtMoment>();

  constructor(history: History, seq: number, why: string) {
    this.seq = seq;
    this.entry = history.entry(seq);
    this.before = this.entry && history.stateAt(this.entry.actor, seq - 1);
    this.why = why;
    for (const [id, { actor, stop }] of history.actors) {
      const state = history.stateAt(id, seq);
      if (state === undefined) continue;
      const isAlive = stop === undefined || stop > seq;
      this.actors.set(id, { actor, state, isAlive, states: history.statesUpTo(id, seq, STATES) });
    }
  }

  /** When it was, on the clock of the program that reported the entry. */
  get at(): number | undefined {
    return this.entry?.at;
  }
}
