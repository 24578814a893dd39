/** The view "Compare": what two actors did, side by side. */

import { type CompareRow, firstDifference, folded, MAX_STEPS } from '../shared/compare-steps.ts';
import { CompareControls } from './compare-controls.ts';
import { CompareRows } from './compare-rows.ts';
import { type Comparison, CompareWork, type Question } from './compare-work.ts';
import { differenceOf } from './diff.ts';
import { byId, html, setText } from './dom.ts';
import { brief, oneLine } from './format.ts';
import type { Model } from './model.ts';

/** More differences of a context are not shown. */
const MAX_CHANGES = 50;

/** Draws the view. */
export class Compare {
  readonly #controls: CompareControls;
  readonly #work: CompareWork;
  readonly #rows: CompareRows;
  readonly #said = html('output', { class: 'difference', role: 'status' });
  readonly #contexts = html('div', { class: 'contexts', role: 'region', 'aria-label': 'Contexts' });
  #comparison: Comparison | undefined;
  /** The folds that were opened. */
  #unfolded = new Set<number>();
  #selected: number | undefined;
  #question = '';

  /** @param select - Selects an actor. */
  constructor(model: Model, select: (id: string) => void) {
    this.#work = new CompareWork(model);
    this.#controls = new CompareControls(model);
    this.#rows = new CompareRows({
      unfold: (from) => {
        this.#unfolded.add(from);
        this.#fold();
      },
      select: (index) => {
        this.#select(index);
      },
      pin: ({ seq }) => {
        const entry = model.history.entry(seq);
        if (entry === undefined) return;
        select(entry.actor);
        model.pin(seq);
      },
    });
    const root = byId('compare', HTMLElement);
    root.append(this.#controls.bar, this.#said, this.#rows.element, this.#contexts);
  }

  draw(): void {
    this.#controls.draw();
    const question = this.#controls.question;
    if (question === undefined) this.#showNothing();
    else this.#compare(question);
    this.#rows.draw();
  }

  #compare(question: Question): void {
    const key = JSON.stringify(question);
    if (key !== this.#question) {
      this.#question = key;
      this.#unfolded = new Set();
      this.#select(undefined);
    }
    const comparison = this.#work.advance(question);
    if (comparison === undefined) {
      setText(this.#said, `Comparing … ${String(Math.floor(100 * this.#work.progress))} %`);
    } else if (comparison !== this.#comparison) this.#show(comparison);
    this.#comparison = comparison;
  }

  #showNothing(): void {
    this.#comparison = undefined;
    this.#question = '';
    this.#rows.show([], { left: 0, right: 0 });
    this.#select(undefined);
    setText(this.#said, 'Two machines are needed: start another program, or open a recording.');
  }

  #show(comparison: Comparison): void {
    const isFirst = this.#comparison === undefined;
    this.#comparison = comparison;
    const { rows, isCut } = comparison;
    const count = rows.filter(({ isSame }) => !isSame).length;
    const more = isCut
      ? ` Only the first ${String(MAX_STEPS)} steps of each side are compared.`
      : '';
    const first = oneLine(
      firstDifference(rows) ?? `No difference in ${String(rows.length)} steps.`,
    );
    setText(this.#said, `${first}${count > 1 ? ` ${String(count)} steps differ.` : ''}${more}`);
    this.#fold();
    const at = rows.findIndex(({ isSame }) => !isSame);
    if (isFirst && at >= 0) {
      this.#select(at);
      this.#rows.reveal(at);
    } else this.#drawContexts();
  }

  #fold(): void {
    const rows = this.#comparison?.rows ?? [];
    const startOf = (side: 'left' | 'right'): number =>
      rows.find((row) => row[side] !== undefined)?.[side]?.at ?? 0;
    this.#rows.show(folded(rows, this.#unfolded), {
      left: startOf('left'),
      right: startOf('right'),
    });
  }

  #select(index: number | undefined): void {
    this.#selected = index;
    this.#rows.mark(index);
    this.#drawContexts();
  }

  /** How the contexts of both sides differ at the selected row. */
  #drawContexts(): void {
    const row = this.#selected === undefined ? undefined : this.#comparison?.rows[this.#selected];
    this.#contexts.hidden = row === undefined;
    if (row !== undefined) this.#contexts.replaceChildren(...contextLines(row));
  }
}

function contextLines({ left, right }: CompareRow): HTMLElement[] {
  if (left === undefined || right === undefined) return [hint('Only one side has this step.')];
  const { changes, isCut } = differenceOf(left.state.context, right.state.context);
  if (changes.length === 0) return [hint('The contexts are equal at this step.')];
  const lines = changes
    .slice(0, MAX_CHANGES)
    .map(({ path, before, after }) =>
      html(
        'tr',
        {},
        html('th', { scope: 'row' }, oneLine(path.join('.'), 200)),
        html('td', {}, before === undefined ? '–' : brief(before, 200)),
        html('td', {}, after === undefined ? '–' : brief(after, 200)),
      ),
    );
  const heads = ['context', 'left', 'right'].map((text) => html('th', { scope: 'col' }, text));
  const table = html(
    'table',
    {},
    html('thead', {}, html('tr', {}, ...heads)),
    html('tbody', {}, ...lines),
  );
  const isMore = isCut || changes.length > MAX_CHANGES;
  return [table, ...(isMore ? [hint('There are more differences.')] : [])];
}

const hint = (text: string): HTMLElement => html('p', { class: 'hint' }, text);
