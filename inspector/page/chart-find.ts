/** Finds states, events, guards, actions and actors in a chart. */

import type { Chart, ChartNode } from '../shared/view.ts';

/** The ids of the states that have a text in their definition; none for an empty text. */
export function statesWith(chart: Chart, text: string): readonly string[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  return chart.nodes.filter((node) => textOf(node).includes(wanted)).map(({ id }) => id);
}

/** Whether a transition has the text in its event, its guard or its actions. */
export function hasText(texts: readonly string[], text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return wanted !== '' && texts.some((one) => one.toLowerCase().includes(wanted));
}

/** Texts by state: they are needed at each key. */
const texts = new WeakMap<ChartNode, string>();

function textOf(node: ChartNode): string {
  const known = texts.get(node);
  if (known !== undefined) return known;
  const { key, tags, entry, exit, lines, transitions, description = '' } = node;
  const text = [
    ...[key, description, ...tags, ...entry, ...exit],
    ...lines.flatMap((line) => [line.name, line.text, line.src ?? '']),
    ...transitions.flatMap((one) => [one.text, one.event, one.guard ?? '', ...one.actions]),
  ]
    .join('\n')
    .toLowerCase();
  texts.set(node, text);
  return text;
}

/** What was found of the searched text, and at which of it the user is. */
export class ChartSearch {
  text = '';
  #found: readonly string[] = [];
  #at = -1;

  /** @param found - The ids of the states that have the text. */
  show(found: readonly string[]): void {
    this.#found = found;
    this.#at = -1;
  }

  /** The id of the next state that was found. */
  next(): string | undefined {
    if (this.#found.length === 0) return undefined;
    this.#at = (this.#at + 1) % this.#found.length;
    return this.#found[this.#at];
  }

  /** `3`, or `1 of 3`; '' without a search. */
  get summary(): string {
    if (this.text.trim() === '') return '';
    const count = String(this.#found.length);
    return this.#at < 0 ? count : `${String(this.#at + 1)} of ${count}`;
  }
}
