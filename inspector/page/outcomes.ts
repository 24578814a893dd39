/** Pairs each event with the state that it led to: an actor handles its events in the order of arrival. */

import type { Entry, StateEntry } from '../shared/view.ts';

export type EventEntry = Extract<Entry, { kind: 'event' }>;

/** Events of an actor that wait for their outcome; more than these are not paired. */
const MAX_WAITING = 1_000;

/** Which state an event led to, and which event led to a state. */
export class Outcomes {
  readonly #waiting = new Map<string, EventEntry[]>();
  readonly #outcomes = new WeakMap<EventEntry, StateEntry>();
  readonly #causes = new WeakMap<StateEntry, EventEntry>();

  /** Takes the next entry. */
  add(entry: Entry): void {
    if (entry.kind === 'event') this.#wait(entry);
    else if (entry.kind === 'state') this.#pair(entry);
    else if (entry.kind === 'stop') this.#waiting.delete(entry.actor);
  }

  outcomeOf(event: EventEntry): StateEntry | undefined {
    return this.#outcomes.get(event);
  }

  causeOf(state: StateEntry): EventEntry | undefined {
    return this.#causes.get(state);
  }

  /** Forgets what waits for the outcome of the actors. */
  forget(isForgotten: (actor: string) => boolean): void {
    for (const id of this.#waiting.keys()) if (isForgotten(id)) this.#waiting.delete(id);
  }

  #wait(event: EventEntry): void {
    const waiting = this.#waiting.get(event.actor);
    if (waiting === undefined) this.#waiting.set(event.actor, [event]);
    else if (waiting.length < MAX_WAITING) waiting.push(event);
  }

  #pair(entry: StateEntry): void {
    const waiting = this.#waiting.get(entry.actor);
    const at = waiting?.findIndex(({ name }) => name === entry.state.event) ?? -1;
    const event = waiting?.[at];
    if (waiting === undefined || event === undefined) return;
    // Those before it have had no outcome: the report has left it out.
    waiting.splice(0, at + 1);
    this.#outcomes.set(event, entry);
    this.#causes.set(entry, event);
  }
}
