/**
 * Lays out a graph at once, however large it is: nested boxes in rows, and straight lines between them.
 * It is used until elkjs has laid out a large chart, and when elkjs fails.
 */

import { type Size, sizeOfState } from '../shared/chart-sizes.ts';
import type { Chart, ChartEdge, ChartNode } from '../shared/view.ts';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';
import { packed } from './packing.ts';

const MARGIN = 14;
const GAP = 28;
/** More boxes are put into a square grid: trying all arrangements would take long. */
const MAX_PACKED = 60;

interface SizedNode extends Size {
  readonly state: Omit<GraphNode, 'children'>;
  readonly top: number;
  readonly rows: readonly (readonly SizedNode[])[];
}
type Point = readonly [x: number, y: number];

/** The chart of a graph. */
export function simpleLayout(id: string, graph: Graph): Chart {
  const sized = sizedNode(graph.root);
  const nodes: ChartNode[] = [];
  place(sized, MARGIN, MARGIN, undefined, nodes);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return {
    id,
    width: sized.width + 2 * MARGIN,
    height: sized.height + 2 * MARGIN,
    nodes,
    edges: graph.edges.map((edge) => lineOf(edge, byId)),
    details: graph.details ?? true,
    isSimple: true,
  };
}

function sizedNode({ children, ...state }: GraphNode): SizedNode {
  const own = sizeOfState(state);
  const rows = rowsOf(children.map(sizedNode));
  const sizes = rows.map(sizeOfRow);
  const width = Math.max(own.width, ...sizes.map((row) => row.width + 2 * MARGIN));
  const inner = sizes.reduce((sum, { height }) => sum + height + GAP, 0);
  const height = own.height + (rows.length === 0 ? 0 : inner - GAP + 2 * MARGIN);
  return { state, rows, top: own.height + MARGIN, width, height };
}

function rowsOf(children: readonly SizedNode[]): readonly (readonly SizedNode[])[] {
  if (children.length <= MAX_PACKED) return packed(children);
  const perRow = Math.ceil(Math.sqrt(children.length) * 1.2);
  return Array.from({ length: Math.ceil(children.length / perRow) }, (_, at) =>
    children.slice(at * perRow, (at + 1) * perRow),
  );
}

const sizeOfRow = (row: readonly SizedNode[]): Size => ({
  width: row.reduce((sum, { width }) => sum + width + GAP, -GAP),
  height: row.reduce((most, { height }) => Math.max(most, height), 0),
});

function place(
  { state, rows, top, width, height }: SizedNode,
  x: number,
  y: number,
  parent: string | undefined,
  into: ChartNode[],
): void {
  into.push({ ...state, x, y, width, height, ...(parent !== undefined && { parent }) });
  let below = y + top;
  for (const row of rows) {
    let right = x + MARGIN;
    for (const child of row) {
      place(child, right, below, state.id, into);
      right += child.width + GAP;
    }
    below += sizeOfRow(row).height + GAP;
  }
}

function lineOf(edge: GraphEdge, nodes: ReadonlyMap<string, ChartNode>): ChartEdge {
  const [source, target] = [nodes.get(edge.source), nodes.get(edge.target)];
  if (source === undefined || target === undefined) return { ...edge, points: [] };
  const points = pointsBetween(source, target);
  const [first, last] = [points[0] ?? [0, 0], points.at(-1) ?? [0, 0]];
  // Nearer to the source, so that the labels of lines to one state do not cover each other.
  const at: Point = [first[0] * 0.6 + last[0] * 0.4, first[1] * 0.6 + last[1] * 0.4];
  return { ...edge, points, ...(edge.labels.length > 0 && { at }) };
}

function pointsBetween(source: ChartNode, target: ChartNode): readonly Point[] {
  if (source === target) {
    const [x, y] = [source.x + source.width, source.y + 6];
    return [
      [x, y],
      [x + 8, y],
      [x + 8, y + 10],
      [x, y + 10],
    ];
  }
  const [from, to] = [middleOf(source), middleOf(target)];
  if (contains(source, target))
    return [
      [source.x, to[1]],
      [target.x, to[1]],
    ];
  if (contains(target, source))
    return [
      [source.x, from[1]],
      [target.x, from[1]],
    ];
  return [borderPoint(source, to), borderPoint(target, from)];
}

const middleOf = ({ x, y, width, height }: ChartNode): Point => [x + width / 2, y + height / 2];

const contains = (outer: ChartNode, inner: ChartNode): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height;

/** Where the line from the middle of a state to a point leaves the state. */
function borderPoint(node: ChartNode, [x, y]: Point): Point {
  const [left, top] = middleOf(node);
  const [dx, dy] = [x - left, y - top];
  const scale = Math.min(
    dx === 0 ? Infinity : node.width / 2 / Math.abs(dx),
    dy === 0 ? Infinity : node.height / 2 / Math.abs(dy),
  );
  return Number.isFinite(scale) ? [left + dx * scale, top + dy * scale] : [left, node.y];
}
