/** The view "Lanes": a sequence diagram of actors over time. Only its visible part is drawn. */

import { byId, html, setAttribute, setText } from './dom.ts';
import { duration } from './format.ts';
import { LanesControls } from './lanes-controls.ts';
import { itemId, LANE_WIDTH, laneX, widthOf } from './lanes-drawing.ts';
import { type Lane, type LaneItem, LanesDiagram, lanesOf } from './lanes-model.ts';
import { LanesHead } from './lanes-head.ts';
import { LanesPicture } from './lanes-picture.ts';
import type { Model } from './model.ts';
import { entryInWords } from './row.ts';
import { listSteps } from './timeline-keys.ts';

/** Actors come and go; the lanes are chosen anew at most this often. */
const CHOOSE_MS = 400;
/** The height of the names above the lanes, and of what is drawn above and below the visible part. */
const HEAD = 40;
const MARGIN = 100;
const PAGE_ITEMS = 10;
/** A smaller difference is due to rounding, and not to a user who scrolls. */
const SCROLL_TOLERANCE = 1.5;

/** Draws the diagram, and pins its entries. */
export class Lanes {
  readonly #model: Model;
  readonly #controls = new LanesControls();
  readonly #head = new LanesHead();
  readonly #picture = new LanesPicture();
  readonly #space = html(
    'div',
    { class: 'lanes-space', role: 'presentation' },
    this.#picture.element,
  );
  readonly #scroll = html(
    'div',
    { class: 'lanes-scroll', role: 'listbox', tabindex: 0, 'aria-label': 'Sequence of events' },
    this.#head.element,
    this.#space,
  );
  readonly #hint = html('p', { class: 'hint' });
  #diagram: LanesDiagram | undefined;
  #chosen = { key: '', at: 0 };
  #follows = true;
  #isHovered = false;
  /** Where the visible part is to begin, and what the element that is scrolled was set to. */
  #scrollTop = 0;
  #applied: number | undefined;
  #height = 0;
  #width = 0;
  /** The lane that was last brought into view, by the id of its actor. */
  #shownLane: string | undefined;
  #shownMoment: unknown;
  #drawn = '';
  /** What the diagram was made for. */
  #madeFor = { epoch: 0, scale: 0 };

  constructor(model: Model) {
    this.#model = model;
    byId('lanes', HTMLElement).append(this.#controls.element, this.#hint, this.#scroll);
    this.#listen();
  }

  draw(): void {
    this.#choose();
    const diagram = this.#diagram;
    setAttribute(this.#scroll, 'hidden', diagram === undefined ? '' : undefined);
    const hint =
      diagram === undefined ? 'Select an actor to see with which others it has to do.' : '';
    setText(this.#hint, hint);
    if (diagram === undefined) return;
    diagram.extend();
    this.#showLane(diagram);
    this.#place(diagram);
    this.#drawPicture(diagram);
    this.#head.draw(diagram, this.#scrollTop, this.#model.selected);
    const { cursor } = this.#model;
    const isShown = cursor !== undefined && document.getElementById(itemId(cursor)) !== null;
    setAttribute(this.#scroll, 'aria-activedescendant', isShown ? itemId(cursor) : undefined);
  }

  #listen(): void {
    const scroll = this.#scroll;
    new ResizeObserver(() => {
      this.#height = scroll.clientHeight;
      this.#width = scroll.clientWidth;
      // A view that was not shown has lost its position.
      this.#applied = undefined;
    }).observe(scroll);
    scroll.addEventListener('scroll', () => {
      this.#onScroll();
    });
    scroll.addEventListener('pointerenter', ({ pointerType }) => {
      this.#isHovered = pointerType === 'mouse';
    });
    scroll.addEventListener('pointerleave', () => {
      this.#isHovered = false;
    });
    scroll.addEventListener('pointerdown', (event) => {
      if (event.button === 0 && event.pointerType !== 'touch') this.#press(event.clientY);
    });
    scroll.addEventListener('click', (event) => {
      const isMouse = event instanceof PointerEvent && event.pointerType === 'mouse';
      if (!isMouse) this.#press(event.clientY);
    });
    scroll.addEventListener('keydown', (event) => {
      const steps = listSteps(event, PAGE_ITEMS);
      if (steps === undefined) return;
      event.preventDefault();
      this.#step(steps);
    });
  }

  /** Chooses the lanes, and makes a new diagram if they have changed. */
  #choose(): void {
    const model = this.#model;
    const { scope, search, scale } = this.#controls;
    const key = [model.selected, model.epoch, scope, search, scale].join('\n');
    const now = performance.now();
    const isDue = now - this.#chosen.at > CHOOSE_MS;
    if (key === this.#chosen.key && !isDue && this.#diagram?.isFull !== true) return;
    const isOther = key !== this.#chosen.key;
    this.#chosen = { key, at: now };
    const lanes = lanesOf(model, scope, search);
    this.#controls.say(lanes.length);
    const known = this.#diagram;
    const isSame = known !== undefined && !known.isFull && isEqual(known.lanes, lanes);
    if (isSame && !(isOther && this.#isOutdated())) return;
    this.#diagram = lanes.length === 0 ? undefined : this.#newDiagram(lanes);
    this.#madeFor = { epoch: model.epoch, scale };
  }

  #isOutdated(): boolean {
    const { epoch, scale } = this.#madeFor;
    return epoch !== this.#model.epoch || scale !== this.#controls.scale;
  }

  /** The new diagram shows the same entries at the top as the one before. */
  #newDiagram(lanes: readonly Lane[]): LanesDiagram {
    const before = this.#diagram;
    const top = before?.items[before.indexAt(this.#scrollTop)]?.entry.seq;
    const diagram = new LanesDiagram(this.#model, lanes, this.#controls.scale / 1000);
    if (top !== undefined && !this.#isFollowing) {
      const y = diagram.items[Math.max(0, diagram.indexOf(top))]?.y ?? 0;
      this.#scrollTo(y - 10);
    }
    this.#shownMoment = undefined;
    this.#drawn = '';
    return diagram;
  }

  get #isFollowing(): boolean {
    return this.#follows && this.#model.isLive && !this.#isHovered;
  }

  /** Sets the height, and follows the newest entry or shows the pinned one. */
  #place(diagram: LanesDiagram): void {
    const height = `${String(Math.ceil(diagram.height))}px`;
    if (this.#space.style.height !== height) this.#space.style.height = height;
    const width = `${String(widthOf(diagram))}px`;
    if (this.#space.style.width !== width) this.#space.style.width = width;
    const { moment } = this.#model;
    if (this.#isFollowing) this.#scrollTo(diagram.height + HEAD - this.#height);
    else if (moment !== this.#shownMoment && moment !== undefined) this.#show(diagram, moment.seq);
    this.#shownMoment = moment;
    this.#applyScroll();
  }

  #show(diagram: LanesDiagram, seq: number): void {
    const y = diagram.items[diagram.indexOf(seq)]?.y;
    if (y === undefined) return;
    const bottom = this.#scrollTop + this.#height - HEAD;
    if (y < this.#scrollTop + 20) this.#scrollTo(y - 30);
    else if (y > bottom - 20) this.#scrollTo(y - this.#height + HEAD + 30);
  }

  /** Brings the lane of the selected actor into view, once. */
  #showLane({ lanes }: LanesDiagram): void {
    const { selected } = this.#model;
    const lane = lanes.findIndex(({ id }) => id === selected);
    if (selected === this.#shownLane || lane < 0 || this.#width === 0) return;
    this.#shownLane = selected;
    const x = laneX(lane);
    const { scrollLeft } = this.#scroll;
    const isVisible = x > scrollLeft + LANE_WIDTH && x < scrollLeft + this.#width - LANE_WIDTH / 2;
    if (!isVisible) this.#scroll.scrollLeft = x - this.#width / 2;
  }

  #scrollTo(top: number): void {
    this.#scrollTop = Math.max(0, top);
  }

  #applyScroll(): void {
    const scrollTop = this.#scrollTop;
    if (this.#height === 0 || Math.abs(scrollTop - (this.#applied ?? -1)) < 0.5) return;
    this.#applied = scrollTop;
    this.#scroll.scrollTop = scrollTop;
  }

  #onScroll(): void {
    if (this.#applied === undefined || this.#height === 0) return;
    const { scrollTop } = this.#scroll;
    if (Math.abs(scrollTop - this.#applied) < SCROLL_TOLERANCE) return;
    this.#applied = scrollTop;
    this.#scrollTop = scrollTop;
    const end = (this.#diagram?.height ?? 0) + HEAD - this.#height;
    this.#follows = scrollTop >= end - 20;
  }

  #drawPicture(diagram: LanesDiagram): void {
    const { cursor } = this.#model;
    const [first, last] = [this.#scrollTop - MARGIN, this.#scrollTop + this.#height + MARGIN];
    const top = Math.max(0, Math.floor(first / MARGIN) * MARGIN);
    const bottom = Math.min(diagram.height, Math.ceil(last / MARGIN) * MARGIN);
    const now = this.#model.clockOf(this.#model.actor?.program ?? '');
    const isRunning = diagram.deadlines.some(({ outcome }) => outcome === 'running');
    const clock = isRunning ? Math.floor(now / 100) : 0;
    const key = [top, bottom, diagram.items.length, cursor, clock].join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    const words = (item: LaneItem) => this.#words(diagram, item);
    this.#picture.draw({ diagram, top, bottom, cursor, now, words });
  }

  #words(diagram: LanesDiagram, { entry, from, gap }: LaneItem): string {
    const sender = from === undefined ? '' : `, from ${diagram.lanes[from]?.name ?? ''}`;
    const later = gap === undefined ? '' : `, ${duration(gap)} later`;
    return `${entryInWords(entry, this.#model)}${sender}${later}`;
  }

  #press(clientY: number): void {
    const diagram = this.#diagram;
    if (diagram === undefined) return;
    const y = clientY - this.#space.getBoundingClientRect().top;
    // The names are above the lanes: they are not pressed.
    if (y < this.#scrollTop) return;
    const item = diagram.items[diagram.indexAt(y - 10)];
    if (item !== undefined && Math.abs(item.y - y) <= 10) this.#pin(item);
  }

  #step(steps: number): void {
    const diagram = this.#diagram;
    if (diagram === undefined) return;
    const at = diagram.indexOf(this.#model.seq) + steps;
    const item = diagram.items[Math.min(diagram.items.length - 1, Math.max(0, at))];
    if (item !== undefined) this.#pin(item);
  }

  #pin({ entry }: LaneItem): void {
    this.#model.pin(entry.seq);
  }
}

const isEqual = (lanes: readonly Lane[], others: readonly Lane[]): boolean =>
  lanes.length === others.length && lanes.every(({ id }, at) => id === others[at]?.id);
