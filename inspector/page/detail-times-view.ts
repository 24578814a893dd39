/** The table "Time in each state". It is computed while it is open. */

import type { ActorView } from '../shared/view.ts';
import { columnsOf, StateTimes } from './detail-times.ts';
import { html } from './dom.ts';
import { duration, oneLine } from './format.ts';
import type { Model } from './model.ts';

/** The table changes all the time; it is drawn at this interval. */
const INTERVAL_MS = 500;
const COLUMNS = ['state', 'times', 'total', 'median', 'p95', 'longest'];
const MAX_NAME_CHARACTERS = 120;

/** Draws the table. */
export class TimesView {
  readonly element = html('details', {}, html('summary', {}, 'Time in each state'));
  readonly #model: Model;
  readonly #body = html('tbody');
  #times: StateTimes | undefined;
  #key = '';
  #drawnAt = 0;

  constructor(model: Model) {
    this.#model = model;
    const heads = COLUMNS.map((name) => html('th', { scope: 'col' }, name));
    this.element.append(
      html('table', { class: 'times' }, html('thead', {}, html('tr', {}, ...heads)), this.#body),
    );
  }

  draw(actor: ActorView): void {
    if (!this.element.open) {
      this.#drawnAt = 0;
      return;
    }
    const now = performance.now();
    const key = [actor.id, this.#model.cursor, this.#model.epoch].join();
    if (key === this.#key && this.#drawnAt > 0 && now - this.#drawnAt < INTERVAL_MS) return;
    this.#drawnAt = now;
    if (key !== this.#key || this.#times === undefined) this.#times = new StateTimes(actor.base);
    this.#key = key;
    this.#times.add(this.#model.statesOf(actor.id), this.#model.seq);
    this.#body.replaceChildren(
      ...this.#times
        .rows(this.#model.clockOf(actor.program))
        .map(({ name, stays }) =>
          html(
            'tr',
            {},
            html('th', { scope: 'row' }, oneLine(name, MAX_NAME_CHARACTERS)),
            html('td', {}, String(stays.count)),
            ...columnsOf(stays).map((ms) => html('td', {}, ms === undefined ? '' : duration(ms))),
          ),
        ),
    );
  }
}
