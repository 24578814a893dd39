/** What of a machine's graph is drawn: without the states in collapsed ones, and with or without details. */

import { sizeOfLabels } from '../shared/chart-sizes.ts';
import type { Chart, ChartLabel, ChartNode, ChartRef } from '../shared/view.ts';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';

/** More states than this are hard to read at once. */
const READABLE_STATES = 60;
/** With more lines of text than this, details would make a chart hard to read. */
const READABLE_LINES = 90;

/** The part of a graph that is drawn. */
export function drawnGraph(graph: Graph, { collapsed, details }: Omit<ChartRef, 'id'>): Graph {
  const ids = new Set(collapsed ?? collapsedByDefault(graph));
  const visible = ids.size === 0 ? graph : withoutStatesIn(graph, ids);
  const isDetailed = details ?? linesOf(visible) <= READABLE_LINES;
  return { ...(isDetailed ? visible : withoutDetails(visible)), details: isDetailed };
}

/** The ids of the states at the depth below which there would be too many to read. */
export function collapsedByDefault({ root }: Graph): string[] {
  let level = [root];
  let count = 1;
  while (level.length > 0) {
    const next = level.flatMap(({ children }) => children);
    const more = next.filter(({ kind }) => kind !== 'initial').length;
    const isFirst = level[0] === root;
    if (count + more > READABLE_STATES && !isFirst)
      return level.filter(isParent).map(({ id }) => id);
    level = next;
    count += more;
  }
  return [];
}

const isParent = ({ children }: GraphNode): boolean => children.length > 0;

function withoutStatesIn({ root, edges }: Graph, collapsed: ReadonlySet<string>): Graph {
  const shown = new Map<string, string>();
  const cut = (node: GraphNode): GraphNode => {
    shown.set(node.id, node.id);
    if (!isParent(node) || !collapsed.has(node.id)) {
      return { ...node, children: node.children.map(cut) };
    }
    for (const hidden of descendantsOf(node)) shown.set(hidden.id, node.id);
    return { ...node, isCollapsed: true, children: [] };
  };
  return { root: cut(root), edges: merged(edges, shown) };
}

function* descendantsOf({ children }: GraphNode): Generator<GraphNode> {
  for (const child of children) {
    yield child;
    yield* descendantsOf(child);
  }
}

/** Edges from and to hidden states start and end at the collapsed ones. */
function merged(edges: readonly GraphEdge[], shown: ReadonlyMap<string, string>): GraphEdge[] {
  const all = new Map<string, { source: string; target: string; labels: ChartLabel[] }>();
  for (const edge of edges) {
    const [source, target] = [shown.get(edge.source), shown.get(edge.target)];
    if (source === undefined || target === undefined) continue;
    const isHidden = source !== edge.source || target !== edge.target;
    if (isHidden && source === target) continue;
    const key = JSON.stringify([source, target]);
    const known = all.get(key) ?? { source, target, labels: [] };
    known.labels.push(
      ...edge.labels.map((label) => ({ ...label, ...hiddenEnds(edge, source, target) })),
    );
    all.set(key, known);
  }
  return [...all.values()];
}

const hiddenEnds = (
  edge: GraphEdge,
  source: string,
  target: string,
): Pick<ChartLabel, 'from' | 'to'> => ({
  ...(edge.source !== source && { from: edge.source }),
  ...(edge.target !== target && { to: edge.target }),
});

const linesOf = ({ root, edges }: Graph): number =>
  [root, ...descendantsOf(root)].reduce(
    (sum, { notes, lines }) => sum + 1 + notes.length + lines.length,
    0,
  ) + edges.reduce((sum, { labels }) => sum + Math.round(sizeOfLabels(labels).height / 14), 0);

function withoutDetails({ root, edges }: Graph): Graph {
  const shortened = (node: GraphNode): GraphNode => ({
    ...node,
    notes: node.notes.filter(({ kind }) => kind === 'tags'),
    children: node.children.map(shortened),
  });
  return {
    root: shortened(root),
    edges: edges.map((edge) => ({
      ...edge,
      labels: edge.labels.map((label) => ({
        ...label,
        lines: label.lines.filter((line, at) => at === 0 || !line.startsWith('/ ')),
      })),
    })),
  };
}

/** Adds the states that are not drawn, each with the box of the collapsed state that has it. */
export function withHiddenStates(chart: Chart, { root }: Graph): Chart {
  const placed = new Map(chart.nodes.map((node) => [node.id, node]));
  const nodes: ChartNode[] = [];
  const visit = ({ children, ...node }: GraphNode, around: ChartNode | undefined): void => {
    const own = placed.get(node.id) ?? hiddenIn(around, node);
    if (own === undefined) return;
    nodes.push(own);
    for (const child of children) visit(child, own);
  };
  visit(root, undefined);
  return { ...chart, nodes };
}

function hiddenIn(
  around: ChartNode | undefined,
  node: Omit<GraphNode, 'children'>,
): ChartNode | undefined {
  if (around === undefined || node.kind === 'initial') return undefined;
  const { x, y, width, height, id } = around;
  return { ...node, parent: id, isHidden: true, x, y, width, height };
}
