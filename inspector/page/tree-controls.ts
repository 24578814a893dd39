/** The controls of the tree, and what is folded in it. */

import { byId } from './dom.ts';
import type { Model } from './model.ts';
import type { TreeOrder, TreeWishes } from './tree-rows.ts';

const ORDERS: readonly TreeOrder[] = ['tree', 'name', 'state', 'change', 'errors', 'rate'];
const SHOWS = ['all', 'failed', 'active'] as const;
/** Actors may be each other's parents. */
const MAX_ANCESTORS = 1_000;

/** Reads the controls. */
export class TreeControls {
  readonly #model: Model;
  readonly #ended = byId('ended', HTMLInputElement);
  readonly #filter = byId('actor-filter', HTMLInputElement);
  readonly #show = byId('actor-show', HTMLSelectElement);
  readonly #order = byId('actor-sort', HTMLSelectElement);
  readonly #folded = new Set<string>();
  /** The programs of which a later run has been seen. */
  readonly #restarted = new Set<string>();
  #folds = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  get wishes(): TreeWishes & { readonly withEnded: boolean } {
    return {
      order: ORDERS.find((order) => order === this.#order.value) ?? 'tree',
      show: SHOWS.find((show) => show === this.#show.value) ?? 'all',
      filter: this.#filter.value,
      folded: this.#folded,
      withEnded: this.#ended.checked,
    };
  }

  /** Whether the rows depend on the states of the actors. */
  get isDynamic(): boolean {
    const { order, show, filter } = this.wishes;
    return filter.trim() !== '' || show !== 'all' || (order !== 'tree' && order !== 'name');
  }

  /** Changes whenever the wishes do. */
  get version(): string {
    this.#foldEarlierRuns();
    const { order, show, filter, withEnded } = this.wishes;
    return [order, show, filter.replaceAll(',', ' '), withEnded, this.#folds].join(' ');
  }

  /** Whether a later run of the program is known. */
  isRestarted(program: string): boolean {
    return this.#restarted.has(program);
  }

  fold(id: string, isFolded: boolean): void {
    if (isFolded === this.#folded.has(id)) return;
    if (isFolded) this.#folded.add(id);
    else this.#folded.delete(id);
    this.#folds += 1;
  }

  toggle(id: string): void {
    this.fold(id, !this.#folded.has(id));
  }

  /** Unfolds the program and the ancestors of an actor. */
  unfoldAbove(id: string): void {
    const actor = this.#model.actorOf(id);
    if (actor === undefined) return;
    this.fold(actor.program, false);
    let { parent } = actor;
    for (let steps = 0; parent !== undefined && steps < MAX_ANCESTORS; steps += 1) {
      this.fold(parent, false);
      parent = this.#model.actorOf(parent)?.parent;
    }
  }

  /** Of a program that was started again, the earlier run is folded, once. */
  #foldEarlierRuns(): void {
    const { programs, selected } = this.#model;
    for (const { restartOf } of programs.values()) {
      if (restartOf === undefined || this.#restarted.has(restartOf)) continue;
      this.#restarted.add(restartOf);
      if (selected?.startsWith(`${restartOf}/`) !== true) this.fold(restartOf, true);
    }
    for (const id of this.#restarted) {
      if (programs.has(id)) continue;
      this.#restarted.delete(id);
      this.#folded.delete(id);
    }
  }
}
