/** A row of a JSON tree: a property, an item, or a range of them, with the rows below it. */

import type { Json } from '../shared/view.ts';
import { html, setAttribute, setText } from './dom.ts';
import type { JsonPath } from './json-path.ts';
import { preview } from './json-preview.ts';
import { longText } from './json-view-text.ts';
import { type Content, hasParts, type Part, partsOf } from './json-view-parts.ts';

const MAX_PREVIEW_CHARACTERS = 120;

/** What rows share. */
export interface RowOwner {
  /** The row of an element with the role `treeitem`. */
  readonly rows: WeakMap<Element, JsonRow>;
}

/** A row. What is below it exists only while it is open. */
export class JsonRow {
  readonly element: HTMLElement;
  /** Its own text, without the rows below. */
  readonly line: HTMLElement;
  readonly path: JsonPath;
  readonly level: number;
  readonly below: JsonRows;
  readonly #text = html('span');
  #content: Content;
  #isOpen = false;
  /** The type and the text that are shown. */
  #shown = '';

  constructor(part: Part, path: JsonPath, level: number, owner: RowOwner) {
    this.path = path;
    this.level = level;
    this.#content = part.content;
    const key = html('span', { class: 'key' }, ...longText(part.label));
    this.line = html('div', { class: 'line' }, key, ': ', this.#text);
    const attributes = { role: 'treeitem', 'aria-level': level, tabindex: -1 };
    this.element = html('li', attributes, this.line);
    this.below = new JsonRows(html('ul', { role: 'group' }), path, level + 1, owner);
    owner.rows.set(this.element, this);
    this.#draw();
  }

  get value(): Json {
    return this.#content.value;
  }

  get content(): Content {
    return this.#content;
  }

  get canOpen(): boolean {
    return hasParts(this.#content);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  update(content: Content): void {
    if (content.value === this.#content.value && content.range === this.#content.range) return;
    this.#content = content;
    this.#draw();
  }

  setOpen(isOpen: boolean): void {
    if (isOpen === this.#isOpen || (isOpen && !this.canOpen)) return;
    this.#isOpen = isOpen;
    this.#draw();
  }

  #draw(): void {
    const isOpen = this.#isOpen && this.canOpen;
    setAttribute(this.element, 'aria-expanded', this.canOpen ? String(isOpen) : undefined);
    this.#drawText(isOpen);
    if (isOpen) {
      this.below.update(this.#content);
      if (this.below.element.parentNode === null) this.element.append(this.below.element);
    } else if (this.below.element.parentNode !== null) {
      this.below.element.remove();
      this.below.clear();
    }
  }

  #drawText(isOpen: boolean): void {
    const { value, range } = this.#content;
    const kind = value === null ? 'null' : typeof value;
    if (typeof value === 'object' && value !== null) {
      const text = range === undefined && !isOpen ? preview(value, MAX_PREVIEW_CHARACTERS) : '';
      this.#shown = '';
      setText(this.#text, text);
    } else {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      if (this.#shown === `${kind} ${text}`) return;
      this.#shown = `${kind} ${text}`;
      const isWhole = this.#text.querySelector('button.less') !== null;
      this.#text.replaceChildren(...longText(text, { isWhole }));
    }
    setAttribute(this.#text, 'class', `json ${kind}`);
  }
}

/** The rows of the parts of a value, which are updated in place. */
export class JsonRows {
  readonly element: HTMLElement;
  readonly #path: JsonPath;
  readonly #level: number;
  readonly #owner: RowOwner;
  readonly #rows = new Map<string, JsonRow>();

  constructor(element: HTMLElement, path: JsonPath, level: number, owner: RowOwner) {
    this.element = element;
    this.#path = path;
    this.#level = level;
    this.#owner = owner;
  }

  [Symbol.iterator](): IterableIterator<JsonRow> {
    return this.#rows.values();
  }

  get size(): number {
    return this.#rows.size;
  }

  clear(): void {
    for (const row of this.#rows.values()) row.element.remove();
    this.#rows.clear();
  }

  update(content: Content): void {
    const parts = partsOf(content);
    const kept = new Set(parts.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    let previous: Element | null = null;
    for (const part of parts) {
      const { element } = this.#rowOf(part);
      const next: Element | null =
        previous === null ? this.element.firstElementChild : previous.nextElementSibling;
      // Moved only if it is not there already: a row that is moved loses the focus.
      if (next !== element) this.element.insertBefore(element, next);
      previous = element;
    }
  }

  #rowOf(part: Part): JsonRow {
    const known = this.#rows.get(part.id);
    if (known !== undefined) {
      known.update(part.content);
      return known;
    }
    const path = part.key === undefined ? this.#path : [...this.#path, part.key];
    const row = new JsonRow(part, path, this.#level, this.#owner);
    this.#rows.set(part.id, row);
    return row;
  }
}
