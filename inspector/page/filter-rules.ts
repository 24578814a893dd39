/** Decides which entries the timeline shows. */

import type { Entry } from '../shared/view.ts';
import { Query } from './filter-query.ts';
import { actorName } from './format.ts';
import type { Model } from './model.ts';

export const KINDS = ['event', 'state', 'actor', 'message'] as const;
export type Kind = (typeof KINDS)[number];

/** Which actors are shown: all, those of the selected one's tree, or the selected one alone. */
export const SCOPES = ['all', 'tree', 'actor'] as const;
type Scope = (typeof SCOPES)[number];

/** What the user has chosen. */
export interface FilterSettings {
  readonly kinds: readonly Kind[];
  readonly scope: Scope;
  /** The id of the selected actor. */
  readonly selected: string | undefined;
  readonly search: string;
  /** Also XState's own events, unchanged states, and actors that are not machines. */
  readonly isAll: boolean;
  /** Only entries with which something failed. */
  readonly isErrors: boolean;
  /** Only events that were not handled. */
  readonly isUnhandled: boolean;
}

/** The settings, ready to be applied to many entries. */
export class FilterRules {
  readonly settings: FilterSettings;
  readonly #model: Model;
  readonly #query: Query;
  readonly #kinds: ReadonlySet<Kind>;
  readonly #roots = new Map<string, string>();
  readonly #root: string | undefined;

  constructor(model: Model, settings: FilterSettings) {
    this.#model = model;
    this.settings = settings;
    this.#query = new Query(settings.search);
    this.#kinds = new Set(settings.kinds);
    const { scope, selected } = settings;
    this.#root = scope === 'tree' && selected !== undefined ? this.#rootOf(selected) : undefined;
  }

  /** Why the search finds nothing, as a sentence for the user. */
  get problem(): string | undefined {
    return this.#query.problem;
  }

  get isSearch(): boolean {
    return !this.#query.isEmpty;
  }

  passes(entry: Entry): boolean {
    const { isErrors, isUnhandled } = this.settings;
    if (isErrors && !this.#model.isFailure(entry) && entry.kind !== 'problem') return false;
    if (isUnhandled && !this.#model.isUnhandled(entry)) return false;
    return this.#isShown(entry, isErrors) && this.#isFound(entry);
  }

  /** Whether the actors of a program are shown. */
  showsProgram(program: string): boolean {
    const { scope, selected } = this.settings;
    return scope === 'all' || selected === undefined || selected.startsWith(`${program}/`);
  }

  #isShown(entry: Entry, isErrors: boolean): boolean {
    if (entry.kind === 'problem') return true;
    if (!this.#kinds.has(kindOf(entry)) || !this.#isInScope(entry)) return false;
    return this.settings.isAll || isErrors || this.#isRelevant(entry);
  }

  #isInScope(entry: Entry): boolean {
    const { scope, selected } = this.settings;
    if (scope === 'all' || selected === undefined) return true;
    if (scope === 'tree') return this.#rootOf(entry.actor) === this.#root;
    return entry.actor === selected || (entry.kind === 'event' && entry.origin === selected);
  }

  #isRelevant(entry: Entry): boolean {
    if (entry.kind === 'event') return !entry.name.startsWith('xstate.') || isDeadline(entry.name);
    if (entry.kind === 'message' || entry.kind === 'problem') return true;
    if (this.#model.isFailure(entry)) return true;
    const actor = this.#model.history.actors.get(entry.actor)?.actor;
    if (entry.kind !== 'state') return actor?.kind === 'machine';
    const isChanged = this.#model.changeOf(entry)?.from !== undefined;
    return actor?.kind === 'machine' && (isChanged || entry.state.status !== 'active');
  }

  #isFound(entry: Entry): boolean {
    if (this.#query.isEmpty) return true;
    const actor = this.#model.history.actors.get(entry.actor)?.actor;
    return this.#query.finds(entry, actor === undefined ? '' : actorName(actor));
  }

  /** The actor at the top of an actor's tree. It does not trust the parents, which may be a circle. */
  #rootOf(id: string): string {
    const known = this.#roots.get(id);
    if (known !== undefined) return known;
    let root = id;
    for (let depth = 0; depth < 100; depth += 1) {
      const parent = this.#model.history.actors.get(root)?.actor.parent;
      if (parent === undefined) break;
      root = parent;
    }
    this.#roots.set(id, root);
    return root;
  }
}

const isDeadline = (name: string): boolean => name.startsWith('xstate.after(');

const kindOf = ({ kind }: Exclude<Entry, { kind: 'problem' }>): Kind =>
  kind === 'start' || kind === 'stop' ? 'actor' : kind;
