/** Small parts of the chart's pane: the living children of an actor, what is said, what is in progress. */

import type { Chart } from '../shared/view.ts';
import { setText } from './dom.ts';
import type { Model } from './model.ts';

/** The living actors that the selected one has invoked or spawned, by their names. */
export class LivingChildren {
  readonly #model: Model;
  #key = '';
  #byName: ReadonlyMap<string, string> = new Map();

  constructor(model: Model) {
    this.#model = model;
  }

  get byName(): ReadonlyMap<string, string> {
    const { selected, actorsVersion, seq } = this.#model;
    const key = [selected, actorsVersion, this.#model.isLive || seq].join();
    if (key === this.#key) return this.#byName;
    const children = new Map<string, string>();
    for (const actor of this.#model.actors()) {
      const isChild = actor.parent === selected && !children.has(actor.name);
      if (isChild && this.#model.isAlive(actor.id)) children.set(actor.name, actor.id);
    }
    this.#key = key;
    this.#byName = children;
    return children;
  }
}

/** A screen reader hears a new state when it has stayed for this long. */
const SAY_MS = 1_000;
const MAX_CHARACTERS = 300;

/** Says what has stayed the same for a while: a machine may change its state thousands of times a second. */
export class Voice {
  readonly #element: Element;
  #text = '';
  #since = 0;
  #isSaid = true;

  /** @param element - A live region. */
  constructor(element: Element) {
    this.#element = element;
  }

  /** To be called at each frame. */
  note(text: string): void {
    const now = performance.now();
    if (text !== this.#text) {
      this.#text = text;
      this.#since = now;
      this.#isSaid = false;
    }
    if (this.#isSaid || now - this.#since < SAY_MS) return;
    this.#isSaid = true;
    this.say(text);
  }

  say(text: string): void {
    setText(this.#element, text.slice(0, MAX_CHARACTERS));
  }
}

/** What is said of a layout that takes its time, or was given up; '' for none. */
export function progressText(states: number | undefined, chart: Chart | undefined): string {
  if (states !== undefined) {
    return `Laying out ${states.toLocaleString('en').replaceAll(',', ' ')} states …`;
  }
  return chart?.isSimple === true ? 'A simple layout: a better one takes too long' : '';
}
