/**
 * Lays out charts with elkjs, in a worker thread: the first layout takes a quarter of a second, which
 * would block the program that runs the inspector.
 */

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { Chart, ChartEdge, ChartNode } from '../shared/view.ts';
import { isObject } from './checks.ts';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';

/** Sizes in pixels. The page writes charts in a monospaced font of 12 px, and labels in 11 px. */
const CHARACTER_WIDTH = 7.3;
const LABEL_CHARACTER_WIDTH = 6.7;
const LINE_HEIGHT = 16;
const LABEL_LINE_HEIGHT = 14;
const PADDING = 12;
const DOT_SIZE = 10;
/** Space for the countdown after the name of a deadline. */
const COUNTDOWN_CHARACTERS = 8;

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

/** The thread's code. As a text it needs no file, whose path would differ between source and build. */
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

const LAYOUT_TIMEOUT_MS = 20_000;
const MAX_THREAD_MEBIBYTES = 1024;

interface PendingLayout {
  readonly resolve: (layout: ElkNode) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Lays out one graph after the other in a worker thread, which starts with the first one. The thread does
 * not keep the process alive.
 */
export class Layouter {
  #worker: Worker | undefined;
  #pending: PendingLayout | undefined;
  /** Resolves when the latest requested layout has succeeded or failed. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /**
   * Lays out a graph.
   *
   * @throws {Error} When the layout fails or takes too long.
   */
  async layOut(id: string, graph: Graph): Promise<Chart> {
    const layout = await this.#enqueue({
      id: ':all',
      layoutOptions: { ...OPTIONS, 'elk.padding': '[top=8,left=8,bottom=8,right=8]' },
      children: [elkNodeOf(graph.root)],
      edges: graph.edges.map(elkEdgeOf),
    });
    return chartOf(id, graph, layout);
  }

  /** Starts the thread, so that the first chart does not take longer than the others. */
  warm(): void {
    void this.#enqueue({
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
    this.#terminate(worker, new Error('The inspector was closed'));
    await worker.terminate();
  }

  /** Layouts run one at a time, each with its own deadline and its own failure. */
  #enqueue(graph: ElkNode): Promise<ElkNode> {
    const layout = this.#last.then(() => this.#run(graph));
    this.#last = layout.catch(() => undefined);
    return layout;
  }

  async #run(graph: ElkNode): Promise<ElkNode> {
    if (this.#isClosed) throw new Error('The inspector was closed');
    const worker = (this.#worker ??= this.#startWorker());
    const timer = setTimeout(() => {
      const error = new Error(`The layout took more than ${String(LAYOUT_TIMEOUT_MS)} ms`);
      this.#terminate(worker, error);
    }, LAYOUT_TIMEOUT_MS).unref();
    try {
      return await new Promise<ElkNode>((resolve, reject) => {
        this.#pending = { resolve, reject };
        worker.postMessage(graph);
      });
    } finally {
      clearTimeout(timer);
      this.#pending = undefined;
    }
  }

  #startWorker(): Worker {
    const elk = createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js');
    const worker = new Worker(WORKER_SOURCE, {
      eval: true,
      workerData: elk,
      execArgv: [],
      // A chart that needs more ends the thread, not the process.
      resourceLimits: { maxOldGenerationSizeMb: MAX_THREAD_MEBIBYTES },
    });
    worker.on('message', (answer: unknown) => {
      if (worker === this.#worker && isObject(answer)) this.#settle(answer);
    });
    worker.on('messageerror', (error) => {
      this.#terminate(worker, error);
    });
    worker.on('error', (error) => {
      this.#terminate(worker, error);
    });
    worker.on('exit', () => {
      this.#terminate(worker, new Error('The layout thread has exited'));
    });
    // Last, because a listener of messages keeps the process alive again.
    worker.unref();
    return worker;
  }

  #settle({ layout, why }: { layout?: ElkNode; why?: unknown }): void {
    if (layout === undefined) this.#pending?.reject(new Error(String(why)));
    else this.#pending?.resolve(layout);
  }

  /** Terminates a thread and rejects its layout. The next graph gets a new thread. */
  #terminate(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#pending?.reject(error);
    void worker.terminate();
  }
}

const widthOf = (text: string): number => Math.ceil(text.length * CHARACTER_WIDTH);

function elkNodeOf(node: GraphNode): ElkNode {
  if (node.kind === 'initial') {
    return {
      id: node.id,
      width: DOT_SIZE,
      height: DOT_SIZE,
      layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
    };
  }
  const texts = [node.key, ...node.lines.map(lineText)];
  const width = Math.max(...texts.map(widthOf), 40) + 2 * PADDING;
  const height = texts.length * LINE_HEIGHT + PADDING;
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
  kind === 'deadline' ? `◷ ${text} ${' '.repeat(COUNTDOWN_CHARACTERS)}` : `▸ ${text}`;

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
              Math.max(
                ...labels.map(({ text }) => Math.ceil(text.length * LABEL_CHARACTER_WIDTH)),
              ) + 6,
            height: labels.length * LABEL_LINE_HEIGHT,
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
