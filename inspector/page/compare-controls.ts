/** The controls that choose what is compared. */

import type { ActorView } from '../shared/view.ts';
import type { Question } from './compare-work.ts';
import { html } from './dom.ts';
import { actorName, clockTime, oneLine } from './format.ts';
import type { Model } from './model.ts';

/** More actors cannot be chosen from. */
const MAX_ACTORS = 500;

/** Reads the controls. */
export class CompareControls {
  readonly bar: HTMLElement;
  readonly #model: Model;
  readonly #left = html('select', { 'aria-label': 'Left' });
  readonly #right = html('select', { 'aria-label': 'Right' });
  readonly #children = html('input', { type: 'checkbox' });
  #drawn = '';
  /** A proposal of unlike machines gives way to one of two runs of a machine. What is final is kept. */
  #choice: 'none' | 'proposed' | 'final' = 'none';

  constructor(model: Model) {
    this.#model = model;
    const swap = html('button', { type: 'button', title: 'Swap the sides' }, '⇄');
    swap.setAttribute('aria-label', 'Swap the sides');
    swap.addEventListener('click', () => {
      [this.#left.value, this.#right.value] = [this.#right.value, this.#left.value];
      this.#choice = 'final';
    });
    for (const side of [this.#left, this.#right]) {
      side.addEventListener('change', () => {
        this.#choice = 'final';
      });
    }
    this.bar = html(
      'div',
      { class: 'bar' },
      ...[this.#left, swap, this.#right],
      html('label', {}, this.#children, ' with the actors they start'),
    );
  }

  /** What is compared; `undefined` when there are not two actors. */
  get question(): Question | undefined {
    const [left, right] = [this.#left.value, this.#right.value];
    if (left === '' || right === '' || left === right) return undefined;
    return { left, right, withChildren: this.#children.checked };
  }

  /** Offers the machines that are known. */
  draw(): void {
    const key = [this.#model.actorsVersion, this.#model.epoch, this.#model.programs.size].join();
    const isNew = key !== this.#drawn;
    this.#drawn = key;
    if (isNew) this.#offer();
    if (this.#choice === 'none' || (isNew && this.#choice === 'proposed')) this.#propose();
  }

  #offer(): void {
    const machines = this.#machines();
    for (const side of [this.#left, this.#right]) {
      const chosen = side.value;
      side.replaceChildren(...this.#groups(machines));
      const isKept = machines.some(({ id }) => id === chosen);
      side.value = isKept ? chosen : '';
      if (!isKept) this.#choice = 'none';
    }
  }

  /** The machines that were started by no other come first. */
  #machines(): ActorView[] {
    const all = [...this.#model.history.actors.values()]
      .map(({ actor }) => actor)
      .filter(({ kind }) => kind === 'machine');
    const roots = all.filter(({ parent }) => parent === undefined);
    return [...roots, ...all.filter(({ parent }) => parent !== undefined)].slice(0, MAX_ACTORS);
  }

  #groups(machines: readonly ActorView[]): HTMLElement[] {
    const programs = [...this.#model.programs.values()];
    return programs.flatMap(({ id: program, name }) => {
      const own = machines.filter((actor) => actor.program === program);
      const [first] = own;
      if (first === undefined) return [];
      // Runs of a program have the same name.
      const isOneOfSeveral = programs.some((other) => other.id !== program && other.name === name);
      const time = isOneOfSeveral ? `, ${clockTime(first.base.at)}` : '';
      const label = `${oneLine(name, 80)}${time}`;
      const options = own.map((actor) =>
        html('option', { value: actor.id }, `${oneLine(actorName(actor), 80)} – ${label}`),
      );
      return [html('optgroup', { label }, ...options)];
    });
  }

  /** The selected machine and the latest other one that has the same chart, or else the same name. */
  #propose(): void {
    const machines = this.#machines();
    const one = machines.find(({ id }) => id === this.#model.selected) ?? machines[0];
    if (one === undefined) return;
    const others = machines.filter(({ id }) => id !== one.id);
    const alike = others.findLast(({ chart }) => chart === one.chart);
    if (alike === undefined && this.#choice === 'proposed') return;
    const other = alike ?? others.findLast(({ name }) => name === one.name) ?? others.at(-1);
    this.#left.value = other === undefined || isBefore(one, other) ? one.id : other.id;
    this.#right.value = other === undefined ? '' : isBefore(one, other) ? other.id : one.id;
    // It stays while what was chosen from it is looked at.
    this.#choice = alike !== undefined ? 'final' : other === undefined ? 'none' : 'proposed';
  }
}

const isBefore = (one: ActorView, other: ActorView): boolean => one.start <= other.start;
