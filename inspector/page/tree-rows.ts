/**
 * Which rows the tree has: the programs with their actors, folded, filtered and in the chosen order. It
 * needs no page. It does not trust the parents of actors: they may be nested without an end, or be each
 * other's parents.
 */

/** An actor, as far as the tree needs to know it. */
export interface TreeActor {
  readonly id: string;
  readonly program: string;
  readonly parent: string | undefined;
  readonly name: string;
  /** The text of its state. */
  readonly state: string;
  /** Whether it is an active machine or actor. */
  readonly isActive: boolean;
  /** Whether it has ended, and is hidden unless it is asked for. */
  readonly isHidden: boolean;
  /** How often it has failed. */
  readonly failures: number;
  /** When its state has changed, in ms since 1970. */
  readonly changedAt: number;
  /** In transitions per second. */
  readonly rate: number;
}

export type TreeOrder = 'tree' | 'name' | 'state' | 'change' | 'errors' | 'rate';

/** What the user wants to see. */
export interface TreeWishes {
  readonly order: TreeOrder;
  readonly show: 'all' | 'failed' | 'active';
  /** Part of a name or state; with `state=`, the beginning of a state. */
  readonly filter: string;
  /** The ids of programs and actors whose actors are not shown. */
  readonly folded: ReadonlySet<string>;
}

/** A program, with its number of dropped entries. */
export interface TreeProgram {
  readonly id: string;
  readonly dropped: number;
}

/** A row of the tree. */
export type TreeRow =
  | {
      readonly kind: 'program';
      readonly id: string;
      /** The number of its actors that pass the filter. */
      readonly actors: number;
      /** The failures of its actors that have no row. */
      readonly hiddenFailures: number;
    }
  | { readonly kind: 'note'; readonly id: string; readonly dropped: number }
  | {
      readonly kind: 'actor';
      readonly id: string;
      readonly program: string;
      /** From 1. */
      readonly level: number;
      /** `undefined` when it has no actors below it. */
      readonly isFolded: boolean | undefined;
      /** It does not pass the filter, but one below it does. */
      readonly isContext: boolean;
      /** The failures of the actors below it that have no row. */
      readonly hiddenFailures: number;
    };

type ActorRow = Extract<TreeRow, { kind: 'actor' }>;

/** Deeper actors are not indented further. */
const MAX_LEVELS = 50;

/** All rows, from top to bottom. */
export function rowsOf(
  programs: readonly TreeProgram[],
  actors: Iterable<TreeActor>,
  wishes: TreeWishes,
): TreeRow[] {
  const forest = new Forest(actors, wishes);
  const rows: TreeRow[] = [];
  for (const program of programs) {
    const own = wishes.order === 'tree' ? forest.treeOf(program.id) : forest.listOf(program.id);
    const shown = wishes.folded.has(program.id) ? [] : own;
    const hidden = forest.hiddenFailures(program.id, shown);
    rows.push({
      kind: 'program',
      id: program.id,
      actors: own.length,
      hiddenFailures: hidden.get(program.id) ?? 0,
    });
    if (program.dropped > 0) rows.push({ kind: 'note', id: program.id, dropped: program.dropped });
    for (const row of shown) {
      rows.push({ ...row, hiddenFailures: hidden.get(row.id) ?? 0 });
    }
  }
  return rows;
}

/** Says whether an actor is one of those that the user wants to see. */
function matcherOf({ show, filter }: TreeWishes): (actor: TreeActor) => boolean {
  const text = filter.trim().toLowerCase();
  const [, state] = /^state\s*=\s*(.*)$/.exec(text) ?? [];
  return (actor) => {
    if (show === 'failed' && actor.failures === 0) return false;
    if (show === 'active' && !actor.isActive) return false;
    if (text === '') return true;
    if (state !== undefined) return actor.state.toLowerCase().startsWith(state);
    return actor.name.toLowerCase().includes(text) || actor.state.toLowerCase().includes(text);
  };
}

const byName = (one: TreeActor, other: TreeActor): number =>
  one.name < other.name ? -1 : one.name > other.name ? 1 : 0;

const ORDERS: Readonly<Record<TreeOrder, (one: TreeActor, other: TreeActor) => number>> = {
  tree: () => 0,
  name: byName,
  state: (one, other) =>
    one.state < other.state ? -1 : one.state > other.state ? 1 : byName(one, other),
  change: (one, other) => other.changedAt - one.changedAt || byName(one, other),
  errors: (one, other) => other.failures - one.failures || byName(one, other),
  rate: (one, other) => other.rate - one.rate || byName(one, other),
};

class Forest {
  readonly #wishes: TreeWishes;
  readonly #passes: (actor: TreeActor) => boolean;
  readonly #actors = new Map<string, TreeActor>();
  readonly #ofProgram = new Map<string, TreeActor[]>();
  readonly #children = new Map<string, TreeActor[]>();
  /** The actors that pass the filter, and those above them; `undefined` when all pass. */
  readonly #kept: ReadonlySet<string> | undefined;

