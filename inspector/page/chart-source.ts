/** Chooses the drawing of a chart: which states are collapsed, and whether details are drawn. */

import { chartKey } from '../shared/chart-ref.ts';
import type { ActorView, Chart, ChartRef, Json } from '../shared/view.ts';
import type { ChartStates } from './chart-states.ts';
import type { Model } from './model.ts';

/** States around active ones are expanded while not more states than this are drawn. */
const READABLE_STATES = 80;
/** Drawings with other states collapsed that are kept. */
const MAX_VARIANTS = 8;

/** The drawings of all charts. */
export class ChartSource {
  readonly #model: Model;
  /** The states that are collapsed, by the ids of charts; nothing for the choice of the server. */
  readonly #collapsed = new Map<string, readonly string[]>();
  readonly #details = new Map<string, boolean>();
  readonly #variants: string[] = [];
  #requested = { key: '', epoch: -1 };
  #pending: ChartRef | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  /** The drawing of an actor's chart, or why there is none. Requests it on the first call. */
  drawingFor(actor: ActorView): Chart | string | undefined {
    const ref = this.#refOf(actor.chart);
    const key = chartKey(ref);
    if (this.#pending !== undefined && chartKey(this.#pending) !== key) this.#cancel(this.#pending);
    if (key === ref.id) return this.#model.chartOf(actor);
    const known = this.#model.machines.charts.get(key);
    const { epoch, connection } = this.#model;
    const isRequested = this.#requested.key === key && this.#requested.epoch === epoch;
    if (known === undefined && !isRequested && connection === 'open') {
      this.#requested = { key, epoch };
      this.#pending = ref;
      this.#model.request({ type: 'chart', ...ref });
      this.#keep(key);
    }
    return known;
  }

  /** The number of states while a better layout of the chart takes its time. */
  statesBeingLaidOut({ chart }: ActorView): number | undefined {
    return this.#model.machines.layingOut.get(chartKey(this.#refOf(chart)));
  }

  /** Collapses a state, or expands it. */
  toggle(chart: Chart, state: string): void {
    const collapsed = new Set(collapsedIn(chart));
    if (!collapsed.delete(state)) collapsed.add(state);
    this.#collapsed.set(chart.id, [...collapsed].sort());
  }

  /** Collapses all states just below the root that have states, or expands all. */
  toggleAll(chart: Chart, states: ChartStates): void {
    const isCollapsed = chart.nodes.some((node) => node.isCollapsed);
    const inRoot = states.childrenOf(states.root).filter((id) => states.childrenOf(id).length > 0);
    this.#collapsed.set(chart.id, isCollapsed ? [] : inRoot);
  }

  setDetails(chart: Chart, details: boolean): void {
    this.#details.set(chart.id, details);
    if (!this.#collapsed.has(chart.id)) this.#collapsed.set(chart.id, collapsedIn(chart));
  }

  /**
   * Expands the collapsed states around active ones, as far as the chart stays readable. It is done once:
   * a chart that changed its shape at each transition could not be followed.
   */
  expandActive(chart: Chart, states: ChartStates, active: ReadonlyMap<string, Json>): void {
    const collapsed = new Set(collapsedIn(chart));
    if (collapsed.size === 0 || this.#collapsed.has(chart.id)) return;
    let count = chart.nodes.filter(({ isHidden, kind }) => !isHidden && kind !== 'initial').length;
    for (const id of active.keys()) {
      const children = states.childrenOf(id);
      if (!collapsed.has(id) || count + children.length > READABLE_STATES) continue;
      collapsed.delete(id);
      count += children.length;
      for (const child of children) if (states.childrenOf(child).length > 0) collapsed.add(child);
    }
    this.#collapsed.set(chart.id, [...collapsed].sort());
  }

  #refOf(id: string): ChartRef {
    const [collapsed, details] = [this.#collapsed.get(id), this.#details.get(id)];
    return {
      id,
      ...(collapsed !== undefined && { collapsed }),
      ...(details !== undefined && { details }),
    };
  }

  #cancel(ref: ChartRef): void {
    this.#pending = undefined;
    const key = chartKey(ref);
    const isPending =
      !this.#model.machines.charts.has(key) || this.#model.machines.layingOut.has(key);
    if (!isPending) return;
    this.#model.request({ type: 'chart', ...ref, cancel: true });
    this.#requested = { key: '', epoch: -1 };
    // What is known of it is not its final layout.
    this.#model.machines.charts.delete(key);
    this.#model.machines.layingOut.delete(key);
  }

  #keep(key: string): void {
    const at = this.#variants.indexOf(key);
    if (at >= 0) this.#variants.splice(at, 1);
    this.#variants.push(key);
    if (this.#variants.length > MAX_VARIANTS) {
      this.#model.machines.charts.delete(this.#variants.shift() ?? '');
    }
  }
}

const collapsedIn = ({ nodes }: Chart): string[] =>
  nodes.filter(({ isCollapsed }) => isCollapsed).map(({ id }) => id);
