/** A value of the details: its tree, with a search, and buttons that open, close and copy it. */

import type { Json } from '../shared/view.ts';
import { html, setAttribute, setText } from './dom.ts';
import { type Copier, copyText } from './entry-copy.ts';
import { type JsonPath, pathText } from './json-path.ts';
import { searchIn } from './json-view-parts.ts';
import { JsonTree, type RowAction } from './json-view.ts';

/** What can be done with a value. */
export interface ValueOptions {
  readonly copier: Copier;
  /** What a path of the value begins with: `context`. */
  readonly root: string;
  /** Pins a value, or takes it back. */
  readonly pin?: (path: JsonPath) => void;
}

/** A value with a title. It is hidden while there is none. */
export class ValueSection {
  readonly element: HTMLElement;
  readonly #tree: JsonTree;
  readonly #search: HTMLInputElement;
  readonly #count = html('output', { class: 'found' });
  #value: Json | undefined;
  #found: readonly JsonPath[] = [];
  #at = -1;

  constructor(title: string, options: ValueOptions) {
    this.#tree = new JsonTree(title, actionsOf(options));
    this.#search = html('input', {
      type: 'search',
      placeholder: `search ${title.toLowerCase()}`,
      'aria-label': `Search in ${title}`,
    });
    const button = (text: string, run: () => void): HTMLElement => {
      const element = html('button', { type: 'button', 'aria-label': `${text}: ${title}` }, text);
      element.addEventListener('click', run);
      return element;
    };
    const tools = html(
      'div',
      { class: 'value-tools' },
      this.#search,
      this.#count,
      button('Expand all', () => {
        this.#tree.expandAll();
      }),
      button('Collapse', () => {
        this.#tree.collapseAll();
      }),
      button('Copy', () => {
        options.copier.copy(copyText(this.#value ?? null), `the ${title.toLowerCase()}`);
      }),
    );
    const heading = html('div', { class: 'value-title' }, html('h3', {}, title), tools);
    this.element = html(
      'section',
      { 'aria-label': title, hidden: true },
      heading,
      this.#tree.element,
    );
    this.#listen();
  }

  update(value: Json | undefined): void {
    if (value === this.#value) return;
    this.#value = value;
    setAttribute(this.element, 'hidden', value === undefined ? '' : undefined);
    if (value !== undefined) this.#tree.update(value);
  }

  #listen(): void {
    this.#search.addEventListener('input', () => {
      this.#found = searchIn(this.#value ?? null, this.#search.value.trim());
      this.#at = -1;
      this.#next(1, false);
    });
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#next(event.shiftKey ? -1 : 1, false);
      else if (event.key === 'ArrowDown') this.#next(0, true);
      else return;
      event.preventDefault();
    });
  }

  /** Shows the next match; the value may have changed since the search. */
  #next(step: number, withFocus: boolean): void {
    const { length } = this.#found;
    if (length > 0) {
      this.#at = (this.#at + step + length) % length;
      this.#tree.reveal(this.#found[this.#at] ?? [], withFocus);
    }
    const isEmpty = this.#search.value.trim() === '';
    const text = length === 0 ? 'not found' : `${String(this.#at + 1)} of ${String(length)}`;
    setText(this.#count, isEmpty ? '' : text);
  }
}

function actionsOf({ copier, root, pin }: ValueOptions): RowAction[] {
  const copy: RowAction[] = [
    {
      name: 'copy',
      key: 'c',
      run: (path, value) => {
        copier.copy(copyText(value), pathText(root, path).slice(0, 100));
      },
    },
    {
      name: 'path',
      key: 'y',
      run: (path) => {
        copier.copy(pathText(root, path), 'the path');
      },
    },
  ];
  return pin === undefined ? copy : [...copy, { name: 'pin', key: 'p', run: pin }];
}
