/**
 * Shows a JSON value as a tree. It is updated in place: what is open stays open, and the focus stays where
 * it is. Closed parts have no elements, so that its cost depends on what is shown and not on the value.
 */

import type { Json } from '../shared/view.ts';
import { html, setText } from './dom.ts';
import type { JsonPath } from './json-path.ts';
import { type JsonRow, JsonRows, type RowOwner } from './json-view-row.ts';
import { hasParts } from './json-view-parts.ts';

/** A button at the row that has the pointer or the focus. */
export interface RowAction {
  readonly name: string;
  /** The key that does the same while a row has the focus. */
  readonly key: string;
  readonly run: (path: JsonPath, value: Json) => void;
}

/** Rows that "expand all" opens, and how many of them in a frame. */
const MAX_EXPANDED = 3_000;
const EXPANDED_PER_FRAME = 200;

/** A tree of a value. */
export class JsonTree implements RowOwner {
  readonly element = html('div', { class: 'json json-tree' });
  readonly rows = new WeakMap<Element, JsonRow>();
  readonly #tree: HTMLElement;
  readonly #plain = html('span');
  readonly #below: JsonRows;
  readonly #actions: readonly RowAction[];
  readonly #tools = html('span', { class: 'tools' });
  readonly #depth: number;
  #value: Json | undefined;
  /** Rows that "expand all" still has to open. */
  #toExpand: JsonRow[] = [];
  #expanded = 0;

  /** @param label - What the value is. */
  constructor(label: string, actions: readonly RowAction[] = [], depth = 0) {
    this.#actions = actions;
    this.#depth = depth;
    this.#tree = html('ul', { role: 'tree', 'aria-label': label });
    this.#below = new JsonRows(this.#tree, [], 1, this);
    this.element.append(this.#tree);
    for (const action of actions) this.#tools.append(this.#button(action));
    this.#listen();
  }

  get value(): Json | undefined {
    return this.#value;
  }

  /** Shows a value. Cheap when nothing that is visible has changed. */
  update(value: Json): void {
    if (value === this.#value) return;
    const isFirst = this.#value === undefined;
    this.#value = value;
    const content = { value };
    const isTree = hasParts(content);
    if (isTree) this.#below.update(content);
    else {
      this.#below.clear();
      setText(this.#plain, typeof value === 'string' ? value : JSON.stringify(value));
    }
    const shown = isTree ? this.#tree : this.#plain;
    if (this.element.firstChild !== shown) this.element.replaceChildren(shown);
    if (isFirst && this.#depth > 0) for (const row of this.#below) row.setOpen(true);
    this.#keepTabStop();
  }

  /** Opens everything, as far as `MAX_EXPANDED` rows allow, some in each frame. */
  expandAll(): void {
    const isRunning = this.#toExpand.length > 0;
    this.#toExpand = [...this.#below];
    this.#expanded = this.#below.size;
    if (!isRunning) this.#expandSome();
  }

  collapseAll(): void {
    this.#toExpand = [];
    for (const row of this.#below) row.setOpen(false);
    this.#keepTabStop();
  }

  /** Opens what is around a value, and moves the focus to it if `withFocus`. */
  reveal(path: JsonPath, withFocus = false): void {
    let rows = this.#below;
    for (const [at, key] of path.entries()) {
      const row = rowFor(rows, key);
      if (row === undefined) return;
      if (at === path.length - 1) this.#show(row, withFocus);
      row.setOpen(at < path.length - 1 || row.isOpen);
      rows = row.below;
    }
  }

  #show({ element, line }: JsonRow, withFocus: boolean): void {
    for (const marked of this.#tree.querySelectorAll('[data-match]'))
      marked.removeAttribute('data-match');
    line.setAttribute('data-match', '');
    if (withFocus) this.#focus(element);
    else line.scrollIntoView({ block: 'nearest' });
  }

  #expandSome(): void {
    const until = this.#expanded + EXPANDED_PER_FRAME;
    while (this.#expanded < Math.min(until, MAX_EXPANDED)) {
      const row = this.#nextToExpand();
      if (row === undefined) return;
      row.setOpen(true);
      this.#expanded += row.below.size;
      this.#toExpand.push(...row.below);
    }
    if (this.#expanded >= MAX_EXPANDED) this.#toExpand = [];
    else
      requestAnimationFrame(() => {
        this.#expandSome();
      });
  }

  /** Ranges of many values come last, so that there is room for what is few. */
  #nextToExpand(): JsonRow | undefined {
    const at = this.#toExpand.findIndex(({ content }) => content.range === undefined);
    return this.#toExpand.splice(Math.max(0, at), 1)[0];
  }

  #listen(): void {
    this.#tree.addEventListener('click', (event) => {
      this.#onClick(event);
    });
    this.#tree.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    const onEnter = ({ target }: Event): void => {
      const row = this.#rowAt(target);
      if (row !== undefined && this.#tools.parentNode !== row.line && this.#actions.length > 0)
        row.line.append(this.#tools);
    };
    this.#tree.addEventListener('pointerover', onEnter);
    this.#tree.addEventListener('focusin', (event) => {
      onEnter(event);
      const row = this.#rowAt(event.target);
      if (row !== undefined) this.#setTabStop(row.element);
    });
  }

