/** The elements of the visible rows. They are used again and again: a row that is pressed stays where it is. */

import { html, setAttribute, setText } from './dom.ts';
import type { RowContent } from './row.ts';

/** A row that is to be visible. */
export interface VisibleRow {
  /** What it shows; the same for the same entry. */
  readonly key: string;
  /** The number of the entry; `undefined` for a row that cannot be selected. */
  readonly seq: number | undefined;
  /** In pixels from the top of the list. */
  readonly top: number;
  /** Its place among all rows, from 0. */
  readonly index: number;
  readonly isSelected: boolean;
  /** Changes when the content does. */
  readonly version: string;
  readonly content: () => RowContent;
}

const CELLS = ['time', 'since', 'distance', 'actor', 'mark', 'what', 'more'] as const;
const CLASSES: Readonly<Record<string, string>> = { actor: 'actor-name' };

/** The element of a row. */
export class RowView {
  readonly element: HTMLElement;
  readonly #cells: Readonly<Record<(typeof CELLS)[number], HTMLElement>>;
  #version = '';

  constructor(id: string) {
    const cell = (name: string) => html('span', { class: CLASSES[name] ?? name });
    this.#cells = {
      ...{ time: cell('time'), since: cell('since'), distance: cell('distance') },
      ...{ actor: cell('actor'), mark: cell('mark'), what: cell('what'), more: cell('more') },
    };
    this.#cells.mark.setAttribute('aria-hidden', 'true');
    const cells = CELLS.map((name) => this.#cells[name]);
    this.element = html('div', { role: 'option', id, class: 'row' }, ...cells);
  }

  /** Draws the content if its version has changed. */
  update(version: string, content: () => RowContent): void {
    if (version === this.#version) return;
    this.#version = version;
    const { kind, isFailure, isUnhandled, title, ...texts } = content();
    for (const name of CELLS) setText(this.#cells[name], texts[name]);
    const marks = [isFailure ? ' failure' : '', isUnhandled ? ' unhandled' : ''];
    setAttribute(this.element, 'class', `row ${kind}${marks.join('')}`);
    setAttribute(this.element, 'data-kind', kind);
    setAttribute(this.element, 'title', title === '' ? undefined : title);
    setAttribute(this.#cells.actor, 'title', texts.actor);
  }
}

/** The rows in an element. */
export class TimelineRows {
  readonly #space: HTMLElement;
  #rows = new Map<string, RowView>();
  #count = 0;

  constructor(space: HTMLElement) {
    this.#space = space;
  }

  /** Draws these rows, from top to bottom, out of `total`. */
  draw(visible: readonly VisibleRow[], total: number): void {
    const free = this.#takeFree(new Set(visible.map(({ key }) => key)));
    let place = this.#space.firstElementChild;
    for (const row of visible) {
      const view = this.#rows.get(row.key) ?? free.pop() ?? this.#create();
      this.#rows.set(row.key, view);
      // The order of the elements is that of the rows, for screen readers.
      if (view.element === place) place = place.nextElementSibling;
      else this.#space.insertBefore(view.element, place);
      this.#update(view, row, total);
    }
  }

  /** The id of the element of a row, if it is drawn. */
  idOf(key: string): string | undefined {
    return this.#rows.get(key)?.element.id;
  }

  /** Removes the rows that are no longer visible, to be used for others. */
  #takeFree(keys: ReadonlySet<string>): RowView[] {
    const free: RowView[] = [];
    for (const [key, view] of this.#rows) {
      if (keys.has(key)) continue;
      this.#rows.delete(key);
      view.element.remove();
      free.push(view);
    }
    return free;
  }

  #create(): RowView {
    this.#count += 1;
    return new RowView(`timeline-row-${String(this.#count)}`);
  }

  #update(view: RowView, row: VisibleRow, total: number): void {
    const { element } = view;
    view.update(row.version, row.content);
    const top = `${row.top.toFixed(1)}px`;
    if (element.style.top !== top) element.style.top = top;
    setAttribute(element, 'data-seq', row.seq === undefined ? undefined : String(row.seq));
    setAttribute(
      element,
      'aria-selected',
      row.seq === undefined ? undefined : String(row.isSelected),
    );
    setAttribute(element, 'aria-disabled', row.seq === undefined ? 'true' : undefined);
    setAttribute(element, 'aria-posinset', String(row.index + 1));
    setAttribute(element, 'aria-setsize', String(total));
  }
}
