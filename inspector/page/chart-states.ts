/** Which states of a chart are active, by a state value; and which are around which. */

import type { Chart, ChartNode, Json } from '../shared/view.ts';
import { activeBelow, valueText } from './format.ts';

/** The states of a chart, for lookups. */
export class ChartStates {
  readonly byId: ReadonlyMap<string, ChartNode>;
  readonly root: string;
  /** The ids of the states below each state, by their names. */
  readonly #below = new Map<string, Map<string, string>>();
  readonly #regions = new Map<string, string>();

  constructor({ nodes }: Chart) {
    this.byId = new Map(nodes.map((node) => [node.id, node]));
    this.root = nodes[0]?.id ?? '';
    for (const { id, key, kind, parent } of nodes) {
      if (parent === undefined || kind === 'initial') continue;
      const siblings = this.#below.get(parent) ?? new Map<string, string>();
      this.#below.set(parent, siblings.set(key, id));
    }
  }

  /** The region that a state is in: the state around it that has a parallel parent, or the root. */
  regionOf(id: string): string {
    const known = this.#regions.get(id);
    if (known !== undefined) return known;
    const { parent } = this.byId.get(id) ?? {};
    const isRegion = parent === undefined || this.byId.get(parent)?.kind === 'parallel';
    const region = isRegion ? id : this.regionOf(parent);
    this.#regions.set(id, region);
    return region;
  }

  /** The drawn state for a state: itself, or the collapsed one that it is in. */
  drawn(id: string): ChartNode | undefined {
    let node = this.byId.get(id);
    while (node?.isHidden === true && node.parent !== undefined) node = this.byId.get(node.parent);
    return node;
  }

  /** Whether there are states to collapse: below the root, with states in them. */
  get hasParents(): boolean {
    return this.childrenOf(this.root).some((id) => this.#below.has(id));
  }

  /** The states that are just in a state. */
  childrenOf(id: string): readonly string[] {
    return [...(this.#below.get(id)?.values() ?? [])];
  }

  /** The active states, the root and hidden ones included, each with the text of what is active in it. */
  activeIn(value: Json): ReadonlyMap<string, Json> {
    const active = new Map<string, Json>([[this.root, value]]);
    const visit = (parent: string, inner: Json): void => {
      for (const [name, below] of activeBelow(inner)) {
        const id = this.#below.get(parent)?.get(name);
        if (id === undefined) continue;
        active.set(id, below);
        visit(id, below);
      }
    };
    visit(this.root, value);
    return active;
  }
}

/** What is active in a collapsed state, cut to a number of characters. */
export function insideText(value: Json | undefined, most: number): string {
  if (value === undefined || value === null) return '';
  const text = valueText(value);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
