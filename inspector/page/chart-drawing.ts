/** Draws a laid out chart as SVG. */

import type { Chart, ChartEdge, ChartLine, ChartNode } from '../shared/view.ts';
import { svg } from './dom.ts';

/** Distances in pixels, as in the server's layout. */
const LINE_HEIGHT = 16;
const LABEL_LINE_HEIGHT = 14;
const FIRST_BASELINE = 17;

/** A drawn line below the name of a state. */
export interface StateLine {
  readonly element: SVGTextElement;
  readonly node: ChartNode;
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

/** A drawn chart, with the elements that change. */
export interface DrawnChart {
  readonly chart: Chart;
  readonly nodes: ReadonlyMap<string, SVGGElement>;
  readonly edges: readonly (readonly [ChartEdge, SVGGElement])[];
  readonly lines: readonly StateLine[];
}

/** Draws a chart, without any highlights. */
export function drawChart(chart: Chart): { picture: SVGSVGElement; drawn: DrawnChart } {
  const lines: StateLine[] = [];
  const nodes = new Map<string, SVGGElement>();
  for (const node of chart.nodes) nodes.set(node.id, nodeGroup(node, lines));
  const edges = chart.edges.map((edge): [ChartEdge, SVGGElement] => [edge, edgeGroup(edge)]);
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${String(chart.width)} ${String(chart.height)}`,
      role: 'img',
      'aria-label': `Statechart of ${chart.nodes[0]?.key ?? 'a machine'}`,
    },
    svg('defs', {}, arrowhead('arrow'), arrowhead('arrow-taken'), arrowhead('arrow-possible')),
    ...nodes.values(),
    ...edges.map(([, element]) => element),
  );
  return { picture, drawn: { chart, nodes, edges, lines } };
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

const MARKS = { actor: '▸', deadline: '◷', event: '·' } as const;

function nodeGroup(node: ChartNode, lines: StateLine[]): SVGGElement {
  const { x, y, width, height, kind } = node;
  if (kind === 'initial') {
    const dot = svg('circle', { cx: x + width / 2, cy: y + height / 2, r: width / 2 });
    return svg('g', { class: 'initial' }, dot);
  }
  const ownLines = node.lines.map((line, at) => stateLine(node, line, at));
  lines.push(...ownLines);
  const isRegion = kind === 'parallel';
  const box = svg('rect', { x, y, width, height, rx: 6 });
  const inner =
    kind === 'final' &&
    svg('rect', { x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: 4 });
  const name = svg('text', { x: x + 12, y: y + FIRST_BASELINE, class: 'key' }, titleOf(node));
  const title = node.description === undefined ? undefined : svg('title', {}, node.description);
  return svg(
    'g',
    { class: `node ${kind}`, 'data-node': node.id, 'data-region': isRegion },
    title,
    box,
    inner || undefined,
    name,
    ...ownLines.map(({ element }) => element),
  );
}

function stateLine(node: ChartNode, { kind, name, text }: ChartLine, at: number): StateLine {
  const position = { x: node.x + 12, y: node.y + FIRST_BASELINE + (at + 1) * LINE_HEIGHT };
  const element = svg('text', { ...position, class: `line ${kind}` }, `${MARKS[kind]} ${text}`);
  return { element, node, kind, name, text };
}

const titleOf = ({ key, kind }: ChartNode): string => (kind === 'history' ? `${key} (H)` : key);

function edgeGroup({ source, target, labels, points, at }: ChartEdge): SVGGElement {
  const [first, ...rest] = points;
  const d =
    first === undefined
      ? ''
      : `M${String(first[0])},${String(first[1])} ${rest.map(([x, y]) => `L${String(x)},${String(y)}`).join(' ')}`;
  const [x, y] = at ?? [0, 0];
  const top = y - (labels.length * LABEL_LINE_HEIGHT) / 2 + 11;
  const texts = labels.map((label, row) =>
    svg('text', { x, y: top + row * LABEL_LINE_HEIGHT, 'text-anchor': 'middle' }, label.text),
  );
  return svg(
    'g',
    { class: 'edge', 'data-source': source, 'data-target': target },
    svg('path', { d }),
    ...texts,
  );
}
