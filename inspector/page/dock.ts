/** The dock: views that share one pane, of which one is shown. Its tabs choose which. */

import { setAttribute } from './dom.ts';
import { GuardedPane, type Pane } from './guarded.ts';

/** The names of the views, in the order of their tabs. The view `x` has the tab `tab-x` and the panel `view-x`. */
export const VIEWS = ['timeline', 'lanes', 'coverage', 'compare', 'breakpoints'] as const;
export type ViewName = (typeof VIEWS)[number];

/** The steps of the keys from one tab to another. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  Home: -Infinity,
  End: Infinity,
};

interface View {
  readonly tab: HTMLElement;
  readonly panel: HTMLElement;
  readonly pane: Pane | undefined;
}

/** Shows one view at a time, and draws that one only. */
export class Dock implements Pane {
  readonly #views = new Map<ViewName, View>();
  #shown: ViewName = 'timeline';

  constructor(panes: Readonly<Partial<Record<ViewName, Pane>>>) {
    for (const name of VIEWS) {
      const [tab, panel] = [document.getElementById(`tab-${name}`), panelOf(name)];
      if (tab === null || panel === null) continue;
      const pane = panes[name];
      this.#views.set(name, { tab, panel, pane: pane && new GuardedPane(pane, panel) });
      tab.addEventListener('click', () => {
        this.show(name);
      });
      tab.addEventListener('keydown', (event) => {
        this.#onKey(event);
      });
    }
  }

  /** The name of the shown view. */
  get shown(): ViewName {
    return this.#shown;
  }

  show(name: ViewName): void {
    this.#shown = name;
    for (const [other, { tab, panel }] of this.#views) {
      const isShown = other === name;
      setAttribute(tab, 'aria-selected', String(isShown));
      setAttribute(tab, 'tabindex', isShown ? '0' : '-1');
      panel.hidden = !isShown;
    }
  }

  /** Focuses the tab of the shown view. */
  focus(): void {
    this.#views.get(this.#shown)?.tab.focus();
  }

  /** Draws the shown view. A failure of one ends nothing but its own drawing. */
  draw(): void {
    this.#views.get(this.#shown)?.pane?.draw();
  }

  #onKey(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = VIEWS.indexOf(this.#shown) + step;
    const name = Number.isFinite(step)
      ? VIEWS[(to + VIEWS.length) % VIEWS.length]
      : VIEWS.at(step > 0 ? -1 : 0);
    if (name === undefined) return;
    this.show(name);
    this.#views.get(name)?.tab.focus();
  }
}

const panelOf = (name: ViewName): HTMLElement | null => document.getElementById(`view-${name}`);
