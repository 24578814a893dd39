/** The selected actor at the selected moment: its errors, deadlines, output and context. */

import type { ActorState, ActorView, Json } from '../shared/view.ts';
import { byId, html } from './dom.ts';
import { chainOf, errorsIn } from './errors.ts';
import { actorName, clockTime, countdown, duration, eventText, valueText } from './format.ts';
import { jsonView, longText } from './json-view.ts';
import type { Model } from './model.ts';

/** A longer message of an error is cut. */
const MAX_MESSAGE_CHARACTERS = 4_000;

/** Draws the pane "Details". */
export class Detail {
  readonly #model: Model;
  readonly #root = byId('detail', HTMLElement);
  #drawn: unknown;
  /** Updates the times, which change without a new state. */
  #updateTimes: (() => void) | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  draw(): void {
    const { actor, state } = this.#model;
    // Drawn only when the state changes, so that opened values stay open meanwhile.
    if (state !== this.#drawn || state === undefined) this.#fill(actor, state);
    this.#drawn = state;
    this.#updateTimes?.();
  }

  #fill(actor: ActorView | undefined, state: ActorState | undefined): void {
    this.#updateTimes = undefined;
    if (actor === undefined || state === undefined) {
      this.#root.replaceChildren(html('p', { class: 'hint' }, 'Select an actor.'));
      return;
    }
    const title = html('h2', {}, actorName(actor));
    const parts = [this.#facts(actor, state), ...this.#sections(actor, state)];
    this.#root.replaceChildren(title, ...parts);
  }

  #facts(actor: ActorView, state: ActorState): HTMLElement {
    const since = html('dd');
    const from = this.#model.sinceOf(actor.id) ?? state.at;
    const deadlines = (state.deadlines ?? []).map((deadline) => ({ deadline, left: html('dd') }));
    this.#updateTimes = () => {
      const now = this.#model.clockOf(actor.program);
      since.textContent = `${clockTime(from)}, for ${duration(Math.max(0, now - from))}`;
      for (const { deadline, left } of deadlines) {
        left.textContent = `in ${countdown(deadline.startedAt + deadline.ms - now)}`;
      }
    };
    return html(
      'dl',
      {},
      ...pair('state', valueText(state.value), 'value'),
      ...[html('dt', {}, 'since'), since],
      ...pair('event', eventText(state.event)),
      ...(state.status === 'active' ? [] : pair('status', state.status)),
      ...deadlines.flatMap(({ deadline: { event }, left }) => [
        html('dt', {}, eventText(event)),
        left,
      ]),
      ...pair('actor', actor.id),
    );
  }

  #sections(actor: ActorView, state: ActorState): HTMLElement[] {
    const errors = errorsIn(state);
    const values: readonly (readonly [string, Json | undefined])[] = [
      ['Output', state.output],
      ['Actions', state.actions],
      ['Emitted', state.emitted],
    ];
    return [
      ...errors.map(({ path, error }) => errorSection(path, error)),
      ...values.flatMap(([name, value]) => (value === undefined ? [] : [section(name, value, 1)])),
      ...(actor.kind === 'machine' ? [section('Context', state.context, 1)] : []),
      ...this.#times(actor),
    ];
  }

  /** The total time in each state, within the kept history. */
  #times(actor: ActorView): HTMLElement[] {
    const known = this.#model.history.actors.get(actor.id);
    if (known === undefined || known.states.length === 0) return [];
    const times = new Map<string, number>();
    let { at, value } = known.actor.base;
    for (const { seq, state } of known.states) {
      if (seq > this.#model.seq) break;
      const text = valueText(value);
      times.set(text, (times.get(text) ?? 0) + state.at - at);
      ({ at, value } = state);
    }
    const rows = [...times].map(([name, ms]) =>
      html('tr', {}, html('th', { scope: 'row' }, name), html('td', {}, duration(ms))),
    );
    const table = html('table', {}, html('tbody', {}, ...rows));
    return [html('details', {}, html('summary', {}, 'Time in each state'), table)];
  }
}

const pair = (term: string, text: string, kind?: string): HTMLElement[] => [
  html('dt', {}, term),
  html('dd', { class: kind }, text),
];

const section = (name: string, value: Json, depth: number): HTMLElement =>
  html('section', {}, html('h3', {}, name), jsonView(value, depth));

/** An error with its causes, the outermost first. */
function errorSection(path: string, error: Json): HTMLElement {
  const items = chainOf(error).map(({ title, message, whole }) =>
    html(
      'li',
      {},
      html(
        'p',
        {},
        html('strong', {}, ...longText(title)),
        title === '' ? '' : ' ',
        ...longText(message, MAX_MESSAGE_CHARACTERS),
      ),
      whole === undefined
        ? undefined
        : html('details', {}, html('summary', {}, 'details'), jsonView(whole, 1)),
    ),
  );
  const title = html('h3', {}, `Error in ${path}`);
  return html('section', { class: 'error' }, title, html('ol', {}, ...items));
}
