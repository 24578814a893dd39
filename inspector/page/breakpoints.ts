/** The view "Breakpoints": conditions on which the page shows one moment, while the program goes on. */

import type { Entry } from '../shared/view.ts';
import { BreakpointForm } from './breakpoints-form.ts';
import { type Breakpoint, breakpointFor, breakpointText } from './breakpoints-rules.ts';
import {
  bounded,
  MAX_BREAKPOINTS,
  readBreakpoints,
  textOfBreakpoints,
} from './breakpoints-store.ts';
import { BreakpointWatch, happeningOf, type SetBreakpoint } from './breakpoints-watch.ts';
import { byId, html, setAttribute, setText } from './dom.ts';
import type { Model } from './model.ts';
import { ofTab, storedText, storeText } from './settings.ts';

/** How often actors are looked for that stay too long in a state. */
const STAYS_MS = 200;
const NAME = 'breakpoints';
/** What is longer is not read again. */
const MAX_STORED_CHARACTERS = 3_900;

/** The elements of a breakpoint. */
interface Item {
  readonly element: HTMLElement;
  readonly box: HTMLInputElement;
  readonly hits: HTMLButtonElement;
}

/** Draws the breakpoints, and keeps them when the page is loaded again. */
export class Breakpoints {
  readonly #model: Model;
  readonly #watch: BreakpointWatch;
  readonly #list = html('ul', { class: 'breakpoints' });
  readonly #said = html('output', { class: 'breakpoints-said', role: 'status' });
  readonly #items = new Map<SetBreakpoint, Item>();

  constructor(model: Model) {
    this.#model = model;
    this.#watch = new BreakpointWatch(model);
    const form = new BreakpointForm((breakpoint) => this.add(breakpoint));
    byId('breakpoints', HTMLElement).append(
      html('p', { class: 'hint' }, HINT),
      form.element,
      this.#said,
      this.#list,
    );
    for (const breakpoint of readBreakpoints(storedText(ofTab, NAME))) this.#watch.add(breakpoint);
    setInterval(() => {
      try {
        this.#watch.checkStays();
      } catch (error) {
        console.error('The stays in states cannot be checked:', error);
      }
    }, STAYS_MS);
  }

  /** Sets a breakpoint. Returns why it cannot be set, as a sentence for the user. */
  add(breakpoint: Breakpoint): string | undefined {
    const one = bounded(breakpoint);
    const text = breakpointText(one);
    if (this.#watch.all.some(({ breakpoint: known }) => breakpointText(known) === text)) {
      return this.#say(`There is such a breakpoint: ${text}.`);
    }
    if (this.#watch.all.length >= MAX_BREAKPOINTS) {
      return this.#say(`There are ${String(MAX_BREAKPOINTS)} breakpoints: remove one first.`);
    }
    this.#watch.add(one);
    const problem = this.#watch.all.at(-1)?.matcher.problem;
    if (problem !== undefined) {
      this.#remove(this.#watch.all.at(-1));
      return this.#say(problem);
    }
    this.#changed();
    this.#say(`The view will freeze at: ${text}.`);
    return undefined;
  }

  /** Sets a breakpoint at what an entry shows. Returns what to tell the user. */
  addFor(entry: Entry): string {
    const breakpoint = breakpointFor(happeningOf(entry, this.#model));
    if (breakpoint === undefined) return 'There are no breakpoints for such an entry.';
    return (
      this.add(breakpoint) ?? `The view will freeze at: ${breakpointText(bounded(breakpoint))}.`
    );
  }

  /**
   * Whether the view freezes when a state is entered.
   *
   * @param id - The id of a state in the chart of the selected actor.
   */
  hasState(id: string): boolean {
    return this.#ofState(id) !== undefined;
  }

  /** Sets or removes the breakpoint at a state in the chart of the selected actor. Returns what to tell the user. */
  toggleState(id: string): string {
    const known = this.#ofState(id);
    if (known === undefined) {
      const breakpoint = bounded({
        kind: 'state',
        text: this.#pathOf(id),
        ms: 0,
        actor: '',
        isOn: true,
      });
      return this.add(breakpoint) ?? `The view will freeze at: ${breakpointText(breakpoint)}.`;
    }
    this.#remove(known);
    return `Removed: ${breakpointText(known.breakpoint)}.`;
  }

  #ofState(id: string): SetBreakpoint | undefined {
    const path = this.#pathOf(id);
    return this.#watch.all.find(
      ({ breakpoint: { kind, text, actor } }) => kind === 'state' && text === path && actor === '',
    );
  }

  /** The id of a state without that of its machine, which may have dots. */
  #pathOf(id: string): string {
    const { actor } = this.#model;
    const chart = actor && this.#model.chartOf(actor);
    const root = typeof chart === 'object' ? (chart.nodes[0]?.id ?? '') : '';
    return id.startsWith(`${root}.`) ? id.slice(root.length + 1) : id;
  }

  draw(): void {
    const set = this.#watch.all;
    for (const [one, { element }] of this.#items) {
      if (set.includes(one)) continue;
      element.remove();
      this.#items.delete(one);
    }
    for (const one of set) this.#drawItem(one);
  }

  #drawItem(one: SetBreakpoint): void {
    const item = this.#items.get(one) ?? this.#createItem(one);
    item.box.checked = one.breakpoint.isOn;
    const { hits, lastHit } = one;
    setText(item.hits, hits === 1 ? '1 hit' : `${String(hits)} hits`);
    const isKept = lastHit !== undefined && this.#model.history.entry(lastHit) !== undefined;
    item.hits.disabled = !isKept;
    setAttribute(item.element, 'data-off', one.breakpoint.isOn ? undefined : '');
    setAttribute(item.element, 'data-frozen', this.#watch.frozenBy === one ? '' : undefined);
  }

  #createItem(one: SetBreakpoint): Item {
    const text = breakpointText(one.breakpoint);
    const box = html('input', { type: 'checkbox' });
    box.addEventListener('change', () => {
      one.breakpoint = { ...one.breakpoint, isOn: box.checked };
      this.#changed();
    });
    const hits = html('button', { type: 'button', title: 'Show its latest hit' });
    hits.addEventListener('click', () => {
      if (one.lastHit !== undefined) this.#model.pin(one.lastHit, `breakpoint: ${text}`);
    });
    const remove = html('button', { type: 'button', 'aria-label': `Remove: ${text}` }, 'Remove');
    remove.addEventListener('click', () => {
      this.#remove(one);
    });
    const label = html('label', {}, box, html('span', {}, text));
    const here = html('strong', { class: 'here' }, 'the view is frozen here');
    const element = html('li', {}, label, here, hits, remove);
    this.#list.append(element);
    const item = { element, box, hits };
    this.#items.set(one, item);
    return item;
  }

  #remove(one: SetBreakpoint | undefined): void {
    if (one !== undefined) this.#watch.remove(one);
    this.#changed();
  }

  #changed(): void {
    const all = this.#watch.all.map(({ breakpoint }) => breakpoint);
    storeText(ofTab, NAME, textOfBreakpoints(all, MAX_STORED_CHARACTERS));
  }

  #say(text: string): string {
    setText(this.#said, text);
    return text;
  }
}

const HINT =
  'A breakpoint freezes this page at the moment at which it hits. The program goes on: it is never stopped. ' +
  'While the page shows a moment, hits are only counted.';