  #rowAt(target: EventTarget | null): JsonRow | undefined {
    const element = target instanceof Element ? target.closest('[role=treeitem]') : null;
    return element === null ? undefined : this.rows.get(element);
  }

  #onClick({ target }: Event): void {
    if (!(target instanceof Element) || target.closest('button') !== null) return;
    const row = this.#rowAt(target);
    // A click at the end of a selection of text is none.
    if (row === undefined || getSelection()?.isCollapsed === false) return;
    row.setOpen(!row.isOpen);
    this.#focus(row.element);
  }

  #onKey(event: KeyboardEvent): void {
    const row = this.#rowAt(event.target);
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = this.#actions.find(({ key }) => key === event.key);
    if (action !== undefined) action.run(row.path, row.value);
    else if (!this.#move(event.key, row)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether a key means something in a tree. */
  #move(key: string, row: JsonRow): boolean {
    const items = [...this.#tree.querySelectorAll<HTMLElement>('[role=treeitem]')];
    const at = items.indexOf(row.element);
    const parent = row.element.parentElement?.closest<HTMLElement>('[role=treeitem]');
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => {
        this.#focus(items[at + 1]);
      },
      ArrowUp: () => {
        this.#focus(items[at - 1]);
      },
      Home: () => {
        this.#focus(items[0]);
      },
      End: () => {
        this.#focus(items.at(-1));
      },
      ArrowRight: () => {
        if (row.isOpen) this.#focus(items[at + 1]);
        else row.setOpen(true);
      },
      ArrowLeft: () => {
        if (row.isOpen) row.setOpen(false);
        else this.#focus(parent);
      },
      Enter: () => {
        row.setOpen(!row.isOpen);
      },
      ' ': () => {
        row.setOpen(!row.isOpen);
      },
    };
    const run = Object.hasOwn(moves, key) ? moves[key] : undefined;
    run?.();
    return run !== undefined;
  }

  #focus(element: HTMLElement | null | undefined): void {
    if (element === null || element === undefined) return;
    this.#setTabStop(element);
    element.focus();
  }

  /** One row is reached with Tab, the others with the arrow keys. */
  #setTabStop(element: Element): void {
    for (const other of this.#tree.querySelectorAll('[role=treeitem][tabindex="0"]'))
      if (other !== element) other.setAttribute('tabindex', '-1');
    element.setAttribute('tabindex', '0');
  }

  #keepTabStop(): void {
    if (this.#tree.querySelector('[role=treeitem][tabindex="0"]') !== null) return;
    this.#tree.querySelector('[role=treeitem]')?.setAttribute('tabindex', '0');
  }

  #button({ name, key, run }: RowAction): HTMLElement {
    const title = `${name} (${key.toUpperCase()})`;
    const button = html('button', { type: 'button', tabindex: -1, title }, name);
    button.addEventListener('click', () => {
      const row = this.#rowAt(button);
      if (row !== undefined) run(row.path, row.value);
    });
    return button;
  }
}

/** The row of a key, which may be within a range that is opened for it. */
function rowFor(rows: JsonRows, key: string | number): JsonRow | undefined {
  for (const row of rows) {
    if (row.path.at(-1) === key && row.content.range === undefined) return row;
    const { range, value } = row.content;
    if (range === undefined) continue;
    const at = typeof key === 'number' ? key : Object.keys(value ?? {}).indexOf(key);
    if (at < range[0] || at >= range[1]) continue;
    row.setOpen(true);
    return rowFor(row.below, key);
  }
  return undefined;
}

/** The tree of a value that does not change. */
export function jsonView(value: Json, depth = 0, label = 'Value'): HTMLElement {
  const tree = new JsonTree(label, [], depth);
  tree.update(value);
  return tree.element;
}
