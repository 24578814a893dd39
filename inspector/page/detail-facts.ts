/** The state of the selected actor: since when, by which event, and which deadlines run. */

import type { ActorState, ActorView, RunningDeadline } from '../shared/view.ts';
import { html, setAttribute, setText } from './dom.ts';
import { clockTime, countdown, duration, eventText, oneLine, valueText } from './format.ts';
import type { Model } from './model.ts';

const MAX_CHARACTERS = 2_000;
const MAX_DEADLINES = 50;

/** The list of facts. Its rows are updated in place. */
export class Facts {
  readonly element = html('dl');
  readonly #model: Model;
  readonly #rows = new Map<string, { readonly term: HTMLElement; readonly text: HTMLElement }>();
  #state: ActorState | undefined;
  #since = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  draw(actor: ActorView, state: ActorState): void {
    if (state !== this.#state) {
      this.#since = this.#model.sinceOf(actor.id) ?? state.at;
      this.#keep([
        'state',
        'since',
        'event',
        'status',
        'tags',
        'actions',
        ...deadlinesOf(state).map(keyOf),
        'actor',
      ]);
      this.#set('state', valueText(state.value), 'value');
      this.#set('event', eventText(state.event));
      this.#set('status', state.status === 'active' ? '' : state.status);
      this.#set('tags', state.tags?.join(', ') ?? '');
      this.#set('actions', this.#model.isLive ? (state.actions?.join(', ') ?? '') : '');
      this.#set('actor', actor.id);
      this.#state = state;
    }
    this.#drawTimes(actor, state);
  }

  #drawTimes({ program }: ActorView, state: ActorState): void {
    const now = this.#model.clockOf(program);
    const time = `${clockTime(this.#since)}, for ${duration(Math.max(0, now - this.#since))}`;
    this.#set('since', time);
    for (const deadline of deadlinesOf(state)) {
      const { event, ms, startedAt } = deadline;
      this.#set(
        keyOf(deadline),
        `in ${countdown(startedAt + ms - now)}`,
        undefined,
        eventText(event),
      );
    }
  }

  /** Removes the rows of deadlines that do not run any more, and makes the others in order. */
  #keep(keys: readonly string[]): void {
    const wanted = new Set(keys);
    for (const [key, { term, text }] of this.#rows) {
      if (wanted.has(key)) continue;
      term.remove();
      text.remove();
      this.#rows.delete(key);
    }
    for (const key of keys) {
      if (this.#rows.has(key)) continue;
      const row = { term: html('dt', {}, key), text: html('dd') };
      const next = keys.slice(keys.indexOf(key) + 1).find((other) => this.#rows.has(other));
      this.element.insertBefore(row.text, this.#rows.get(next ?? '')?.term ?? null);
      this.element.insertBefore(row.term, row.text);
      this.#rows.set(key, row);
    }
  }

  #set(key: string, text: string, kind?: string, name = key): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    setText(row.term, name);
    setText(row.text, oneLine(text, MAX_CHARACTERS));
    setAttribute(row.text, 'class', kind);
    for (const element of [row.term, row.text])
      setAttribute(element, 'hidden', text === '' ? '' : undefined);
  }
}

const deadlinesOf = ({ deadlines }: ActorState): readonly RunningDeadline[] =>
  deadlines?.slice(0, MAX_DEADLINES) ?? [];

const keyOf = ({ event, startedAt }: RunningDeadline): string => `${event} ${String(startedAt)}`;
