/** What the page notes of the entries as they come: what failed, what led to what, and what has changed. */

import { isFailure } from '../shared/failures.ts';
import type { ActorState, ActorView, Entry, StateEntry } from '../shared/view.ts';
import { valueText } from './format.ts';
import { type EventEntry, Outcomes } from './outcomes.ts';
import { hasThrown } from './thrown.ts';

/** What a state entry changed. */
export interface StateChange {
  /** The previous value; `undefined` when it was the same. */
  readonly from: string | undefined;
  /** How long the previous value lasted, in ms. */
  readonly ms: number;
}

/** The current state of an actor, as a text, and since when it has been in it. */
export interface Stay {
  readonly text: string;
  readonly at: number;
}

/** XState's own events, which most machines need not handle. */
const OWN_EVENT = /^(?:xstate\.|done\.(?:invoke|state)\.|error\.platform\.)/;

/** Notes about entries, which are forgotten with them, and about living actors. */
export class Notes {
  /** The number of failures of each actor, in all that has been received. */
  readonly failures = new Map<string, number>();
  /** The current state of each living actor. */
  readonly stays = new Map<string, Stay>();
  readonly #failed = new WeakSet<Entry>();
  readonly #outcomes = new Outcomes();
  readonly #changes = new WeakMap<Entry, StateChange>();

  addActor({ id, base }: ActorView): void {
    this.stays.set(id, { text: valueText(base.value), at: base.at });
  }

  /** @param before - The state of the entry's actor before it. */
  add(entry: Entry, before: ActorState | undefined): void {
    this.#outcomes.add(entry);
    if (isFailure(entry, before)) this.#noteFailure(entry);
    if (entry.kind === 'stop') this.stays.delete(entry.actor);
    if (entry.kind === 'state') this.#noteChange(entry);
  }

  /** Forgets the actors of a program, or all. */
  forget(isForgotten: (actor: string) => boolean): void {
    for (const map of [this.failures, this.stays]) {
      for (const id of map.keys()) if (isForgotten(id)) map.delete(id);
    }
    this.#outcomes.forget(isForgotten);
  }

  isFailure(entry: Entry): boolean {
    return this.#failed.has(entry);
  }

  outcomeOf(event: EventEntry): StateEntry | undefined {
    return this.#outcomes.outcomeOf(event);
  }

  causeOf(state: StateEntry): EventEntry | undefined {
    return this.#outcomes.causeOf(state);
  }

  changeOf(entry: Entry): StateChange | undefined {
    return this.#changes.get(entry);
  }

  /** Whether a machine took no transition for an event. `false` while it is not known. */
  isUnhandled(entry: Entry): boolean {
    if (entry.kind !== 'event' || OWN_EVENT.test(entry.name)) return false;
    const outcome = this.outcomeOf(entry);
    if (outcome === undefined || hasThrown(outcome.state, entry.data)) return false;
    return outcome.state.microsteps?.every(({ transitions }) => transitions.length === 0) ?? true;
  }

  /** An error that led to a failed state is one failure. */
  #noteFailure(entry: Entry): void {
    this.#failed.add(entry);
    const cause = entry.kind === 'state' ? this.causeOf(entry) : undefined;
    if (cause !== undefined && this.#failed.has(cause)) return;
    this.failures.set(entry.actor, (this.failures.get(entry.actor) ?? 0) + 1);
  }

  #noteChange(entry: StateEntry): void {
    const text = valueText(entry.state.value);
    const stay = this.stays.get(entry.actor);
    const isChanged = stay !== undefined && stay.text !== text;
    this.#changes.set(entry, {
      from: isChanged ? stay.text : undefined,
      ms: stay === undefined ? 0 : entry.at - stay.at,
    });
    if (isChanged || stay === undefined) this.stays.set(entry.actor, { text, at: entry.at });
  }
}
