/** The programs and their actors, as they are at the moment that is looked at. */

import type { ActorView, ProgramView } from '../shared/view.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import { actorName, valueText } from './format.ts';
import type { Model } from './model.ts';

interface Row {
  readonly element: HTMLElement;
  readonly status: HTMLElement;
  readonly name: HTMLElement;
  readonly state: HTMLElement;
}

/** An actor, and how deep it stands. */
interface Place {
  readonly id: string;
  readonly level: number;
}

/** See the module's comment. */
export class Tree {
  readonly #model: Model;
  readonly #choose: (id: string) => void;
  readonly #root = byId('tree', HTMLElement);
  readonly #ended = byId('ended', HTMLInputElement);
  readonly #rows = new Map<string, Row>();
  #places: Place[] = [];
  #drawn = '';

  constructor(model: Model, choose: (id: string) => void) {
    this.#model = model;
    this.#choose = choose;
    this.#root.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  draw(): void {
    const model = this.#model;
    // Who is there changes when actors come and go, and when another moment is looked at.
    const key = [model.actorsVersion, model.cursor, this.#ended.checked, model.epoch].join();
    if (key !== this.#drawn) this.#arrange();
    this.#drawn = key;
    for (const { id } of this.#places) this.#drawRow(id);
  }

  #arrange(): void {
    const children = new Map<string, ActorView[]>();
    const roots = new Map<string, ActorView[]>();
    for (const { actor } of this.#model.history.lives.values()) {
      if (!this.#isShown(actor)) continue;
      const { parent } = actor;
      const isChild = parent !== undefined && this.#model.history.lives.has(parent);
      const [map, of] = isChild ? [children, parent] : [roots, actor.program];
      map.set(of, [...(map.get(of) ?? []), actor]);
    }
    this.#places = [];
    const elements: HTMLElement[] = [];
    for (const program of this.#model.programs.values()) {
      const actors = roots.get(program.id) ?? [];
      elements.push(programRow(program));
      for (const actor of actors) this.#place(actor, 1, children, elements);
    }
    if (elements.length === 0) elements.push(html('p', { class: 'hint' }, WAITING));
    this.#root.replaceChildren(...elements);
    const shown = new Set(this.#places.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!shown.has(id)) this.#rows.delete(id);
  }

  /** Those that have ended are shown when asked for; a root always, for it is why one looks. */
  #isShown(actor: ActorView): boolean {
    if (actor.start > this.#model.seq) return false;
    const isRoot = actor.parent === undefined;
    const isChosen = actor.id === this.#model.selected;
    return isRoot || isChosen || this.#ended.checked || this.#model.isAlive(actor.id);
  }

  #place(
    actor: ActorView,
    level: number,
    children: ReadonlyMap<string, readonly ActorView[]>,
    into: HTMLElement[],
  ): void {
    this.#places.push({ id: actor.id, level });
    const row = this.#rows.get(actor.id) ?? this.#newRow(actor);
    setAttribute(row.element, 'aria-level', String(level + 1));
    row.element.style.paddingInlineStart = `${String(level * 14)}px`;
    into.push(row.element);
    // No machine nests this deep; a hostile program may.
    if (level > 50) return;
    for (const child of children.get(actor.id) ?? []) this.#place(child, level + 1, children, into);
  }

  #newRow(actor: ActorView): Row {
    const status = html('span', { class: 'status', 'aria-hidden': 'true' });
    const name = html('span', { class: 'name' }, actorName(actor));
    const state = html('span', { class: 'state' });
    const element = html('div', { role: 'treeitem', tabindex: -1, 'data-actor': actor.id });
    element.append(status, name, state);
    element.addEventListener('click', () => {
      this.#choose(actor.id);
    });
    const row = { element, status, name, state };
    this.#rows.set(actor.id, row);
    return row;
  }

  #drawRow(id: string): void {
    const row = this.#rows.get(id);
    const state = this.#model.stateOf(id);
    const actor = this.#model.history.lives.get(id)?.actor;
    if (row === undefined || state === undefined || actor === undefined) return;
    const isAlive = this.#model.isAlive(id);
    const isThere = this.#model.programs.get(actor.program)?.source !== 'gone';
    const status = isAlive || state.status !== 'active' ? state.status : 'stopped';
    setAttribute(row.status, 'data-status', isThere ? status : 'gone');
    setText(row.state, actor.kind === 'machine' ? valueText(state.value) : status);
    setAttribute(row.element, 'data-ended', isAlive && isThere ? undefined : '');
    const isChosen = id === this.#model.selected;
    setAttribute(row.element, 'aria-selected', String(isChosen));
    setAttribute(row.element, 'tabindex', isChosen ? '0' : '-1');
  }

  #onKey(event: KeyboardEvent): void {
    const at = this.#places.findIndex(({ id }) => id === this.#model.selected);
    const last = this.#places.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: last,
      ArrowLeft: this.#parentOf(at),
    };
    const place = this.#places[moves[event.key] ?? -1];
    if (place === undefined) return;
    event.preventDefault();
    this.#choose(place.id);
    this.#rows.get(place.id)?.element.focus();
  }

  #parentOf(at: number): number {
    const level = this.#places[at]?.level ?? 0;
    return this.#places.findLastIndex((place, other) => other < at && place.level < level);
  }
}

const WAITING =
  'No program reports yet. Start one with WIRECHART_INSPECT set to the address of this page, or drop a recording here.';

const SOURCES: Readonly<Record<ProgramView['source'], string>> = {
  live: '',
  gone: 'gone',
  recording: 'recording',
};

const programRow = ({ id, name, pid, source }: ProgramView): HTMLElement =>
  html(
    'div',
    { class: 'program', 'data-program': id, 'data-source': source },
    html('span', { class: 'name' }, name),
    html('span', { class: 'state' }, SOURCES[source] || (pid > 0 ? `pid ${String(pid)}` : '')),
  );
