/**
 * Where the parts of a chart stand, found by elkjs in a thread of its own: a layout takes a quarter of a
 * second at first, and the inspector may run inside a program that has better things to do.
 */

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { Chart, ChartEdge, ChartNode } from '../shared/view.ts';
import { isObject } from './checks.ts';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';

/** Sizes in pixels of the monospaced font in which the page writes charts: 12 px, and 11 px for labels. */
const CHARACTER = 7.3;
const LABEL_CHARACTER = 6.7;
const LINE = 16;
const LABEL_LINE = 14;
const PADDING = 12;
const DOT = 10;
/** Room for a countdown behind the name of a deadline, in characters. */
const COUNTDOWN = 8;

const OPTIONS: Readonly<Record<string, string>> = {
  'elk.algorithm': 'layered',
  // Charts with labelled edges are broad already; downwards they come nearest to the form of a screen.
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

/** What runs in the thread. It is a text, because a module would have to be found in source and in build. */
const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const Elk = require(workerData);
const elk = new Elk();
parentPort.on('message', (graph) => {
  elk.layout(graph).then(
    (layout) => parentPort.postMessage({ layout }),
    (error) => parentPort.postMessage({ why: String(error && error.message) }),
  );
});
`;

/** How long one layout may take, in ms. */
const LAYOUT_TIMEOUT_MS = 20_000;

interface Waiting {
  readonly resolve: (layout: ElkNode) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that lays out graphs, one after the other, begun when the first one comes. It keeps no program
 * alive.
 */
export class Layouter {
  #worker: Worker | undefined;
  #waiting: Waiting | undefined;
  /** The end of what was asked for last, good or bad. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /**
   * The chart of a graph.
   *
   * @throws {Error} When it cannot be laid out, or that takes too long.
   */
  async layOut(id: string, graph: Graph): Promise<Chart> {
    const layout = await this.#inTurn({
      id: ':all',
      layoutOptions: { ...OPTIONS, 'elk.padding': '[top=8,left=8,bottom=8,right=8]' },
      children: [elkNodeOf(graph.root)],
      edges: graph.edges.map(elkEdgeOf),
    });
    return chartOf(id, graph, layout);
  }

  /** Gets ready, so that the first chart does not take longer than the others. */
  warm(): void {
    void this.#inTurn({
      id: ':all',
      layoutOptions: OPTIONS,
      children: [{ id: 'a' }],
      edges: [],
    }).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#abandon(worker, new Error('The inspector was closed'));
    await worker.terminate();
  }

  /** The thread does one at a time, and each has its own patience, and its own failure. */
  #inTurn(graph: ElkNode): Promise<ElkNode> {
    const turn = this.#last.then(() => this.#run(graph));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #run(graph: ElkNode): Promise<ElkNode> {
    if (this.#isClosed) throw new Error('The inspector was closed');
    const worker = (this.#worker ??= this.#begin());
    const late = setTimeout(() => {
      this.#abandon(
        worker,
        new Error(`It was not laid out within ${String(LAYOUT_TIMEOUT_MS)} ms`),
      );
    }, LAYOUT_TIMEOUT_MS).unref();
    try {
      return await new Promise<ElkNode>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        worker.postMessage(graph);
      });
    } finally {
      clearTimeout(late);
      this.#waiting = undefined;
    }
  }

  #begin(): Worker {
    const elk = createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js');
    const worker = new Worker(WORKER_SOURCE, { eval: true, workerData: elk, execArgv: [] });
    worker.unref();
    worker.on('message', (answer: unknown) => {
      if (worker === this.#worker && isObject(answer)) this.#settle(answer);
    });
    worker.on('error', (error) => {
      this.#abandon(worker, error);
    });
    worker.on('exit', () => {
      this.#abandon(worker, new Error('The thread that lays it out has ended'));
    });
    return worker;
  }

  #settle({ layout, why }: { layout?: ElkNode; why?: unknown }): void {
    if (layout === undefined) this.#waiting?.reject(new Error(String(why)));
    else this.#waiting?.resolve(layout);
  }

  /** Gives up a thread and what it does; the next graph gets a new one. */
  #abandon(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#waiting?.reject(error);
    void worker.terminate();
  }
}

const widthOf = (text: string): number => Math.ceil(text.length * CHARACTER);

function elkNodeOf(node: GraphNode): ElkNode {
  if (node.kind === 'initial') {
    return {
      id: node.id,
      width: DOT,
      height: DOT,
      layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
    };
  }
  const texts = [node.key, ...node.lines.map(lineText)];
  const width = Math.max(...texts.map(widthOf), 40) + 2 * PADDING;
  const height = texts.length * LINE + PADDING;
  if (node.children.length === 0) return { id: node.id, width, height };
  const top = String(height + 6);
  return {
    id: node.id,
    layoutOptions: {
      ...OPTIONS,
      'elk.padding': `[top=${top},left=14,bottom=14,right=14]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${String(width)}, ${String(height)})`,
    },
    children: node.children.map(elkNodeOf),
  };
}

const lineText = ({ kind, text }: GraphNode['lines'][number]): string =>
  kind === 'deadline' ? `◷ ${text} ${' '.repeat(COUNTDOWN)}` : `▸ ${text}`;

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
            width:
              Math.max(...labels.map(({ text }) => Math.ceil(text.length * LABEL_CHARACTER))) + 6,
            height: labels.length * LABEL_LINE,
            layoutOptions: { 'elk.edgeLabels.inline': 'true' },
          },
        ],
});

function chartOf(id: string, graph: Graph, layout: ElkNode): Chart {
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
  };
}

/** Positions are relative to the parent there, and absolute here. */
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
