/** One drawing of a chart in the page: its elements, what is highlighted, found and selected in it. */

import type { ActorState, ActorView, Chart, ChartNode } from '../shared/view.ts';
import { type DrawnChart, drawChart, type DrawnLine } from './chart-drawing.ts';
import { hasText, statesWith } from './chart-find.ts';
import { ChartHighlights } from './chart-highlights.ts';
import type { ChartSelection } from './chart-panel.ts';
import { ChartStates } from './chart-states.ts';
import { TakenTransitions } from './chart-taken.ts';
import { setAttribute, setText } from './dom.ts';
import { countdown } from './format.ts';
import { lineText } from '../shared/chart-sizes.ts';
import type { Model } from './model.ts';

const flag = (is: boolean): string | undefined => (is ? '' : undefined);

/** A drawn chart. */
export class ChartScene {
  readonly chart: Chart;
  readonly states: ChartStates;
  readonly drawn: DrawnChart;
  readonly #highlights: ChartHighlights;
  readonly #taken: TakenTransitions;
  /** Only these lines change from frame to frame. */
  readonly #living: readonly DrawnLine[];
  #found: ReadonlySet<string> = new Set();
  #selected: readonly Element[] = [];

  constructor(chart: Chart) {
    this.chart = chart;
    this.states = new ChartStates(chart);
    this.drawn = drawChart(chart);
    this.#highlights = new ChartHighlights(this.drawn, this.states);
    this.#taken = new TakenTransitions((id) => this.states.regionOf(id));
    this.#living = this.drawn.lines.filter(({ line }) => line.kind !== 'event');
  }

  get active(): ChartHighlights['active'] {
    return this.#highlights.active;
  }

  /** @param isRunning - Whether the selected actor has a living child with a name. */
  draw(
    model: Model,
    actor: ActorView,
    state: ActorState,
    isRunning: (name: string) => boolean,
  ): void {
    const taken = this.#taken.of(actor.base, model.statesOf(actor.id));
    this.#highlights.draw({ state, taken, isAlive: model.isAlive(actor.id) });
    for (const line of this.#living) {
      if (line.line.kind === 'actor') this.#drawActor(line, isRunning);
      else this.#drawDeadline(line, state, model.clockOf(actor.program));
    }
  }

  /** The innermost drawn state that is active, in the region that has changed last. */
  get current(): ChartNode | undefined {
    const ids = [...this.active.keys()];
    const innermost = ids.at(-1);
    return innermost === undefined ? undefined : this.states.drawn(innermost);
  }

  /** Highlights what has a text. Returns the ids of the states that have it. */
  find(text: string): readonly string[] {
    const ids = statesWith(this.chart, text);
    const drawn = new Set(ids.flatMap((id) => this.states.drawn(id)?.id ?? []));
    for (const id of this.#found) {
      if (!drawn.has(id)) this.drawn.nodes.get(id)?.removeAttribute('data-found');
    }
    for (const id of drawn) this.drawn.nodes.get(id)?.setAttribute('data-found', '');
    this.#found = drawn;
    for (const { labels } of this.drawn.edges) {
      for (const { element, label } of labels) {
        setAttribute(element, 'data-found', flag(hasText([label.text, ...label.lines], text)));
      }
    }
    return ids;
  }

  /** Marks what is selected. */
  select(selection: ChartSelection | undefined): void {
    for (const element of this.#selected) element.removeAttribute('data-selected');
    this.#selected = selection === undefined ? [] : this.#elementsOf(selection);
    for (const element of this.#selected) element.setAttribute('data-selected', '');
  }

  #elementsOf(selection: ChartSelection): Element[] {
    if (selection.kind === 'state') {
      const drawn = this.states.drawn(selection.node.id);
      return [this.drawn.nodes.get(drawn?.id ?? '')].filter((element) => element !== undefined);
    }
    const { edge, transition } = selection;
    const found = this.drawn.edges.find((one) => one.edge === edge);
    const label = found?.labels.find(
      (one) => one.label.event === transition.event && one.label.index === transition.index,
    );
    return [found?.element, label?.element].filter((element) => element !== undefined);
  }

  /** The state or the transition of an element. */
  selectionAt(element: Element): ChartSelection | undefined {
    const edge = element.closest<SVGElement>('.edge');
    if (edge !== null) return this.#transitionAt(edge, element.closest<SVGElement>('.label'));
    const node = this.states.byId.get(element.closest<SVGElement>('.node')?.dataset['node'] ?? '');
    return node && { kind: 'state', node };
  }

  #transitionAt(element: SVGElement, text: SVGElement | null): ChartSelection | undefined {
    const { edge } = this.drawn.edges[Number(element.dataset['edge'])] ?? {};
    const label = edge?.labels[Number(text?.dataset['label'] ?? 0)];
    if (edge === undefined || label === undefined) return undefined;
    const source = this.states.byId.get(label.from ?? edge.source);
    const transition = source?.transitions.find(
      ({ event, index }) => event === label.event && index === label.index,
    );
    if (source === undefined || transition === undefined) return undefined;
    return { kind: 'transition', edge, source, transition };
  }

  #drawActor({ element, node, line }: DrawnLine, isRunning: (name: string) => boolean): void {
    setAttribute(element, 'data-on', flag(this.active.has(node.id) && isRunning(line.name)));
  }

  #drawDeadline({ element, node, line }: DrawnLine, { deadlines }: ActorState, now: number): void {
    const running = this.active.has(node.id)
      ? deadlines?.find(({ event }) => event === line.name)
      : undefined;
    const left = running && running.startedAt + running.ms - now;
    const text = lineText(line);
    const shown = left === undefined ? '' : countdown(left);
    // At its beginning, what is left is all of it.
    setText(
      element,
      shown === '' || text.endsWith(` ${shown.replace('.0 ', ' ')}`) ? text : `${text} ${shown}`,
    );
    setAttribute(element, 'data-on', flag(running !== undefined));
  }
}
