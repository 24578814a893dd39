/**
 * Lays out charts with elkjs, in worker threads: the first layout takes a quarter of a second, which would
 * block the program that runs the inspector.
 */

import type { ElkNode } from 'elkjs/lib/elk-api.js';
import type { Chart } from '../shared/view.ts';
import { chartOf, elkGraphOf, type Plan, WARM_UP } from './elk-graph.ts';
import type { Graph, GraphNode } from './graph.ts';
import { LayoutThread } from './layout-thread.ts';
import { fitOf, pairsFor } from './packing.ts';

/** The size from which a chart may take many seconds, so that it goes to another thread. */
const LARGE = 150;
/** Small charts are laid out within a second. The first one waits until the thread has started. */
const TIMEOUTS_MS = { small: 30_000, large: 20_000 };
/** The best placement takes four times as long as this one. */
const FAST: Plan = {
  options: { 'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF' },
};
/** Layouts of one chart: the rows of inner states change the sizes of outer ones. */
const MAX_PASSES = 3;
const MIN_GAIN = 1.05;
/** After a layout that took longer than this there is no other one. */
const MAX_PASS_MS = 4_000;

const nodesIn = ({ children }: GraphNode): number =>
  children.reduce((sum, child) => sum + nodesIn(child), 1);

/** The number of states and of every other transition, of which there are about as many. */
const sizeOf = ({ root, edges }: Graph): number => nodesIn(root) + Math.floor(edges.length / 2);

/** Whether a layout may take many seconds. */
export const isLarge = (graph: Graph): boolean => sizeOf(graph) > LARGE;

/** Lays out graphs in up to two threads: large ones do not hold up the others. */
export class Layouter {
  readonly #small = new LayoutThread(TIMEOUTS_MS.small);
  readonly #large = new LayoutThread(TIMEOUTS_MS.large);

  /**
   * Lays out a graph.
   *
   * @param signal - Ends the layout when nothing needs it any more.
   * @throws {Error} When the layout fails, takes too long or is ended.
   */
  async layOut(id: string, graph: Graph, signal?: AbortSignal): Promise<Chart> {
    const isFast = isLarge(graph);
    const size = sizeOf(graph);
    const thread = isFast ? this.#large : this.#small;
    const run = (plan: Plan): Promise<ElkNode> =>
      thread.run(elkGraphOf(graph, isFast ? { ...plan, ...FAST } : plan), size, signal);
    return chartOf(id, graph, await inRows(graph, run));
  }

  /** Starts a thread, so that the first chart does not take longer than the others. */
  warm(): void {
    void this.#small.run(WARM_UP, 0).catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.#small.close(), this.#large.close()]);
  }
}

/** Lays out until states without transitions between them are in rows. */
async function inRows(graph: Graph, run: (plan: Plan) => Promise<ElkNode>): Promise<ElkNode> {
  let best = await timed(run({}));
  for (let pass = 1; pass < MAX_PASSES && best.ms < MAX_PASS_MS; pass += 1) {
    const below = pairsFor(graph, best.layout);
    if (below.length === 0) break;
    const next = await timed(run({ below }));
    if (fitIn(next.layout) < fitIn(best.layout) * MIN_GAIN) break;
    best = next;
  }
  return best.layout;
}

const fitIn = ({ width = 0, height = 0 }: ElkNode): number => fitOf({ width, height });

async function timed(layout: Promise<ElkNode>): Promise<{ layout: ElkNode; ms: number }> {
  const start = performance.now();
  return { layout: await layout, ms: performance.now() - start };
}
