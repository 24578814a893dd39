/** Highlights a drawn chart: touches only the elements that have changed. */

import { COLLAPSED_CHARACTERS } from '../shared/chart-sizes.ts';
import type { ActorState, Json } from '../shared/view.ts';
import type { DrawnChart, DrawnEdge, DrawnLabel } from './chart-drawing.ts';
import { type ChartStates, insideText } from './chart-states.ts';
import { isSame, type TakenByRegion } from './chart-taken.ts';
import { setAttribute, setText } from './dom.ts';

/** What is highlighted. The same objects as at the last call have not changed. */
export interface Highlights {
  readonly state: ActorState;
  readonly taken: TakenByRegion;
  readonly isAlive: boolean;
}

const flag = (is: boolean): string | undefined => (is ? '' : undefined);

/** The highlights of one drawn chart. */
export class ChartHighlights {
  readonly #drawn: DrawnChart;
  readonly #states: ChartStates;
  readonly #edgesFrom = new Map<string, DrawnEdge[]>();
  /** The texts of transitions, by the states that have them. */
  readonly #labelsFrom = new Map<string, { edge: DrawnEdge; label: DrawnLabel }[]>();
  #shown: Highlights | undefined;
  #active: ReadonlyMap<string, Json> = new Map();
  #possible = new Set<DrawnEdge>();
  #taken = new Map<Element, string>();

  constructor(drawn: DrawnChart, states: ChartStates) {
    this.#drawn = drawn;
    this.#states = states;
    for (const edge of drawn.edges) {
      for (const label of edge.labels) {
        const source = label.label.from ?? edge.edge.source;
        add(this.#edgesFrom, source, edge);
        add(this.#labelsFrom, source, { edge, label });
      }
    }
  }

  /** The active states, hidden ones included. */
  get active(): ReadonlyMap<string, Json> {
    return this.#active;
  }

  draw(now: Highlights): void {
    const shown = this.#shown;
    this.#shown = now;
    const isNewState = shown?.state.value !== now.state.value;
    if (isNewState) this.#showActive(now.state.value);
    if (isNewState || shown.isAlive !== now.isAlive) this.#showPossible(now.isAlive);
    if (shown?.taken !== now.taken) this.#showTaken(now.taken);
  }

  #showActive(value: Json): void {
    const before = this.#active;
    const active = this.#states.activeIn(value);
    this.#active = active;
    const { nodes, inside } = this.#drawn;
    for (const id of before.keys()) {
      if (!active.has(id)) nodes.get(id)?.removeAttribute('data-active');
    }
    for (const id of active.keys()) {
      if (!before.has(id)) nodes.get(id)?.setAttribute('data-active', '');
    }
    for (const [id, text] of inside) {
      setText(text, insideText(active.get(id), COLLAPSED_CHARACTERS));
    }
  }

  #showPossible(isAlive: boolean): void {
    const possible = new Set<DrawnEdge>();
    if (isAlive) {
      for (const id of this.#active.keys()) {
        for (const edge of this.#edgesFrom.get(id) ?? []) possible.add(edge);
      }
    }
    for (const edge of this.#possible) {
      if (!possible.has(edge)) edge.element.removeAttribute('data-possible');
    }
    for (const edge of possible) {
      if (!this.#possible.has(edge)) edge.element.setAttribute('data-possible', '');
    }
    this.#possible = possible;
  }

  /** Each element gets `newest`, or `older` when another region has taken a transition since. */
  #showTaken(taken: TakenByRegion): void {
    const now = new Map<Element, string>();
    const regions = [...taken.values()];
    const newest = regions.at(-1)?.seq;
    for (const { seq, transitions } of regions) {
      const mark = `${seq === newest ? 'newest' : 'older'} ${String(seq % 2)}`;
      for (const element of transitions.flatMap((one) => this.#elementsOf(one))) {
        now.set(element, mark);
      }
    }
    for (const element of this.#taken.keys()) if (!now.has(element)) clearTaken(element);
    for (const [element, mark] of now) {
      if (this.#taken.get(element) !== mark) markTaken(element, mark);
    }
    this.#taken = now;
  }

  #elementsOf(transition: Parameters<typeof isSame>[0]): Element[] {
    const labels = (this.#labelsFrom.get(transition.source) ?? []).filter(({ edge, label }) =>
      isSame(transition, transition.source, label.label.to ?? edge.edge.target, label.label),
    );
    const lines = this.#drawn.lines.filter(
      ({ node, line }) =>
        line.kind === 'event' &&
        isSame(transition, node.id, undefined, { event: line.name, ...indexOf(line) }),
    );
    return [
      ...labels.flatMap(({ edge, label }) => [edge.element, label.element]),
      ...lines.map(({ element }) => element),
    ];
  }
}

const indexOf = ({ index }: { readonly index?: number }): { index?: number } =>
  index === undefined ? {} : { index };

function markTaken(element: Element, mark: string): void {
  const [age, turn = ''] = mark.split(' ');
  setAttribute(element, 'data-taken', '');
  setAttribute(element, 'data-older', flag(age === 'older'));
  // Each turn has its own animation, which would not run again otherwise.
  setAttribute(element, 'data-flash', age === 'newest' ? turn : undefined);
}

function clearTaken(element: Element): void {
  for (const name of ['data-taken', 'data-older', 'data-flash']) element.removeAttribute(name);
}

function add<V>(map: Map<string, V[]>, key: string, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
