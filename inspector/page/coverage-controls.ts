/** The controls above the tables of coverage. */

import type { ProgramView } from '../shared/view.ts';
import { type Order, ORDERS } from './coverage-rows.ts';
import { html, setText } from './dom.ts';
import { oneLine } from './format.ts';

/** What the buttons do. */
export interface CoverageFileActions {
  readonly exportFile: () => void;
  readonly mergeFiles: (files: readonly File[]) => void;
  readonly reset: () => void;
}

const ORDER_TEXTS: Readonly<Record<Order, string>> = {
  never: 'never first',
  most: 'most often first',
  time: 'longest first',
  name: 'by name',
  definition: 'as defined',
};

/** Reads the controls. */
export class CoverageControls {
  readonly bar: HTMLElement;
  readonly #programs = html('select', { 'aria-label': 'Program' });
  readonly #order = html('select', { 'aria-label': 'Order' });
  readonly #filter = html('input', {
    type: 'search',
    placeholder: 'filter',
    'aria-label': 'Filter',
  });
  readonly #total = html('span', { class: 'total' });
  readonly #said = html('output', { role: 'status' });
  #shownPrograms = '';

  constructor({ exportFile, mergeFiles, reset }: CoverageFileActions) {
    for (const order of ORDERS)
      this.#order.append(html('option', { value: order }, ORDER_TEXTS[order]));
    const file = html('input', { type: 'file', accept: '.json', multiple: true, hidden: true });
    file.addEventListener('change', () => {
      mergeFiles([...(file.files ?? [])]);
      file.value = '';
    });
    const choose = () => {
      file.click();
    };
    this.bar = html(
      'div',
      { class: 'bar' },
      ...[this.#programs, this.#filter, this.#order, this.#total, this.#said],
      button('Export', 'Save as a file that can be merged', exportFile),
      button('Merge…', 'Add the counts of coverage files', choose),
      button('Reset', 'Count from 0 again', reset),
      file,
    );
  }

  /** The id of the chosen program; '' for all. */
  get program(): string {
    return this.#programs.value;
  }

  get order(): Order {
    return ORDERS.find((order) => order === this.#order.value) ?? 'never';
  }

  /** In lower case. */
  get filter(): string {
    return this.#filter.value.trim().toLowerCase();
  }

  drawPrograms(programs: Iterable<ProgramView>): void {
    const options = [...programs].map(({ id, name }) => [id, oneLine(name, 60)] as const);
    const key = JSON.stringify(options);
    if (key === this.#shownPrograms) return;
    this.#shownPrograms = key;
    const chosen = this.#programs.value;
    const all = html('option', { value: '' }, 'all programs');
    const items = options.map(([id, name]) => html('option', { value: id }, name));
    this.#programs.replaceChildren(all, ...items);
    this.#programs.value = options.some(([id]) => id === chosen) ? chosen : '';
  }

  sayTotal(text: string): void {
    setText(this.#total, text);
  }

  say(text: string): void {
    setText(this.#said, text);
  }
}

function button(text: string, title: string, run: () => void): HTMLElement {
  const element = html('button', { type: 'button', title }, text);
  element.addEventListener('click', run);
  return element;
}
