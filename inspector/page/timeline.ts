/** What happened, the newest below: as many rows as can be seen, of as many entries as are kept. */

import type { Entry } from '../shared/view.ts';
import { byId, html } from './dom.ts';
import { Filter } from './filter.ts';
import type { Model } from './model.ts';
import { rowOf } from './row.ts';

/** As in the style sheet. */
const ROW = 22;
/** Rows above and below those that can be seen. */
const MARGIN = 8;

/** See the module's comment. */
export class Timeline {
  readonly #model: Model;
  readonly #filter: Filter;
  readonly #root = byId('timeline', HTMLElement);
  readonly #count = byId('count', HTMLElement);
  readonly #space = html('div', { class: 'space' });
  /** The numbers of the entries that pass the filter. */
  #passed: number[] = [];
  #seen = 0;
  #drawn = '';
  /** Whether the newest is to be kept in view. */
  #follows = true;

  constructor(model: Model) {
    this.#model = model;
    this.#filter = new Filter(model);
    this.#root.append(this.#space);
    this.#root.addEventListener('scroll', () => {
      const { scrollTop, scrollHeight, clientHeight } = this.#root;
      this.#follows = scrollHeight - scrollTop - clientHeight < ROW;
    });
    this.#root.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  draw(): void {
    if (this.#filter.isChanged()) {
      this.#passed = [];
      this.#seen = 0;
    }
    this.#sift();
    const height = Math.max(1, this.#root.clientHeight);
    this.#space.style.height = `${String(this.#passed.length * ROW)}px`;
    if (this.#model.isLive && this.#follows) {
      this.#root.scrollTop = Math.max(0, this.#passed.length * ROW - height);
    }
    const from = Math.max(0, Math.floor(this.#root.scrollTop / ROW) - MARGIN);
    const to = Math.min(this.#passed.length, from + Math.ceil(height / ROW) + 2 * MARGIN);
    this.#drawRows(from, to);
    this.#count.textContent = `${String(this.#passed.length)} of ${String(this.#model.history.length)}`;
  }

  /** Looks at the entry that is so many rows further; the first or the last, past either end. */
  step(rows: number): void {
    if (this.#passed.length === 0) return;
    const at = this.#indexOf(this.#model.seq);
    const to = Math.min(this.#passed.length - 1, Math.max(0, at + rows));
    this.#look(this.#passed[to]);
    this.#show(to);
  }

  /** Returns to the present. */
  live(): void {
    this.#model.cursor = undefined;
    this.#follows = true;
  }

  /** Takes in what is new, and lets go what is no longer kept. */
  #sift(): void {
    const { history } = this.#model;
    const { oldest, newest } = history;
    let gone = 0;
    while ((this.#passed[gone] ?? Infinity) < oldest) gone += 1;
    if (gone > 0) this.#passed.splice(0, gone);
    for (let seq = Math.max(oldest, this.#seen + 1); seq <= newest && seq > 0; seq += 1) {
      const entry = history.entry(seq);
      if (entry !== undefined && this.#filter.passes(entry)) this.#passed.push(seq);
    }
    this.#seen = newest;
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
    row.style.top = `${String(at * ROW)}px`;
    row.setAttribute('aria-selected', String(entry.seq === this.#model.cursor));
    row.addEventListener('click', () => {
      this.#look(entry.seq);
    });
    return row;
  }

  #look(seq: number | undefined): void {
    const entry = seq === undefined ? undefined : this.#model.history.entry(seq);
    if (entry === undefined) return;
    this.#model.cursor = entry.seq;
    if (entry.kind !== 'problem') this.#model.selected = this.#subject(entry.actor);
  }

  /** The machine, where the entry is about one of the actors that it runs. */
  #subject(id: string): string {
    const actor = this.#model.history.lives.get(id)?.actor;
    return actor?.kind === 'actor' ? (actor.parent ?? id) : id;
  }

  #show(at: number): void {
    const { scrollTop, clientHeight } = this.#root;
    if (at * ROW < scrollTop) this.#root.scrollTop = at * ROW;
    else if ((at + 1) * ROW > scrollTop + clientHeight) {
      this.#root.scrollTop = (at + 1) * ROW - clientHeight;
    }
  }

  #indexOf(seq: number): number {
    return this.#passed.findLastIndex((other) => other <= seq);
  }

  #onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#root.clientHeight / ROW) - 1);
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
