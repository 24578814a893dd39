/** What the keys do in the tree: move to another actor, fold or unfold. */

import type { TreeRow } from './tree-rows.ts';

type ActorRow = Extract<TreeRow, { kind: 'actor' }>;

/** The actor that becomes selected, or is folded or unfolded. */
export interface TreeMove {
  readonly id: string;
  readonly isFold: boolean;
}

/**
 * What a key does; `undefined` for nothing.
 *
 * @param page - The number of rows of a page.
 */
export function moveOf(
  key: string,
  rows: readonly TreeRow[],
  selected: string | undefined,
  page: number,
): TreeMove | undefined {
  const actors = rows.filter((row) => row.kind === 'actor');
  const at = actors.findIndex(({ id }) => id === selected);
  const fold = actors[at]?.isFolded;
  const isFold = (key === 'ArrowLeft' && fold === false) || (key === 'ArrowRight' && fold === true);
  const to = isFold ? at : targetOf(key, actors, at, page);
  const id = to === undefined ? undefined : actors[to]?.id;
  return id === undefined ? undefined : { id, isFold };
}

function targetOf(
  key: string,
  actors: readonly ActorRow[],
  at: number,
  page: number,
): number | undefined {
  const last = actors.length - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, at + 1);
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'PageDown':
      return Math.min(last, at + page);
    case 'PageUp':
      return Math.max(0, at - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'ArrowLeft':
      return parentIndex(actors, at);
    case 'ArrowRight':
      return actors[at]?.isFolded === false ? at + 1 : undefined;
    default:
      return undefined;
  }
}

function parentIndex(actors: readonly ActorRow[], at: number): number {
  const level = actors[at]?.level ?? 0;
  return actors.findLastIndex((one, index) => index < at && one.level < level);
}
