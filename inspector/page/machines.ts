/** The machines of the actors, as far as the server has told: their charts and their shapes. */

import { chartKey } from '../shared/chart-ref.ts';
import type { MachineShape } from '../shared/shape.ts';
import type { ActorView, Chart, PageMessage, ServerMessage } from '../shared/view.ts';

type MachineMessage = Extract<
  ServerMessage,
  { type: 'chart' | 'no-chart' | 'chart-progress' | 'shape' }
>;

/** Requests each chart and each shape once. */
export class Machines {
  /** Laid out charts, or why a chart is missing, by their `chartKey()`s. */
  readonly charts = new Map<string, Chart | string>();
  /** The number of states of charts that are still being laid out, by their `chartKey()`s. */
  readonly layingOut = new Map<string, number>();
  /** The shapes by the ids of their charts; `undefined` for one that the server does not know. */
  readonly shapes = new Map<string, MachineShape | undefined>();
  readonly #requested = new Set<string>();
  readonly #request: (message: PageMessage) => boolean;

  /** @param request - Sends a request to the server. Returns whether it is connected. */
  constructor(request: (message: PageMessage) => boolean) {
    this.#request = request;
  }

  receive(message: MachineMessage): void {
    switch (message.type) {
      case 'chart':
      case 'no-chart':
        this.charts.set(chartKey(message), message.type === 'chart' ? message.chart : message.why);
        this.layingOut.delete(chartKey(message));
        break;
      case 'chart-progress':
        this.layingOut.set(chartKey(message), message.states);
        break;
      case 'shape':
        this.shapes.set(message.id, message.shape);
        break;
    }
  }

  /** Whatever was asked for is asked for again: the server may be another one. */
  reset(): void {
    this.layingOut.clear();
    this.#requested.clear();
  }

  /** The chart of an actor's machine, or why it is missing. Requests it on the first call. */
  chartOf({ chart }: ActorView): Chart | string | undefined {
    const known = this.charts.get(chart);
    if (known === undefined) this.#requestOnce({ type: 'chart', id: chart });
    return known;
  }

  /** The shape of an actor's machine, when it has come. Requests it on the first call. */
  shapeOf({ chart }: Pick<ActorView, 'chart'>): MachineShape | undefined {
    this.#requestOnce({ type: 'shape', id: chart });
    return this.shapes.get(chart);
  }

  #requestOnce(message: Extract<PageMessage, { type: 'chart' | 'shape' }>): void {
    const key = `${message.type} ${message.id}`;
    if (!this.#requested.has(key) && this.#request(message)) this.#requested.add(key);
  }
}
