/** The controls of the sequence diagram. */

import { html, setText } from './dom.ts';
import { duration } from './format.ts';
import { type LaneScope, MAX_LANES } from './lanes-model.ts';

/** Pixels for a second, from all at a glance to every millisecond. */
const SCALES = [0.2, 1, 5, 20, 50, 200, 1_000, 10_000, 100_000];
const DEFAULT_SCALE = 4;
/** What the user chooses of the diagram. */
export class LanesControls {
  readonly #scope = html(
    'select',
    { id: 'lanes-scope', 'aria-label': 'Actors with lanes' },
    html('option', { value: 'near' }, 'selected actor and those around it'),
    html('option', { value: 'program' }, 'all actors of the program'),
  );
  readonly #search = html('input', {
    ...{ id: 'lanes-search', type: 'search', placeholder: 'names of actors' },
    'aria-label': 'Names of the actors with lanes',
  });
  readonly #said = html('output', { id: 'lanes-count' });
  readonly element: HTMLElement;
  #level = DEFAULT_SCALE;

  constructor() {
    const zoom = (text: string, title: string, step: number) => {
      const button = html('button', { type: 'button', title, 'aria-label': title }, text);
      button.addEventListener('click', () => {
        this.#level = Math.min(SCALES.length - 1, Math.max(0, this.#level + step));
      });
      return button;
    };
    const buttons = [zoom('−', 'Less space for time', -1), zoom('+', 'More space for time', 1)];
    this.element = html('div', { class: 'bar' }, this.#scope, this.#search, ...buttons, this.#said);
  }

  get scope(): LaneScope {
    return this.#scope.value === 'program' ? 'program' : 'near';
  }

  get search(): string {
    return this.#search.value;
  }

  /** Pixels for a second. */
  get scale(): number {
    return SCALES[this.#level] ?? 50;
  }

  /** Says how many lanes there are, and what the scale is. */
  say(lanes: number): void {
    const most = lanes >= MAX_LANES - 1 ? ', the most that are drawn' : '';
    const second = duration(20_000 / this.scale);
    const count = lanes === 1 ? '1 lane' : `${String(lanes)} lanes`;
    setText(this.#said, `${count}${most} · ${second} for 20 px`);
  }
}
