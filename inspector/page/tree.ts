/** The programs and their actors at the selected moment. Of many rows, only the visible ones are elements. */

import type { StateEntry } from '../shared/view.ts';
import { byId, html, setAttribute } from './dom.ts';
import type { Model } from './model.ts';
import { Rates } from './rates.ts';
import { treeActors } from './tree-actors.ts';
import { TreeControls } from './tree-controls.ts';
import { moveOf } from './tree-keys.ts';
import { ActorRowElement, noteRow, ProgramRowElement, type RowListener } from './tree-row.ts';
import { MAX_WHOLE, rowsOf, type RowWindow, type TreeRow, windowOf } from './tree-rows.ts';

/** In pixels, as in the style sheet. */
const ROW_HEIGHT = 24;
/** Rows that are not visible are updated in turn, this many at each frame. */
const ROWS_PER_FRAME = 300;
/** How often rows are counted and ordered again when states and failures decide about them, in ms. */
const REORDER_MS = 500;
/** Of its time, the page spends at most this part on finding and placing all rows. */
const REBUILD_PART = 0.1;

/** The elements of one program. */
interface ProgramElements {
  readonly row: ProgramRowElement;
  readonly group: HTMLElement;
  readonly tree: HTMLElement;
}

/** Draws the pane "Actors". */
export class Tree {
  readonly #model: Model;
  readonly #listener: RowListener;
  readonly #root = byId('tree', HTMLElement);
  readonly #space = html('div', { class: 'space' });
  readonly #controls: TreeControls;
  readonly #rates = new Rates();
  readonly #programs = new Map<string, ProgramElements>();
  readonly #elements = new Map<string, ActorRowElement>();
  #rows: TreeRow[] = [];
  #window: RowWindow = { from: 0, to: 0 };
  #latestRates: ReadonlyMap<string, number> = new Map();
  #drawn = '';
  #drawnAt = 0;
  /** How long the rows stay as they are, in ms, unless the user asks for others. */
  #rest = 0;
  #failures = 0;
  #selected: string | undefined;
  /** The row that the Tab key reaches. */
  #tabStop: ActorRowElement | undefined;
  /** The row that is focused as soon as it is an element. */
  #toFocus: string | undefined;
  #scrollTop = 0;
  #height = 600;
  #next = 0;

