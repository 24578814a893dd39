/** Which entries the timeline shows. */

import type { Entry } from '../shared/view.ts';
import { byId } from './dom.ts';
import { searchText } from './format.ts';
import type { Model } from './model.ts';

const KINDS = ['event', 'state', 'actor', 'message'] as const;
type Kind = (typeof KINDS)[number];

/** See the module's comment. */
export class Filter {
  readonly #model: Model;
  readonly #search = byId('search', HTMLInputElement);
  readonly #scope = byId('scope', HTMLSelectElement);
  readonly #all = byId('show-all', HTMLInputElement);
  readonly #kinds = KINDS.map((kind): [Kind, HTMLInputElement] => [
    kind,
    byId(`show-${kind}`, HTMLInputElement),
  ]);
  readonly #texts = new WeakMap<Entry, string>();
  #last = '';
  #wanted = '';
  #shown: ReadonlySet<Kind> = new Set();
  #family: string | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  /** Whether it asks for something else than at the last call; everything is to be sifted anew then. */
  isChanged(): boolean {
    const kinds = this.#kinds.filter(([, box]) => box.checked).map(([kind]) => kind);
    const family = this.#scope.value === 'all' ? undefined : this.#rootOf(this.#model.selected);
    const wanted = this.#search.value.trim().toLowerCase();
    const key = [kinds, family, wanted, this.#all.checked, this.#model.epoch].join('\n');
    if (key === this.#last) return false;
    this.#last = key;
    this.#wanted = wanted;
    this.#shown = new Set(kinds);
    this.#family = family;
    return true;
  }

  passes(entry: Entry): boolean {
    if (entry.kind === 'problem') return this.#matches(entry);
    if (!this.#shown.has(kindOf(entry))) return false;
    if (this.#family !== undefined && this.#rootOf(entry.actor) !== this.#family) return false;
    return (this.#all.checked || this.#isTelling(entry)) && this.#matches(entry);
  }

  /** Leaves out what is only XState's way to do what other entries say. */
  #isTelling(entry: Entry): boolean {
    if (entry.kind === 'event') return !entry.name.startsWith('xstate.') || isDeadline(entry.name);
    if (entry.kind === 'message' || entry.kind === 'problem') return true;
    const actor = this.#model.history.lives.get(entry.actor)?.actor;
    if (entry.kind !== 'state') return actor?.kind === 'machine';
    const isChanged = this.#model.changeOf(entry)?.from !== undefined;
    return actor?.kind === 'machine' && (isChanged || entry.state.status !== 'active');
  }

  #matches(entry: Entry): boolean {
    if (this.#wanted === '') return true;
    let text = this.#texts.get(entry);
    if (text === undefined) {
      const name = this.#model.history.lives.get(entry.actor)?.actor.name ?? '';
      text = `${name} ${searchText(entry)}`.toLowerCase();
      this.#texts.set(entry, text);
    }
    return text.includes(this.#wanted);
  }

  #rootOf(id: string | undefined): string | undefined {
    let root = id;
    for (let depth = 0; depth < 100 && root !== undefined; depth += 1) {
      const parent = this.#model.history.lives.get(root)?.actor.parent;
      if (parent === undefined) return root;
      root = parent;
    }
    return root;
  }
}

const isDeadline = (name: string): boolean => name.startsWith('xstate.after(');

const kindOf = ({ kind }: Exclude<Entry, { kind: 'problem' }>): Kind =>
  kind === 'start' || kind === 'stop' ? 'actor' : kind;
