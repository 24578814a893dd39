/** What became of an event that the page has sent: whether it arrived, and whether it was handled. */

import type { StateEntry } from '../shared/view.ts';
import { oneLine, valueText } from './format.ts';
import type { Model } from './model.ts';
import type { EventEntry } from './outcomes.ts';
import { hasThrown } from './thrown.ts';

const MAX_NAME_CHARACTERS = 120;

/** Follows one event until its outcome is known. */
export class SentResult {
  readonly id: number;
  readonly #model: Model;
  readonly #type: string;
  readonly #actor: string;
  /** The latest entry that was examined. */
  #seq: number;
  #entry: EventEntry | undefined;
  #text: string;
  #isSettled = false;

  /** Call it before the event is sent. */
  constructor(model: Model, id: number, actor: string, type: string) {
    this.id = id;
    this.#model = model;
    this.#type = type;
    this.#actor = actor;
    this.#seq = model.history.newest;
    this.#text = `Sending ${short(type)} …`;
  }

  /** The inspector has answered. */
  answered(problem: string | undefined): void {
    if (this.#isSettled) return;
    this.#isSettled = problem !== undefined;
    this.#text = problem ?? `Sent ${short(this.#type)}.`;
  }

  /** What is known by now, in one sentence. */
  text(): string {
    if (this.#isSettled) return this.#text;
    this.#entry ??= this.#findEntry();
    const outcome = this.#entry && this.#model.outcomeOf(this.#entry);
    if (outcome === undefined) return this.#text;
    this.#isSettled = true;
    this.#text = outcomeText(this.#model, this.#type, outcome);
    return this.#text;
  }

  #findEntry(): EventEntry | undefined {
    for (const entry of this.#model.history.entries(this.#seq)) {
      this.#seq = entry.seq;
      if (entry.kind === 'event' && entry.actor === this.#actor && entry.name === this.#type)
        return entry;
    }
    return undefined;
  }
}

function outcomeText(model: Model, type: string, outcome: StateEntry): string {
  const { state } = outcome;
  const isHandled = state.microsteps?.some(({ transitions }) => transitions.length > 0) === true;
  const value = short(valueText(state.value));
  if (hasThrown(state, model.causeOf(outcome)?.data))
    return `${short(type)} arrived in ${value}, and an action or a guard threw: the details say what.`;
  if (!isHandled)
    return `${short(type)} arrived, but was not handled: no transition in ${value} allows it. Its entry in the timeline says why.`;
  const before = model.stateBefore(outcome);
  const from = before === undefined ? '' : short(valueText(before.value));
  return from === value || from === ''
    ? `${short(type)} was handled in ${value}.`
    : `${short(type)} was handled: ${from} → ${value}.`;
}

const short = (text: string): string => oneLine(text, MAX_NAME_CHARACTERS);
