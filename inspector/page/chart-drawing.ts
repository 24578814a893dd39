/** Draws a laid out chart as SVG. */

import {
  FIRST_BASELINE,
  LABEL_GAP,
  LABEL_LINE_HEIGHT,
  LINE_HEIGHT,
  lineText,
  PADDING,
  sizeOfLabels,
} from '../shared/chart-sizes.ts';
import type { Chart, ChartEdge, ChartLabel, ChartLine, ChartNode } from '../shared/view.ts';
import { svg } from './dom.ts';

/** A drawn line below the name of a state. */
export interface DrawnLine {
  readonly element: SVGTextElement;
  readonly node: ChartNode;
  readonly line: ChartLine;
}

/** The drawn texts of one transition of an edge. */
export interface DrawnLabel {
  readonly element: SVGGElement;
  readonly label: ChartLabel;
}

export interface DrawnEdge {
  readonly element: SVGGElement;
  readonly edge: ChartEdge;
  readonly labels: readonly DrawnLabel[];
}

/** A drawn chart, with the elements that change. */
export interface DrawnChart {
  readonly chart: Chart;
  readonly picture: SVGSVGElement;
  readonly nodes: ReadonlyMap<string, SVGGElement>;
  /** The texts in collapsed states that name what is active in them. */
  readonly inside: ReadonlyMap<string, SVGTextElement>;
  readonly edges: readonly DrawnEdge[];
  readonly lines: readonly DrawnLine[];
}

