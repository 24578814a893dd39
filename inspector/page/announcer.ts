/** Says what has changed to screen readers: the selection, the moment, the connection. */

import { byId } from './dom.ts';
import { actorName, clockTime, valueText } from './format.ts';
import type { Model } from './model.ts';

/** While the user goes through entries or actors, only where they stay is said. */
const QUIET_MS = 400;
const MAX_CHARACTERS = 300;

/** Writes to the page's live region, at most a few times a second. */
export class Announcer {
  readonly #model: Model;
  readonly #root = byId('announcer', HTMLElement);
  #waiting = '';
  #since = 0;
  #known = { selected: '', moment: '' };

  constructor(model: Model) {
    this.#model = model;
  }

  /** Says a text, unless another one follows at once. */
  say(text: string): void {
    this.#waiting = text.slice(0, MAX_CHARACTERS);
    this.#since = performance.now();
  }

  draw(): void {
    this.#compare();
    if (this.#waiting === '' || performance.now() - this.#since < QUIET_MS) return;
    this.#root.textContent = this.#waiting;
    this.#waiting = '';
  }

  #compare(): void {
    const { selected = '', moment } = this.#model;
    const now = {
      selected,
      moment: moment === undefined ? '' : `${String(moment.seq)} ${moment.why}`,
    };
    const { selected: actorBefore, moment: momentBefore } = this.#known;
    this.#known = now;
    if (actorBefore === now.selected && momentBefore === now.moment) return;
    const texts = [
      ...(momentBefore === now.moment ? [] : [this.#momentText()]),
      ...(selected === '' ? [] : [this.#actorText()]),
    ];
    this.say(texts.join('. '));
  }

  #momentText(): string {
    const { moment } = this.#model;
    if (moment === undefined) return 'Live';
    const at = moment.at === undefined ? 'Paused' : `At ${clockTime(moment.at)}`;
    return moment.why === '' ? at : `${at}: ${moment.why}`;
  }

  #actorText(): string {
    const { actor, state } = this.#model;
    if (actor === undefined || state === undefined) return '';
    return `${actorName(actor)}: ${valueText(state.value)}`;
  }
}
