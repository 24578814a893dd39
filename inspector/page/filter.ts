/** Decides which entries the timeline shows. */

import type { Entry } from '../shared/view.ts';
import { byId } from './dom.ts';
import { searchText } from './format.ts';
import type { Model } from './model.ts';

const KINDS = ['event', 'state', 'actor', 'message'] as const;
type Kind = (typeof KINDS)[number];

/** Reads the controls of the timeline. */
export class Filter {
  readonly #model: Model;
  readonly #search = byId('search', HTMLInputElement);
  readonly #scope = byId('scope', HTMLSelectElement);
  readonly #all = byId('show-all', HTMLInputElement);
  readonly #kinds = KINDS.map((kind): [Kind, HTMLInputElement] => [
    kind,
    byId(`show-${kind}`, HTMLInputElement),
  ]);
  readonly #searchTexts = new WeakMap<Entry, string>();
  /** The settings of the latest `isChanged()`. */
  #settings = '';
  #searched = '';
  #shownKinds: ReadonlySet<Kind> = new Set();
  /** The root whose actors are shown; `undefined` for all actors. */
  #shownRoot: string | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Whether the settings have changed since the last call, so that all entries must be filtered again. */
  isChanged(): boolean {
    const kinds = this.#kinds.filter(([, box]) => box.checked).map(([kind]) => kind);
    const root = this.#scope.value === 'all' ? undefined : this.#rootOf(this.#model.selected);
    const searched = this.#search.value.trim().toLowerCase();
    const settings = [kinds, root, searched, this.#all.checked, this.#model.epoch].join('\n');
    if (settings === this.#settings) return false;
    this.#settings = settings;
    this.#searched = searched;
    this.#shownKinds = new Set(kinds);
    this.#shownRoot = root;
    return true;
  }

  passes(entry: Entry): boolean {
    if (entry.kind === 'problem') return this.#matches(entry);
    if (!this.#shownKinds.has(kindOf(entry))) return false;
    const isInScope =
      this.#shownRoot === undefined || this.#rootOf(entry.actor) === this.#shownRoot;
    if (!isInScope) return false;
    return (this.#all.checked || this.#isRelevant(entry)) && this.#matches(entry);
  }

  /** Leaves out XState's own events, unchanged states, and actors that are not machines. */
  #isRelevant(entry: Entry): boolean {
    if (entry.kind === 'event') return !entry.name.startsWith('xstate.') || isDeadline(entry.name);
    if (entry.kind === 'message' || entry.kind === 'problem') return true;
    const actor = this.#model.history.actors.get(entry.actor)?.actor;
    if (entry.kind !== 'state') return actor?.kind === 'machine';
    const isChanged = this.#model.changeOf(entry)?.from !== undefined;
    return actor?.kind === 'machine' && (isChanged || entry.state.status !== 'active');
  }

  #matches(entry: Entry): boolean {
    if (this.#searched === '') return true;
    let text = this.#searchTexts.get(entry);
    if (text === undefined) {
      const name = this.#model.history.actors.get(entry.actor)?.actor.name ?? '';
      text = `${name} ${searchText(entry)}`.toLowerCase();
      this.#searchTexts.set(entry, text);
    }
    return text.includes(this.#searched);
  }

  #rootOf(id: string | undefined): string | undefined {
    let root = id;
    for (let depth = 0; depth < 100 && root !== undefined; depth += 1) {
      const parent = this.#model.history.actors.get(root)?.actor.parent;
      if (parent === undefined) return root;
      root = parent;
    }
    return root;
  }
}

const isDeadline = (name: string): boolean => name.startsWith('xstate.after(');

const kindOf = ({ kind }: Exclude<Entry, { kind: 'problem' }>): Kind =>
  kind === 'start' || kind === 'stop' ? 'actor' : kind;
