/** The controls of the chart: find, follow, details, collapse and export. */

import { byId, html, setAttribute, setText } from './dom.ts';
import type { ExportFormat } from './chart-export.ts';
import { ZOOM_STEP } from './chart-gestures.ts';

/** What the controls do. */
export interface ChartActions {
  readonly zoom: (factor: number) => void;
  readonly fit: () => void;
  readonly follow: (on: boolean) => void;
  readonly details: (on: boolean) => void;
  readonly collapse: () => void;
  readonly find: (text: string) => void;
  /** Goes to the next state that was found. */
  readonly next: () => void;
  readonly save: (format: ExportFormat) => void;
}

/** What the controls show. */
export interface BarState {
  readonly isFollowing: boolean;
  readonly hasDetails: boolean;
  /** Whether there are states to collapse; `undefined` when there is no chart. */
  readonly collapse: 'Collapse' | 'Expand' | undefined;
  readonly found: string;
}

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ['svg', 'SVG'],
  ['png', 'PNG'],
  ['mmd', 'Mermaid'],
];

/** Adds the controls to the bar of the pane. */
export class ChartBar {
  readonly #find = html('input', {
    id: 'chart-find',
    type: 'search',
    placeholder: 'find',
    'aria-label': 'Find in the chart',
    title: 'A state, an event, a guard, an action or an actor; Enter goes to the next one',
  });
  readonly #found = html('output', { class: 'found' });
  readonly #follow = html('input', { id: 'chart-follow', type: 'checkbox', checked: true });
  readonly #details = html('input', { id: 'chart-details', type: 'checkbox' });
  readonly #collapse = html('button', { id: 'chart-collapse', type: 'button' }, 'Collapse');
  readonly #menu = html('details', { class: 'menu', id: 'chart-export' });

  /** @param bar - Where the controls are added. */
  constructor(bar: Element, actions: ChartActions) {
    const label = (input: HTMLInputElement, text: string, title: string) =>
      html('label', { title }, input, ` ${text}`);
    bar
      .querySelector('#zoom-out')
      ?.before(
        this.#find,
        this.#found,
        label(this.#follow, 'follow', 'Keep what is active in view'),
        label(
          this.#details,
          'details',
          'Show descriptions, entry, exit and the actions of transitions',
        ),
        this.#collapse,
      );
    this.#menu.append(
      html('summary', {}, 'Export'),
      html('div', {}, ...FORMATS.map(([format, text]) => this.#item(format, text, actions))),
    );
    bar.append(this.#menu);
    this.#listen(actions);
  }

  draw({ isFollowing, hasDetails, collapse, found }: BarState): void {
    if (this.#follow.checked !== isFollowing) this.#follow.checked = isFollowing;
    if (this.#details.checked !== hasDetails) this.#details.checked = hasDetails;
    setText(this.#collapse, collapse ?? 'Collapse');
    setAttribute(this.#collapse, 'disabled', collapse === undefined ? '' : undefined);
    setText(this.#found, found);
  }

  #item(format: ExportFormat, text: string, { save }: ChartActions): HTMLButtonElement {
    const button = html('button', { type: 'button', 'data-format': format }, text);
    button.addEventListener('click', () => {
      this.#menu.open = false;
      save(format);
    });
    return button;
  }

  #listen(actions: ChartActions): void {
    const onClick = (id: string, run: () => void) => {
      byId(id, HTMLButtonElement).addEventListener('click', run);
    };
    onClick('zoom-in', () => {
      actions.zoom(ZOOM_STEP);
    });
    onClick('zoom-out', () => {
      actions.zoom(1 / ZOOM_STEP);
    });
    onClick('zoom-fit', actions.fit);
    this.#collapse.addEventListener('click', actions.collapse);
    this.#follow.addEventListener('change', () => {
      actions.follow(this.#follow.checked);
    });
    this.#details.addEventListener('change', () => {
      actions.details(this.#details.checked);
    });
    this.#find.addEventListener('input', () => {
      actions.find(this.#find.value);
    });
    this.#find.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      actions.next();
    });
    this.#menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#menu.open) return;
      event.preventDefault();
      this.#menu.open = false;
      this.#menu.querySelector('summary')?.focus();
    });
  }
}
