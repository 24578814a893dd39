/** Converts a graph to what elkjs lays out, and its answer to a chart. */

import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { sizeOfLabels, sizeOfState } from '../shared/chart-sizes.ts';
import type { Chart, ChartEdge, ChartNode } from '../shared/view.ts';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';

/** How a chart is arranged. */
export interface Plan {
  /** elkjs's options for all states that have states. */
  readonly options?: Readonly<Record<string, string>>;
  /** The pairs of states of which the second is placed below the first, by their ids. */
  readonly below?: readonly (readonly [string, string])[];
}

const OPTIONS: Readonly<Record<string, string>> = {
  'elk.algorithm': 'layered',
  // Labelled edges make charts wide, so a downward layout fits a screen best.
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.spacing.nodeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeNodeBetweenLayers': '8',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '7',
  'elk.spacing.nodeNode': '14',
  'elk.spacing.edgeNode': '8',
  'elk.spacing.edgeEdge': '7',
};

/** The smallest graph, which makes the thread load and compile everything. */
export const WARM_UP: ElkNode = {
  id: ':all',
  layoutOptions: OPTIONS,
  children: [{ id: 'a' }],
  edges: [],
};

/** The input of elkjs for a graph. */
export function elkGraphOf({ root, edges }: Graph, plan: Plan = {}): ElkNode {
  return {
    id: ':all',
    layoutOptions: {
      ...OPTIONS,
      ...plan.options,
      'elk.padding': '[top=8,left=8,bottom=8,right=8]',
    },
    children: [elkNodeOf(root, plan)],
    edges: [...edges.map(elkEdgeOf), ...(plan.below ?? []).map(invisibleEdgeOf)],
  };
}

function elkNodeOf(node: GraphNode, plan: Plan): ElkNode {
  const { width, height } = sizeOfState(node);
  if (node.kind === 'initial') {
    return {
      id: node.id,
      width,
      height,
      layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
    };
  }
  if (node.children.length === 0) return { id: node.id, width, height };
  return {
    id: node.id,
    layoutOptions: {
      ...OPTIONS,
      ...plan.options,
      'elk.padding': `[top=${String(height + 6)},left=14,bottom=14,right=14]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${String(width)}, ${String(height)})`,
    },
    children: node.children.map((child) => elkNodeOf(child, plan)),
  };
}

const elkEdgeOf = ({ source, target, labels }: GraphEdge, at: number): ElkExtendedEdge => ({
  id: `edge ${String(at)}`,
  sources: [source],
  targets: [target],
  labels:
    labels.length === 0
      ? []
      : [
          {
            text: 'label',
            ...sizeOfLabels(labels),
            layoutOptions: { 'elk.edgeLabels.inline': 'true' },
          },
        ],
});

/** An edge that is not drawn: it keeps one state below another. */
const invisibleEdgeOf = (
  [source, target]: readonly [string, string],
  at: number,
): ElkExtendedEdge => ({
  id: `below ${String(at)}`,
  sources: [source],
  targets: [target],
  layoutOptions: { 'elk.layered.priority.direction': '100' },
});

/** The chart of a graph that elkjs has laid out. */
export function chartOf(id: string, graph: Graph, layout: ElkNode): Chart {
  const nodes: ChartNode[] = [];
  const [root] = layout.children ?? [];
  if (root !== undefined) place(graph.root, root, { x: 0, y: 0 }, undefined, nodes);
  const placed = layout.edges ?? [];
  return {
    id,
    width: Math.ceil(layout.width ?? 0),
    height: Math.ceil(layout.height ?? 0),
    nodes,
    edges: graph.edges.map((edge, at) => edgeOf(edge, placed[at])),
    details: graph.details ?? true,
  };
}

/** Converts the positions of elkjs, which are relative to the parent, to absolute ones. */
function place(
  { children, ...node }: GraphNode,
  { x = 0, y = 0, width = 0, height = 0, children: placed = [] }: ElkNode,
  offset: { readonly x: number; readonly y: number },
  parent: string | undefined,
  into: ChartNode[],
): void {
  const here = { x: offset.x + x, y: offset.y + y };
  into.push({ ...node, ...here, width, height, ...(parent !== undefined && { parent }) });
  children.forEach((child, at) => {
    const position = placed[at];
    if (position !== undefined) place(child, position, here, node.id, into);
  });
}

function edgeOf(edge: GraphEdge, placed: ElkExtendedEdge | undefined): ChartEdge {
  const [label] = placed?.labels ?? [];
  const points = (placed?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(({ x, y }): [number, number] => [x, y]),
  );
  const { x = 0, y = 0, width = 0, height = 0 } = label ?? {};
  const at: [number, number] = [x + width / 2, y + height / 2];
  return { ...edge, points, ...(label !== undefined && { at }) };
}
