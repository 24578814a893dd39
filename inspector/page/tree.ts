/** The programs and their actors at the selected moment. */

import type { ActorView, ProgramView } from '../shared/view.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import { actorName, valueText } from './format.ts';
import type { Model } from './model.ts';

/** The elements of an actor's row. */
interface ActorRow {
  readonly element: HTMLElement;
  readonly status: HTMLElement;
  readonly name: HTMLElement;
  readonly state: HTMLElement;
}

/** An actor and its depth in the tree. */
interface TreePosition {
  readonly id: string;
  readonly level: number;
}

/** Draws the pane "Actors". */
export class Tree {
  readonly #model: Model;
  readonly #select: (id: string) => void;
  readonly #root = byId('tree', HTMLElement);
  readonly #ended = byId('ended', HTMLInputElement);
  readonly #rows = new Map<string, ActorRow>();
  /** The shown actors, from top to bottom. */
  #positions: TreePosition[] = [];
  #drawn = '';

  constructor(model: Model, select: (id: string) => void) {
    this.#model = model;
    this.#select = select;
    this.#root.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  draw(): void {
    const model = this.#model;
    // The shown actors change when actors start or stop, and with the selected moment.
    const key = [model.actorsVersion, model.cursor, this.#ended.checked, model.epoch].join();
    if (key !== this.#drawn) this.#rebuild();
    this.#drawn = key;
    for (const { id } of this.#positions) this.#drawRow(id);
  }

  #rebuild(): void {
    const children = new Map<string, ActorView[]>();
    const ofProgram = new Map<string, ActorView[]>();
    let count = 0;
    for (const { actor } of this.#model.history.actors.values()) {
      if (!this.#isShown(actor)) continue;
      count += 1;
      append(ofProgram, actor.program, actor);
      if (actor.parent !== undefined) append(children, actor.parent, actor);
    }
    this.#positions = [];
    const elements: HTMLElement[] = [];
    for (const program of this.#model.programs.values()) {
      elements.push(programRow(program));
      this.#addRows(ofProgram.get(program.id) ?? [], children, elements);
    }
    if (elements.length === 0) elements.push(html('p', { class: 'hint' }, NO_PROGRAMS));
    const hidden = count - this.#positions.length;
    if (hidden > 0) elements.push(html('p', { class: 'hint' }, `${String(hidden)} more actors.`));
    this.#root.replaceChildren(...elements);
    const shown = new Set(this.#positions.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!shown.has(id)) this.#rows.delete(id);
  }

  /** Ended actors are shown only on request, except for roots and the selected actor. */
  #isShown(actor: ActorView): boolean {
    if (actor.start > this.#model.seq) return false;
    const isRoot = actor.parent === undefined;
    const isSelected = actor.id === this.#model.selected;
    return isRoot || isSelected || this.#ended.checked || this.#model.isAlive(actor.id);
  }

  /**
   * Adds the actors of a program, each below its parent. It does not trust the parents: they may be nested
   * without an end, or be each other's parents.
   */
  #addRows(
    actors: readonly ActorView[],
    children: ReadonlyMap<string, readonly ActorView[]>,
    into: HTMLElement[],
  ): void {
    const added = new Set<string>();
    const isRoot = ({ parent }: ActorView) => parent === undefined || !this.#hasActor(parent);
    // Actors that are each other's parents come last.
    for (const start of [...actors.filter(isRoot), ...actors]) {
      const stack = [{ actor: start, level: 1 }];
      for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
        const { actor, level } = next;
        if (added.has(actor.id)) continue;
        if (this.#positions.length >= MAX_ROWS) return;
        added.add(actor.id);
        this.#addRow(actor, Math.min(level, MAX_LEVELS), into);
        for (const child of (children.get(actor.id) ?? []).toReversed()) {
          stack.push({ actor: child, level: level + 1 });
        }
      }
    }
  }

  #hasActor(id: string): boolean {
    return this.#model.history.actors.has(id);
  }

  #addRow(actor: ActorView, level: number, into: HTMLElement[]): void {
    this.#positions.push({ id: actor.id, level });
    const row = this.#rows.get(actor.id) ?? this.#createRow(actor);
    setAttribute(row.element, 'aria-level', String(level + 1));
    row.element.style.paddingInlineStart = `${String(level * 14)}px`;
    into.push(row.element);
  }

  #createRow(actor: ActorView): ActorRow {
    const status = html('span', { class: 'status', 'aria-hidden': 'true' });
    const name = html('span', { class: 'name' }, actorName(actor));
    const state = html('span', { class: 'state' });
    const element = html('div', { role: 'treeitem', tabindex: -1, 'data-actor': actor.id });
    element.append(status, name, state);
    element.addEventListener('click', () => {
      this.#select(actor.id);
    });
    const row = { element, status, name, state };
    this.#rows.set(actor.id, row);
    return row;
  }

  #drawRow(id: string): void {
    const row = this.#rows.get(id);
    const state = this.#model.stateOf(id);
    const actor = this.#model.history.actors.get(id)?.actor;
    if (row === undefined || state === undefined || actor === undefined) return;
    const isAlive = this.#model.isAlive(id);
    const isDisconnected = this.#model.programs.get(actor.program)?.source === 'disconnected';
    const status = isAlive || state.status !== 'active' ? state.status : 'stopped';
    setAttribute(row.status, 'data-status', isDisconnected ? 'disconnected' : status);
    setText(row.state, actor.kind === 'machine' ? valueText(state.value) : status);
    setAttribute(row.element, 'data-ended', isAlive && !isDisconnected ? undefined : '');
    const isSelected = id === this.#model.selected;
    setAttribute(row.element, 'aria-selected', String(isSelected));
    setAttribute(row.element, 'tabindex', isSelected ? '0' : '-1');
  }

  #onKey(event: KeyboardEvent): void {
    const at = this.#positions.findIndex(({ id }) => id === this.#model.selected);
    const last = this.#positions.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: last,
      ArrowLeft: this.#parentIndex(at),
    };
    const position = this.#positions[moves[event.key] ?? -1];
    if (position === undefined) return;
    event.preventDefault();
    this.#select(position.id);
    this.#rows.get(position.id)?.element.focus();
  }

  #parentIndex(at: number): number {
    const level = this.#positions[at]?.level ?? 0;
    return this.#positions.findLastIndex((one, index) => index < at && one.level < level);
  }
}

/** Deeper actors are not indented further. */
const MAX_LEVELS = 50;
/** Further actors are counted only: every row is updated at every frame. */
const MAX_ROWS = 5_000;

function append(map: Map<string, ActorView[]>, key: string, actor: ActorView): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [actor]);
  else list.push(actor);
}

const NO_PROGRAMS =
  'No program is connected. Start one that uses wirechart with WIRECHART_INSPECT=<URL of this page>, ' +
  "pass that URL to inspectTo() of 'wirechart/inspect' in any XState program, or drop a recording here.";

const SOURCES: Readonly<Record<ProgramView['source'], string>> = {
  live: '',
  disconnected: 'disconnected',
  recording: 'recording',
};

const programRow = ({ id, name, pid, source }: ProgramView): HTMLElement =>
  html(
    'div',
    { class: 'program', 'data-program': id, 'data-source': source },
    html('span', { class: 'name' }, name),
    html('span', { class: 'state' }, SOURCES[source] || (pid > 0 ? `pid ${String(pid)}` : '')),
  );