  constructor(actors: Iterable<TreeActor>, wishes: TreeWishes) {
    this.#wishes = wishes;
    this.#passes = matcherOf(wishes);
    for (const actor of actors) this.#actors.set(actor.id, actor);
    for (const actor of this.#actors.values()) {
      append(this.#ofProgram, actor.program, actor);
      if (actor.parent !== undefined && !actor.isHidden) {
        append(this.#children, actor.parent, actor);
      }
    }
    const isFiltered = wishes.filter.trim() !== '' || wishes.show !== 'all';
    this.#kept = isFiltered ? this.#keep() : undefined;
  }

  /** Actors in the chosen order, without their places in the tree. */
  listOf(program: string): ActorRow[] {
    const shown = this.#shown(program).filter(this.#passes);
    return shown.sort(ORDERS[this.#wishes.order]).map((actor) => rowOf(actor, 1, undefined, false));
  }

  /** Actors, each below its parent. */
  treeOf(program: string): ActorRow[] {
    const rows: ActorRow[] = [];
    const added = new Set<string>();
    const shown = this.#shown(program);
    const isRoot = ({ parent }: TreeActor) => parent === undefined || !this.#actors.has(parent);
    // Actors that are each other's parents come last.
    for (const start of [...shown.filter(isRoot), ...shown]) {
      const stack = [{ actor: start, level: 1, isInFold: false }];
      for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
        const { actor, level, isInFold } = next;
        if (added.has(actor.id)) continue;
        added.add(actor.id);
        if (this.#kept?.has(actor.id) === false) continue;
        const children = this.#children.get(actor.id) ?? [];
        const isFolded = this.#wishes.folded.has(actor.id);
        if (!isInFold) {
          const fold = children.length === 0 ? undefined : isFolded;
          rows.push(
            rowOf(
              actor,
              Math.min(level, MAX_LEVELS),
              fold,
              this.#kept !== undefined && !this.#passes(actor),
            ),
          );
        }
        for (const child of children.toReversed()) {
          stack.push({ actor: child, level: level + 1, isInFold: isInFold || isFolded });
        }
      }
    }
    return rows;
  }

  /** The failures of a program's actors without a row, by the nearest row above each: an actor's, or the program's. */
  hiddenFailures(program: string, rows: readonly ActorRow[]): ReadonlyMap<string, number> {
    const shown = new Set(rows.map(({ id }) => id));
    const isTree = this.#wishes.order === 'tree';
    const nearest = new Map<string, string | undefined>();
    const hidden = new Map<string, number>();
    for (const { id, failures } of this.#ofProgram.get(program) ?? []) {
      if (failures === 0 || shown.has(id)) continue;
      const owner = (isTree ? this.#nearest(id, shown, nearest) : undefined) ?? program;
      hidden.set(owner, (hidden.get(owner) ?? 0) + failures);
    }
    return hidden;
  }

  /** The nearest actor above one that has a row. What was found on the way is kept in `known`. */
  #nearest(
    start: string,
    shown: ReadonlySet<string>,
    known: Map<string, string | undefined>,
  ): string | undefined {
    const way = new Set<string>();
    let id: string | undefined = start;
    while (id !== undefined && !shown.has(id) && !known.has(id) && !way.has(id)) {
      way.add(id);
      id = this.#actors.get(id)?.parent;
    }
    const found = id === undefined || shown.has(id) ? id : known.get(id);
    for (const passed of way) known.set(passed, found);
    return found;
  }

  #shown(program: string): TreeActor[] {
    return (this.#ofProgram.get(program) ?? []).filter(({ isHidden }) => !isHidden);
  }

  #keep(): ReadonlySet<string> {
    const kept = new Set<string>();
    for (const actor of this.#actors.values()) {
      if (actor.isHidden || !this.#passes(actor)) continue;
      let id: string | undefined = actor.id;
      while (id !== undefined && !kept.has(id)) {
        kept.add(id);
        id = this.#actors.get(id)?.parent;
      }
    }
    return kept;
  }
}

const rowOf = (
  { id, program }: TreeActor,
  level: number,
  isFolded: boolean | undefined,
  isContext: boolean,
): ActorRow => ({ kind: 'actor', id, program, level, isFolded, isContext, hiddenFailures: 0 });

function append(map: Map<string, TreeActor[]>, key: string, actor: TreeActor): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [actor]);
  else list.push(actor);
}

/** A part of the rows: `from` is the first of them, `to` follows the last one. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
}

/** Up to this number, all rows are elements, so that the browser can search in them. */
export const MAX_WHOLE = 4_000;
/** Rows beyond the visible ones that are elements, too. */
const MARGIN_ROWS = 20;

/** The rows that are elements of the page. */
export function windowOf(count: number, scrollTop: number, height: number, row: number): RowWindow {
  if (count <= MAX_WHOLE) return { from: 0, to: count };
  const first = Math.floor(scrollTop / row) - MARGIN_ROWS;
  const from = Math.max(0, Math.min(first, count - 1));
  const to = Math.min(count, from + Math.ceil(height / row) + 2 * MARGIN_ROWS);
  return { from, to };
}