  constructor(model: Model, select: (id: string) => void) {
    this.#model = model;
    this.#controls = new TreeControls(model);
    this.#listener = {
      onSelect: select,
      onFold: (id) => {
        this.#controls.toggle(id);
      },
      onForget: (program) => {
        model.request({ type: 'forget', program });
      },
    };
    this.#root.append(this.#space);
    // The layout is not read while it is written.
    this.#root.addEventListener('scroll', () => {
      this.#scrollTop = this.#root.scrollTop;
    });
    new ResizeObserver(([entry]) => {
      this.#height = entry?.contentRect.height ?? this.#height;
    }).observe(this.#root);
    this.#root.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  /** Counts a state for the rate of its actor. */
  count({ actor, at }: StateEntry): void {
    this.#rates.count(actor, at, Date.now());
  }

  /** Folds or unfolds a program or an actor. */
  fold(id: string, isFolded: boolean): void {
    this.#controls.fold(id, isFolded);
  }

  /** Focuses the selected row. */
  focus(): void {
    this.#toFocus = this.#model.selected ?? this.#firstActor();
    if (this.#toFocus === undefined) this.#root.focus();
  }

  draw(): void {
    const now = performance.now();
    this.#onSelection();
    if (this.#mustRebuild(now)) this.#rebuild(now);
    const { from, to } = windowOf(this.#rows.length, this.#scrollTop, this.#height, ROW_HEIGHT);
    if (from !== this.#window.from || to !== this.#window.to) this.#place({ from, to });
    this.#updateRows();
    this.#focusWanted();
  }

  /** Shows the row of a new selection, even if it was folded away. */
  #onSelection(): void {
    const { selected } = this.#model;
    if (selected === this.#selected) return;
    this.#selected = selected;
    if (selected !== undefined) this.#controls.unfoldAbove(selected);
    this.#drawn = '';
  }

  #mustRebuild(now: number): boolean {
    const model = this.#model;
    const { connection, actorsVersion, cursor, epoch } = model;
    const key = [connection, actorsVersion, cursor, epoch, this.#controls.version].join();
    const age = now - this.#drawnAt;
    if (key !== this.#drawn) {
      const isUrgent = this.#drawn === '' || !this.#drawn.endsWith(`,${this.#controls.version}`);
      return isUrgent || age >= this.#rest;
    }
    if (age < Math.max(REORDER_MS, this.#rest)) return false;
    const failures = sum(model.failures.values());
    const isChanged = failures !== this.#failures;
    this.#failures = failures;
    return isChanged || this.#controls.isDynamic;
  }

  #rebuild(now: number): void {
    const model = this.#model;
    const isNew = this.#drawn === '';
    this.#drawn = [model.actorsVersion, model.cursor, model.epoch, this.#controls.version].join();
    this.#drawnAt = now;
    this.#latestRates = this.#rates.rates(Date.now());
    const wishes = this.#controls.wishes;
    const programs = [...model.programs.values()].map(({ id }) => ({
      id,
      dropped: model.history.droppedOf(id),
    }));
    this.#rows = rowsOf(programs, treeActors(model, this.#latestRates, wishes), wishes);
    this.#forgetElements();
    if (isNew) this.#scrollToSelected();
    this.#place(windowOf(this.#rows.length, this.#scrollTop, this.#height, ROW_HEIGHT));
    this.#rest = (performance.now() - now) / REBUILD_PART;
  }

  /** Elements of actors that have no row, or are far away, are not kept. */
  #forgetElements(): void {
    const keeps = this.#rows.length <= MAX_WHOLE;
    const ids = new Set(keeps ? this.#rows.map(({ id }) => id) : []);
    for (const id of this.#elements.keys()) if (!ids.has(id)) this.#elements.delete(id);
    const { programs } = this.#model;
    for (const id of this.#programs.keys()) if (!programs.has(id)) this.#programs.delete(id);
  }

  #scrollToSelected(): void {
    const at = this.#rows.findIndex(({ kind, id }) => kind === 'actor' && id === this.#selected);
    if (at < 0) return;
    const top = at * ROW_HEIGHT;
    const [least, most] = [top + ROW_HEIGHT - this.#height, top];
    if (this.#scrollTop >= least && this.#scrollTop <= most) return;
    this.#space.style.height = `${String(this.#rows.length * ROW_HEIGHT)}px`;
    this.#scrollTop = Math.max(0, this.#scrollTop > most ? most : least);
    this.#root.scrollTop = this.#scrollTop;
  }

  #place(window: RowWindow): void {
    this.#window = window;
    const children = new Map<ProgramElements, HTMLElement[]>();
    for (const row of this.#rows.slice(window.from, window.to)) {
      const elements = this.#elementsOf(row.kind === 'actor' ? row.program : row.id);
      const own = children.get(elements) ?? [];
      children.set(elements, own);
      own.push(this.#elementOf(row, elements));
    }
    const groups = [...children.keys()].map(({ group }) => group);
    // Without a connection it is not known whether there is one.
    if (this.#rows.length === 0 && this.#model.connection === 'open')
      groups.push(html('p', { class: 'hint' }, NO_PROGRAMS));
    this.#space.style.paddingBlockStart = `${String(window.from * ROW_HEIGHT)}px`;
    this.#space.style.height =
      this.#rows.length === 0 ? '' : `${String(this.#rows.length * ROW_HEIGHT)}px`;
    const hadFocus = this.#root.contains(document.activeElement);
    for (const [{ group, tree }, all] of children) fill(group, tree, all);
    replaceIfChanged(this.#space, groups);
    // The keys go on when the focused row is an element no more.
    if (hadFocus && !this.#root.contains(document.activeElement)) {
      this.#root.focus({ preventScroll: true });
    }
  }

  #elementsOf(id: string): ProgramElements {
    const known = this.#programs.get(id);
    if (known !== undefined) return known;
    const name = this.#model.programs.get(id)?.name ?? id;
    const tree = html('div', { role: 'tree', 'aria-label': `Actors of ${name}` });
    const row = new ProgramRowElement(id, this.#listener);
    const elements = { row, tree, group: html('div', {}) };
    this.#programs.set(id, elements);
    return elements;
  }

  #elementOf(row: TreeRow, { row: programRow }: ProgramElements): HTMLElement {
    if (row.kind === 'note') return noteRow(row.dropped);
    if (row.kind === 'program') return programRow.element;
    const known = this.#elements.get(row.id) ?? this.#newElement(row.id);
    known?.place(row);
    return known?.element ?? html('div', {});
  }

  #newElement(id: string): ActorRowElement | undefined {
    const actor = this.#model.actorOf(id);
    if (actor === undefined) return undefined;
    const element = new ActorRowElement(actor, this.#listener);
    element.update(this.#model, this.#latestRates.get(id) ?? 0);
    this.#elements.set(id, element);
    return element;
  }

  #updateRows(): void {
    const { from, to } = this.#window;
    const first = Math.max(from, Math.floor(this.#scrollTop / ROW_HEIGHT));
    const last = Math.min(to, first + Math.ceil(this.#height / ROW_HEIGHT) + 1);
    for (let at = first; at < last; at += 1) this.#update(this.#rows[at]);
    const others = Math.min(ROWS_PER_FRAME, to - from);
    for (let count = 0; count < others; count += 1) {
      if (this.#next < from || this.#next >= to) this.#next = from;
      this.#update(this.#rows[this.#next]);
      this.#next += 1;
    }
    this.#updateTabStop();
  }

  #update(row: TreeRow | undefined): void {
    if (row?.kind === 'actor') {
      this.#elements.get(row.id)?.update(this.#model, this.#latestRates.get(row.id) ?? 0);
    } else if (row?.kind === 'program') {
      const program = this.#model.programs.get(row.id);
      if (program === undefined) return;
      const isFolded = this.#controls.wishes.folded.has(row.id);
      const isRestarted = this.#controls.isRestarted(row.id);
      this.#programs.get(row.id)?.row.update(program, row, isFolded, isRestarted);
    }
  }

  /** The Tab key reaches the selected row, or the first one. */
  #updateTabStop(): void {
    const selected = this.#elements.get(this.#selected ?? '');
    const stop = selected?.element.isConnected === true ? selected : this.#firstElement();
    if (stop === this.#tabStop) return;
    if (this.#tabStop !== undefined) setAttribute(this.#tabStop.element, 'tabindex', '-1');
    if (stop !== undefined) setAttribute(stop.element, 'tabindex', '0');
    this.#tabStop = stop;
  }

  #firstElement(): ActorRowElement | undefined {
    const { from, to } = this.#window;
    for (let at = from; at < to; at += 1) {
      const row = this.#rows[at];
      if (row?.kind === 'actor') return this.#elements.get(row.id);
    }
    return undefined;
  }

  #firstActor(): string | undefined {
    return this.#rows.find(({ kind }) => kind === 'actor')?.id;
  }

  #focusWanted(): void {
    if (this.#toFocus === undefined) return;
    const wanted = this.#elements.get(this.#toFocus)?.element;
    if (wanted?.isConnected !== true) return;
    this.#toFocus = undefined;
    wanted.focus({ preventScroll: true });
  }

  #onKey(event: KeyboardEvent): void {
    if (!(event.target instanceof Element) || event.target.closest('button') !== null) return;
    const page = Math.max(1, Math.floor(this.#height / ROW_HEIGHT) - 1);
    const move = moveOf(event.key, this.#rows, this.#model.selected, page);
    if (move === undefined) return;
    event.preventDefault();
    if (move.isFold) this.#controls.toggle(move.id);
    else this.#listener.onSelect(move.id);
    this.#toFocus = move.id;
  }
}

const NO_PROGRAMS =
  'No program is connected. Copy the lines for yours beside this list, or drop a recording here.';

const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

/** A tree may only contain its items: what is no item comes before it. */
function fill(group: HTMLElement, tree: HTMLElement, all: readonly HTMLElement[]): void {
  const isItem = (element: HTMLElement) => element.getAttribute('role') === 'treeitem';
  const items = all.filter(isItem);
  replaceIfChanged(tree, items);
  const others = all.filter((element) => !isItem(element));
  replaceIfChanged(group, items.length === 0 ? others : [...others, tree]);
}

/** Most changes concern one program. */
function replaceIfChanged(parent: HTMLElement, children: readonly HTMLElement[]): void {
  const current = parent.children;
  const isSame =
    current.length === children.length && children.every((child, at) => child === current[at]);
  if (!isSame) parent.replaceChildren(...children);
}
