/** The timeline: the kept entries that pass the filter, the newest last. Only visible rows are drawn. */

import type { Entry } from '../shared/view.ts';
import { byId, html } from './dom.ts';
import { Filter } from './filter.ts';
import type { Model } from './model.ts';
import { rowOf } from './row.ts';

/** In pixels, as in the style sheet. */
const ROW_HEIGHT = 22;
/** Rows drawn above and below the visible ones. */
const MARGIN_ROWS = 8;

/** Draws the pane "Timeline" and selects its entries. */
export class Timeline {
  readonly #model: Model;
  readonly #filter: Filter;
  readonly #root = byId('timeline', HTMLElement);
  readonly #count = byId('count', HTMLElement);
  readonly #space = html('div', { class: 'space' });
  /** The numbers of the entries that pass the filter. */
  #passed: number[] = [];
  /** The number of the latest filtered entry. */
  #filtered = 0;
  #drawn = '';
  /** Whether the newest entry is kept in view. */
  #follows = true;

  constructor(model: Model) {
    this.#model = model;
    this.#filter = new Filter(model);
    this.#root.append(this.#space);
    this.#root.addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#root;
      this.#follows = scrollHeight - scrollTop - clientHeight < ROW_HEIGHT;
    });
    this.#root.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  draw(): void {
    if (this.#filter.isChanged()) {
      this.#passed = [];
      this.#filtered = 0;
    }
    this.#filterNew();
    const height = Math.max(1, this.#root.clientHeight);
    this.#space.style.height = `${String(this.#passed.length * ROW_HEIGHT)}px`;
    if (this.#model.isLive && this.#follows) {
      this.#root.scrollTop = Math.max(0, this.#passed.length * ROW_HEIGHT - height);
    }
    const from = Math.max(0, Math.floor(this.#root.scrollTop / ROW_HEIGHT) - MARGIN_ROWS);
    const rows = Math.ceil(height / ROW_HEIGHT) + 2 * MARGIN_ROWS;
    const to = Math.min(this.#passed.length, from + rows);
    this.#drawRows(from, to);
    this.#count.textContent = `${String(this.#passed.length)} of ${String(this.#model.history.length)}`;
  }

  /** Moves the selection by a number of rows, at most to the first or the last one. */
  step(rows: number): void {
    if (this.#passed.length === 0) return;
    const at = this.#indexOf(this.#model.seq);
    const to = Math.min(this.#passed.length - 1, Math.max(0, at + rows));
    this.#select(this.#passed[to]);
    this.#scrollTo(to);
  }

  /** Drops the selection and follows the newest entry. */
  returnToLive(): void {
    this.#model.goLive();
    this.#follows = true;
  }

  /** Filters the new entries, and removes those that are no longer kept. */
  #filterNew(): void {
    const { history } = this.#model;
    const { newest } = history;
    const isKept = (seq: number) => history.entry(seq) !== undefined;
    if (!this.#passed.every(isKept)) this.#passed = this.#passed.filter(isKept);
    for (const entry of history.entries(this.#filtered)) {
      if (this.#filter.passes(entry)) this.#passed.push(entry.seq);
    }
    this.#filtered = newest;
  }

  #drawRows(from: number, to: number): void {
    const { cursor, epoch } = this.#model;
    const key = [from, to, this.#passed[from], this.#passed[to - 1], cursor, epoch].join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    const entries = this.#passed.slice(from, to).map((seq) => this.#model.history.entry(seq));
    const rows = entries.map((entry, at) => entry && this.#row(entry, from + at));
    this.#space.replaceChildren(...rows.filter((row) => row !== undefined));
  }

  #row(entry: Entry, at: number): HTMLElement {
    const row = rowOf(entry, this.#model);
    row.style.top = `${String(at * ROW_HEIGHT)}px`;
    row.setAttribute('aria-selected', String(entry.seq === this.#model.cursor));
    row.addEventListener('click', () => {
      this.#select(entry.seq);
    });
    return row;
  }

  #select(seq: number | undefined): void {
    const entry = seq === undefined ? undefined : this.#model.history.entry(seq);
    if (entry === undefined) return;
    this.#model.pin(entry.seq);
    if (entry.kind !== 'problem') this.#model.selected = this.#machineOf(entry.actor);
  }

  /** An actor that is not a machine is selected by the machine that runs it. */
  #machineOf(id: string): string {
    const actor = this.#model.history.actors.get(id)?.actor;
    return actor?.kind === 'actor' ? (actor.parent ?? id) : id;
  }

  #scrollTo(at: number): void {
    const { scrollTop, clientHeight } = this.#root;
    const top = at * ROW_HEIGHT;
    if (top < scrollTop) this.#root.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight) {
      this.#root.scrollTop = top + ROW_HEIGHT - clientHeight;
    }
  }

  #indexOf(seq: number): number {
    return this.#passed.findLastIndex((other) => other <= seq);
  }

  #onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#root.clientHeight / ROW_HEIGHT) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const rows = steps[event.key];
    if (rows === undefined) return;
    event.preventDefault();
    this.step(rows);
  }
}
