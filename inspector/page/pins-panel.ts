/** The panel with the pinned values: what they are at the shown moment, and when they have changed. */

import type { ActorView, Json, StateEntry } from '../shared/view.ts';
import { actorAt } from './actor-path.ts';
import { html, setAttribute, setText, svg } from './dom.ts';
import { linkTo } from './errors-view.ts';
import { actorName, clockTime, oneLine } from './format.ts';
import { preview } from './json-preview.ts';
import type { Model } from './model.ts';
import {
  changesOf,
  idOf,
  type Pin,
  type PinChange,
  type Pins,
  sparkline,
  textOfPin,
  valueOfPin,
} from './pins.ts';

/** Changes that the sparkline shows, and those that are listed. */
const MAX_DRAWN = 60;
const MAX_LISTED = 8;
const MAX_VALUE_CHARACTERS = 200;
const SIZE = { width: 90, height: 18 };

/** What the rows link to. */
export interface PinLinks {
  readonly select: (id: string) => void;
  readonly pin: (seq: number) => void;
}

/** Shows all pins. It is hidden while there is none. */
export class PinsPanel {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #pins: Pins;
  readonly #links: PinLinks;
  readonly #list = html('ul', { class: 'pins' });
  readonly #rows = new Map<string, PinRow>();
  #drawn: readonly Pin[] = [];
  #actorsKey = '';

  constructor(model: Model, pins: Pins, links: PinLinks) {
    this.#model = model;
    this.#pins = pins;
    this.#links = links;
    this.element = html(
      'section',
      { hidden: true, 'aria-label': 'Pinned values' },
      html('h3', {}, 'Pinned'),
      this.#list,
    );
  }

  draw(): void {
    const { all } = this.#pins;
    if (all !== this.#drawn) this.#rebuild(all);
    if (all.length === 0) return;
    const { actorsVersion, cursor, epoch } = this.#model;
    const actorsKey = [actorsVersion, cursor, epoch, all.length].join();
    const isStale = actorsKey !== this.#actorsKey;
    this.#actorsKey = actorsKey;
    for (const pin of all) {
      const row = this.#rows.get(idOf(pin));
      if (isStale) row?.find(this.#model);
      row?.draw(this.#model);
    }
  }

  #rebuild(all: readonly Pin[]): void {
    const ids = new Set(all.map(idOf));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    for (const pin of all) {
      if (this.#rows.has(idOf(pin))) continue;
      const row = new PinRow(pin, this.#links, () => {
        this.#pins.toggle(pin);
      });
      this.#rows.set(idOf(pin), row);
      this.#list.append(row.element);
    }
    this.#drawn = all;
    this.#actorsKey = '';
    setAttribute(this.element, 'hidden', all.length === 0 ? '' : undefined);
  }
}

/** A pinned value. Only what has changed is drawn. */
class PinRow {
  readonly element: HTMLElement;
  readonly #pin: Pin;
  readonly #links: PinLinks;
  readonly #name: HTMLElement;
  readonly #value = html('span', { class: 'pin-value' });
  readonly #line = svg('polyline', { points: '' });
  readonly #graph: SVGElement;
  readonly #changes = html('ol', { class: 'pin-changes' });
  #actor: ActorView | undefined;
  #latest: readonly unknown[] = [];
  #listed = '';

  constructor(pin: Pin, links: PinLinks, remove: () => void) {
    this.#pin = pin;
    this.#links = links;
    const text = textOfPin(pin);
    this.#name = linkTo('', () => {
      if (this.#actor !== undefined) links.select(this.#actor.id);
    });
    const box = `0 -1 ${String(SIZE.width)} ${String(SIZE.height + 2)}`;
    this.#graph = svg(
      'svg',
      { class: 'sparkline', viewBox: box, role: 'img', hidden: true },
      this.#line,
    );
    const button = html(
      'button',
      { type: 'button', class: 'unpin', 'aria-label': `Unpin ${text}` },
      '×',
    );
    button.addEventListener('click', remove);
    const title = html(
      'div',
      { class: 'pin-title' },
      this.#name,
      ' ',
      html('span', { class: 'key' }, oneLine(text, 200)),
      button,
    );
    const history = html('details', {}, html('summary', {}, 'changes'), this.#changes);
    this.element = html(
      'li',
      {},
      title,
      html('div', { class: 'pin-now' }, this.#value, this.#graph),
      history,
    );
  }

  /** Finds its actor again, which may have started or ended. */
  find(model: Model): void {
    const found = actorAt(model, this.#pin.actor);
    this.#actor = found?.isExact === true ? model.actorOf(found.id) : undefined;
    setText(
      this.#name,
      this.#actor === undefined
        ? (this.#pin.actor.at(-1)?.name ?? '')
        : oneLine(actorName(this.#actor)),
    );
    this.#latest = [];
  }

  draw(model: Model): void {
    const state = this.#actor && model.stateOf(this.#actor.id);
    const latest = [state, this.#actor];
    if (this.#latest.length > 0 && latest.every((one, at) => one === this.#latest[at])) return;
    this.#latest = latest;
    if (state === undefined || this.#actor === undefined) {
      setText(this.#value, 'the actor is not there');
      return;
    }
    setText(this.#value, valueText(valueOfPin(this.#pin, state)));
    this.#drawChanges(model.statesOf(this.#actor.id), model.seq);
  }

  #drawChanges(states: readonly StateEntry[], seq: number): void {
    const changes = changesOf(this.#pin, states, seq, MAX_DRAWN);
    const key = `${String(changes.at(-1)?.seq)} ${String(changes[0]?.seq)}`;
    if (key === this.#listed) return;
    this.#listed = key;
    this.#drawGraph(changes);
    this.#changes.replaceChildren(
      ...changes
        .slice(-MAX_LISTED)
        .toReversed()
        .map((change) => this.#changeItem(change)),
    );
  }

  #drawGraph(changes: readonly PinChange[]): void {
    const numbers = changes.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
    const points = sparkline(numbers, SIZE.width, SIZE.height);
    setAttribute(this.#graph, 'hidden', points === '' ? '' : undefined);
    setAttribute(this.#line, 'points', points);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const label = `${String(numbers.length)} values from ${String(low)} to ${String(high)}`;
    setAttribute(this.#graph, 'aria-label', points === '' ? undefined : label);
  }

  #changeItem({ seq, at, value }: PinChange): HTMLElement {
    const link = linkTo(clockTime(at), () => {
      this.#links.pin(seq);
    });
    return html('li', {}, link, ' ', valueText(value));
  }
}

const valueText = (value: Json | undefined): string =>
  value === undefined ? 'none' : preview(value, MAX_VALUE_CHARACTERS);