/** Draws a chart, without any highlights. */
export function drawChart(chart: Chart): DrawnChart {
  const lines: DrawnLine[] = [];
  const inside = new Map<string, SVGTextElement>();
  const nodes = new Map<string, SVGGElement>();
  for (const node of chart.nodes) {
    if (node.isHidden !== true) nodes.set(node.id, nodeGroup(node, lines, inside));
  }
  const edges = chart.edges.map((edge, at) => edgeGroup(edge, at));
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${String(chart.width)} ${String(chart.height)}`,
      role: 'group',
      'aria-label': `Statechart of ${chart.nodes[0]?.key ?? 'a machine'}`,
    },
    svg('defs', {}, ...['arrow', 'arrow-taken', 'arrow-older', 'arrow-possible'].map(arrowhead)),
    ...nodes.values(),
    ...edges.map(({ element }) => element),
  );
  return { chart, picture, nodes, inside, edges, lines };
}

const arrowhead = (id: string): SVGMarkerElement =>
  svg(
    'marker',
    {
      id,
      viewBox: '0 0 8 8',
      refX: 7,
      refY: 4,
      markerWidth: 7,
      markerHeight: 7,
      markerUnits: 'userSpaceOnUse',
      orient: 'auto',
    },
    svg('path', { d: 'M0,0.5 L8,4 L0,7.5 z' }),
  );

function nodeGroup(
  node: ChartNode,
  lines: DrawnLine[],
  inside: Map<string, SVGTextElement>,
): SVGGElement {
  const { id, x, y, width, height, kind, isCollapsed } = node;
  if (kind === 'initial') {
    const dot = svg('circle', { cx: x + width / 2, cy: y + height / 2, r: width / 2 });
    return svg('g', { class: 'initial' }, dot);
  }
  if (kind === 'history') return historyGroup(node);
  const row = rowsOf(node);
  const notes = node.notes.map(({ kind: note, text }) =>
    svg('text', { ...row(), class: `note ${note}` }, text),
  );
  const own = node.lines.map((line) => drawnLine(node, line, row()));
  lines.push(...own);
  const active = isCollapsed === true ? svg('text', { ...row(), class: 'inside' }) : undefined;
  if (active !== undefined) inside.set(id, active);
  return svg(
    'g',
    {
      class: `node ${kind}${isCollapsed === true ? ' collapsed' : ''}`,
      'data-node': id,
      'data-region': kind === 'parallel',
    },
    tooltip(node.description),
    svg('rect', { class: 'box', x, y, width, height, rx: 6 }),
    kind === 'final' ? innerBox(node) : undefined,
    svg('text', { x: x + PADDING, y: y + FIRST_BASELINE, class: 'key' }, node.key),
    ...caretOf(node),
    ...notes,
    ...own.map(({ element }) => element),
    active,
  );
}

/** Gives the position of each further row. */
function rowsOf({ x, y }: ChartNode): () => { x: number; y: number } {
  let row = 0;
  return () => {
    row += 1;
    return { x: x + PADDING, y: y + FIRST_BASELINE + row * LINE_HEIGHT };
  };
}

const tooltip = (text: string | undefined): SVGTitleElement | undefined =>
  text === undefined ? undefined : svg('title', {}, text);

const innerBox = ({ x, y, width, height }: ChartNode): SVGRectElement =>
  svg('rect', { class: 'box', x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 4 });

/** A circle with H, or H* for a deep one, as in UML. */
function historyGroup({ id, key, x, y, width, height, history, description }: ChartNode) {
  const [cx, cy] = [x + width / 2, y + height / 2];
  const isDeep = history === 'deep';
  const what = `${key}: ${isDeep ? 'deep' : 'shallow'} history`;
  return svg(
    'g',
    { class: 'node history', 'data-node': id },
    tooltip(description === undefined ? what : `${what}\n${description}`),
    svg('circle', { class: 'box', cx, cy, r: width / 2 }),
    svg('text', { x: cx, y: cy + 4, class: 'key', 'text-anchor': 'middle' }, isDeep ? 'H*' : 'H'),
  );
}

/** The mark on which a click collapses or expands a state. */
function caretOf({ x, y, width, kind, parent, isCollapsed }: ChartNode): SVGElement[] {
  if (parent === undefined || (kind !== 'compound' && kind !== 'parallel')) return [];
  const right = x + width;
  const text = isCollapsed === true ? '⊞' : '⊟';
  return [
    svg(
      'g',
      { class: 'caret' },
      svg('title', {}, isCollapsed === true ? 'Expand (Enter)' : 'Collapse (Enter)'),
      svg('rect', { x: right - 28, y, width: 28, height: 26 }),
      svg('text', { x: right - 10, y: y + FIRST_BASELINE, 'text-anchor': 'end' }, text),
    ),
  ];
}

function drawnLine(node: ChartNode, line: ChartLine, at: { x: number; y: number }): DrawnLine {
  const element = svg('text', { ...at, class: `line ${line.kind}` }, lineText(line));
  return { element, node, line };
}

function edgeGroup(edge: ChartEdge, at: number): DrawnEdge {
  const { source, target, points } = edge;
  const labels = labelsOf(edge);
  const d = points.map(([x, y], number) => `${number === 0 ? 'M' : 'L'}${String(x)},${String(y)}`);
  const element = svg(
    'g',
    { class: 'edge', 'data-source': source, 'data-target': target, 'data-edge': at },
    svg('path', { class: 'hit', d: d.join(' ') }),
    svg('path', { class: 'way', d: d.join(' ') }),
    ...labels.map((label) => label.element),
  );
  return { element, edge, labels };
}

function labelsOf({ labels, at: [x, y] = [0, 0] }: ChartEdge): DrawnLabel[] {
  let top = y - sizeOfLabels(labels).height / 2 + 11;
  return labels.map((label, number) => {
    const lines = label.lines.map((line, row) =>
      svg('text', { x, y: top + row * LABEL_LINE_HEIGHT, 'text-anchor': 'middle' }, line),
    );
    top += label.lines.length * LABEL_LINE_HEIGHT + LABEL_GAP;
    const attributes = { class: 'label', 'data-label': number };
    return { label, element: svg('g', attributes, tooltip(label.text), ...lines) };
  });
}
