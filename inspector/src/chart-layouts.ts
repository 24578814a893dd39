/** Lays out the charts that pages ask for, each drawing once, and keeps the latest ones. */

import { chartKey } from '../shared/chart-ref.ts';
import type { Chart, ChartRef, ServerMessage } from '../shared/view.ts';
import { drawnGraph, withHiddenStates } from './drawn-graph.ts';
import type { Graph } from './graph.ts';
import { isLarge, Layouter } from './layout.ts';
import { simpleLayout } from './simple-layout.ts';

/** The states of all kept charts together. */
const MAX_KEPT_STATES = 50_000;

/** Gets the messages for one page. */
export type Push = (message: ServerMessage) => void;

/** A drawing that is being laid out, or is laid out. */
interface Layout {
  readonly ref: ChartRef;
  /** The pages that wait for it. */
  readonly pages: Map<object, Push>;
  readonly ending: AbortController;
  /** What a page that asks now gets at once. */
  latest: ServerMessage[];
  isDone: boolean;
  states: number;
}

/** The drawings of all charts. */
export class ChartLayouts {
  /** The one that was asked for last is the last. */
  readonly #layouts = new Map<string, Layout>();
  readonly #layouter = new Layouter();
  readonly #graphOf: (id: string) => Graph;
  #isClosed = false;

  /** @param graphOf - The graph of a chart. It throws the reason when there is none. */
  constructor(graphOf: (id: string) => Graph) {
    this.#graphOf = graphOf;
  }

  /** Starts the thread, so that the first chart does not take longer than the others. */
  warm(): void {
    if (this.#layouts.size === 0) this.#layouter.warm();
  }

  /**
   * Gives a page a drawing, or the reason why there is none. A large chart is given in a simple layout
   * first.
   */
  request(page: object, ref: ChartRef, push: Push): void {
    const key = chartKey(ref);
    const known = this.#layouts.get(key);
    const layout = known ?? this.#start(key, ref);
    // One that has just failed is not kept.
    if (known !== undefined && this.#layouts.delete(key)) this.#layouts.set(key, known);
    for (const message of layout.latest) push(message);
    if (!layout.isDone) layout.pages.set(page, push);
  }

  /** The page does not want the drawing any more, or none at all. */
  cancel(page: object, ref?: ChartRef): void {
    for (const [key, { pages, ending, isDone }] of this.#layouts) {
      if (isDone || (ref !== undefined && key !== chartKey(ref))) continue;
      if (!pages.delete(page) || pages.size > 0) continue;
      this.#layouts.delete(key);
      ending.abort();
    }
  }

  /** Forgets the drawings of a chart. */
  drop(id: string): void {
    for (const [key, { ref }] of this.#layouts) if (ref.id === id) this.#layouts.delete(key);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#layouter.close();
  }

  #start(key: string, ref: ChartRef): Layout {
    const [pages, ending] = [new Map<object, Push>(), new AbortController()];
    const layout: Layout = { ref, pages, ending, latest: [], isDone: false, states: 0 };
    this.#layouts.set(key, layout);
    void this.#run(key, layout).then((last) => {
      layout.isDone = true;
      layout.latest = [last];
      for (const push of pages.values()) push(last);
      pages.clear();
      this.#dropOldest();
    });
    return layout;
  }

  /** Never rejects. What is not laid out in the best way is tried again at the next request. */
  async #run(key: string, layout: Layout): Promise<ServerMessage> {
    const { ref, ending } = layout;
    let simple: (() => Chart) | undefined;
    try {
      const whole = this.#graphOf(ref.id);
      const graph = drawnGraph(whole, ref);
      const withAll = (chart: Chart): Chart => {
        layout.states = whole.edges.length + chart.nodes.length;
        return withHiddenStates(chart, whole);
      };
      simple = () => withAll(simpleLayout(ref.id, graph));
      if (isLarge(graph)) this.#announce(layout, simple());
      const chart = await this.#layouter.layOut(ref.id, graph, ending.signal);
      return { type: 'chart', ...ref, chart: withAll(chart) };
    } catch (error) {
      if (this.#layouts.get(key) === layout) this.#layouts.delete(key);
      return this.#fallback(ref, simple, error);
    }
  }

  /** A page sees a simple chart at once, and that a better one follows. */
  #announce(layout: Layout, chart: Chart): void {
    const { ref } = layout;
    const states = chart.nodes.filter(({ kind }) => kind !== 'initial').length;
    layout.latest = [
      { type: 'chart', ...ref, chart },
      { type: 'chart-progress', ...ref, states },
    ];
  }

  #fallback(ref: ChartRef, simple: (() => Chart) | undefined, error: unknown): ServerMessage {
    try {
      if (simple !== undefined && !this.#isClosed)
        return { type: 'chart', ...ref, chart: simple() };
    } catch {
      // The first reason is the one to report.
    }
    return {
      type: 'no-chart',
      ...ref,
      why: error instanceof Error ? error.message : 'unknown error',
    };
  }

  #dropOldest(): void {
    let states = 0;
    for (const layout of this.#layouts.values()) states += layout.states;
    for (const [key, layout] of this.#layouts) {
      if (states <= MAX_KEPT_STATES) return;
      if (!layout.isDone) continue;
      this.#layouts.delete(key);
      states -= layout.states;
    }
  }
}
