/**
 * Arranges states between which no transition leads in rows. elkjs would place them all side by side:
 * seven parallel regions would be one row of 2 500 px, thirty one of 10 000.
 */

import type { ElkNode } from 'elkjs/lib/elk-api.js';
import type { Size } from '../shared/chart-sizes.ts';
import type { Graph, GraphNode } from './graph.ts';

/** The pane for which charts are arranged, in pixels. */
const PANE: Size = { width: 1000, height: 760 };
const GAP = 14;
/** Sorting by height must bring this much: the order of the definition is easier to follow. */
const SORTING_GAIN = 1.15;
/** Rows must bring this much, because lines between states then take detours. */
const MIN_GAIN = 1.1;

/** The scale at which a box fits into the pane. */
export const fitOf = ({ width, height }: Size): number =>
  Math.min(PANE.width / Math.max(1, width), PANE.height / Math.max(1, height));

/** States that transitions connect, or a single one. */
interface Group extends Size {
  /** The ids of the uppermost and the lowest state. */
  readonly first: string;
  readonly last: string;
}

/**
 * The pairs of states of which the second must be below the first, so that they are in rows; none when
 * there is nothing to gain.
 */
export function pairsFor(graph: Graph, layout: ElkNode): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  const groups = new Groups(graph);
  const visit = (node: GraphNode, placed: ElkNode | undefined): void => {
    if (placed === undefined || node.children.length === 0) return;
    const boxes = new Map((placed.children ?? []).map((child) => [child.id, child]));
    const parts = groups.below(node).map((ids) => groupOf(ids, boxes));
    const rows = parts.length > 1 ? packed(parts) : [];
    const isGain = fitOf(sizeOfRows(rows)) > fitOf(sizeOfRows([parts])) * MIN_GAIN;
    if (rows.length > 1 && isGain) pairs.push(...pairsBetween(rows));
    for (const child of node.children) visit(child, boxes.get(child.id));
  };
  visit(graph.root, layout.children?.[0]);
  return pairs;
}

/** Each group of a row is below one of the row before it. */
const pairsBetween = (rows: readonly (readonly Group[])[]): (readonly [string, string])[] =>
  rows.slice(1).flatMap((row, at) => {
    const before = rows[at] ?? [];
    return Array.from({ length: Math.max(row.length, before.length) }, (_, number) => {
      const [upper, lower] = [before[number % before.length], row[number % row.length]];
      return [upper?.last ?? '', lower?.first ?? ''] as const;
    });
  });

/** The smallest box around states. */
function groupOf(ids: readonly string[], boxes: ReadonlyMap<string, ElkNode>): Group {
  const all = ids.flatMap((id) => boxes.get(id) ?? []);
  const [left, top] = [min(all.map(({ x = 0 }) => x)), min(all.map(({ y = 0 }) => y))];
  const right = max(all.map(({ x = 0, width = 0 }) => x + width));
  const bottom = max(all.map(({ y = 0, height = 0 }) => y + height));
  const byHeight = all.toSorted((one, other) => (one.y ?? 0) - (other.y ?? 0));
  const [first, last] = [byHeight[0]?.id ?? '', byHeight.at(-1)?.id ?? ''];
  return { first, last, width: right - left, height: bottom - top };
}

const min = (numbers: readonly number[]): number =>
  numbers.reduce((a, b) => Math.min(a, b), Infinity);
const max = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);

/** The best arrangement of boxes in rows. */
export function packed<B extends Size>(boxes: readonly B[]): readonly (readonly B[])[] {
  const inOrder = bestRows(boxes);
  const [first, ...rest] = boxes;
  if (first === undefined) return [];
  // The first box stays first: it has the initial state.
  const sorted = bestRows([first, ...rest.toSorted((a, b) => b.height - a.height)]);
  return fitOf(sizeOfRows(sorted)) > fitOf(sizeOfRows(inOrder)) * SORTING_GAIN ? sorted : inOrder;
}

/** Fills rows of different widths, and takes the arrangement that fits best. */
function bestRows<B extends Size>(boxes: readonly B[]): B[][] {
  const total = boxes.reduce((sum, { width }) => sum + width + GAP, 0);
  const widest = max(boxes.map(({ width }) => width));
  let best: B[][] = [[...boxes]];
  for (let count = 2; count <= boxes.length; count += 1) {
    const rows = filledRows(boxes, Math.max(widest, (total / count) * 1.02));
    if (fitOf(sizeOfRows(rows)) > fitOf(sizeOfRows(best))) best = rows;
  }
  return best;
}

function filledRows<B extends Size>(boxes: readonly B[], most: number): B[][] {
  const rows: B[][] = [];
  let used = Infinity;
  for (const box of boxes) {
    if (used + box.width > most) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(box);
    used += box.width + GAP;
  }
  return rows;
}

/** The size of boxes in rows. */
export function sizeOfRows(rows: readonly (readonly Size[])[]): Size {
  const widths = rows.map((row) => row.reduce((sum, { width }) => sum + width + GAP, 0));
  const heights = rows.map((row) => max(row.map(({ height }) => height)) + GAP);
  return { width: max(widths), height: heights.reduce((a, b) => a + b, 0) };
}

/** The groups of states that transitions connect. */
class Groups {
  /** For each state the pairs of its states that a transition connects. */
  readonly #pairs = new Map<string, (readonly [string, string])[]>();
  readonly #parents = new Map<string, string>();

  constructor({ root, edges }: Graph) {
    const visit = (node: GraphNode): void => {
      for (const child of node.children) {
        this.#parents.set(child.id, node.id);
        visit(child);
      }
    };
    visit(root);
    for (const { source, target } of edges) this.#connect(source, target);
  }

  below({ id, children }: GraphNode): string[][] {
    const groupOf = new Map(children.map((child): [string, string[]] => [child.id, [child.id]]));
    for (const [one, other] of this.#pairs.get(id) ?? []) {
      const [into, from] = [groupOf.get(one), groupOf.get(other)];
      if (into === undefined || from === undefined || into === from) continue;
      for (const member of from) groupOf.set(member, into);
      into.push(...from);
    }
    return [...new Set(groupOf.values())];
  }

  /** Notes the pair in the state that has both, unless one of them has the other. */
  #connect(source: string, target: string): void {
    const [above, below] = [this.#pathOf(source), this.#pathOf(target)];
    for (let at = 0; at < Math.min(above.length, below.length); at += 1) {
      const [one, other, around] = [above[at], below[at], above[at - 1]];
      if (one === other || one === undefined || other === undefined) continue;
      if (around === undefined) return;
      const pairs = this.#pairs.get(around) ?? [];
      pairs.push([one, other]);
      this.#pairs.set(around, pairs);
      return;
    }
  }

  #pathOf(id: string): string[] {
    const path: string[] = [];
    for (let at: string | undefined = id; at !== undefined; at = this.#parents.get(at))
      path.push(at);
    return path.reverse();
  }
}
