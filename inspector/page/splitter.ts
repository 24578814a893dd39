/** The splitters between the panes, and the buttons that close panes. Both are kept in the browser. */

import { byId, setAttribute } from './dom.ts';
import {
  fittingSizes,
  type PaneSizes,
  rangeOf,
  readClosed,
  readSizes,
  type Side,
  SIDES,
} from './pane-sizes.ts';
import { kept, storedText, storeText } from './settings.ts';

/** In pixels, for a press of an arrow key, and with Shift. */
const STEP = 16;
const LARGE_STEP = 80;
/** What a step towards the right or the bottom adds to the size of the pane. */
const SIGN: Readonly<Record<Side, 1 | -1>> = { left: 1, right: -1, bottom: -1 };

/** Gives the panes their sizes. */
export class Splitters {
  readonly #main = document.querySelector('main') ?? document.body;
  readonly #closed = readClosed(storedText(kept, 'closed'));
  #chosen: PaneSizes = readSizes(storedText(kept, 'sizes'));

  constructor() {
    for (const side of SIDES) {
      const splitter = document.querySelector<HTMLElement>(`[data-splitter=${side}]`);
      if (splitter !== null) this.#connect(splitter, side);
      toggleOf(side)?.addEventListener('click', () => {
        this.setClosed(side, !this.#closed.has(side));
      });
    }
    window.addEventListener('resize', () => {
      this.#apply();
    });
    this.#apply();
  }

  isClosed(side: Side): boolean {
    return this.#closed.has(side);
  }

  /** Closes or opens a pane. */
  setClosed(side: Side, isClosed: boolean): void {
    if (isClosed) this.#closed.add(side);
    else this.#closed.delete(side);
    storeText(kept, 'closed', [...this.#closed].join(' '));
    this.#apply();
  }

  #connect(splitter: HTMLElement, side: Side): void {
    splitter.addEventListener('dblclick', () => {
      this.#choose(side, undefined);
    });
    splitter.addEventListener('keydown', (event) => {
      this.#onKey(event, side);
    });
    splitter.addEventListener('pointerdown', (event) => {
      if (event.button === 0) this.#drag(splitter, side, event);
    });
  }

  #drag(splitter: HTMLElement, side: Side, { clientX, clientY, pointerId }: PointerEvent): void {
    const before = this.#sizes()[side];
    const ends = new AbortController();
    const { signal } = ends;
    splitter.setPointerCapture(pointerId);
    setAttribute(splitter, 'data-dragged', '');
    const move = (event: PointerEvent) => {
      const moved = side === 'bottom' ? event.clientY - clientY : event.clientX - clientX;
      if (moved !== 0) this.#choose(side, before + SIGN[side] * moved);
    };
    const end = () => {
      setAttribute(splitter, 'data-dragged', undefined);
      ends.abort();
    };
    splitter.addEventListener('pointermove', move, { signal });
    splitter.addEventListener('lostpointercapture', end, { signal });
  }

  #onKey(event: KeyboardEvent, side: Side): void {
    const [back, forth] =
      side === 'bottom' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    const step = (event.shiftKey ? LARGE_STEP : STEP) * SIGN[side];
    const now = this.#sizes()[side];
    const sizes = new Map<string, number | undefined>([
      [back, now - step],
      [forth, now + step],
      ['Home', 0],
      ['End', Infinity],
      ['Enter', undefined],
    ]);
    if (!sizes.has(event.key)) return;
    event.preventDefault();
    this.#choose(side, sizes.get(event.key));
  }

  /** @param size - `undefined` for the default. */
  #choose(side: Side, size: number | undefined): void {
    // What does not fit is not kept: a key in the other direction would do nothing for a while.
    const wanted = { ...this.#chosen, [side]: size };
    const fitting = size === undefined ? undefined : fittingSizes(wanted, extent())[side];
    this.#chosen = { ...this.#chosen, [side]: fitting };
    storeText(kept, 'sizes', JSON.stringify(this.#chosen));
    this.#apply();
  }

  #sizes(): Record<Side, number> {
    return fittingSizes(this.#chosen, extent());
  }

  #apply(): void {
    const sizes = this.#sizes();
    for (const side of SIDES) {
      this.#main.style.setProperty(`--${side}`, `${String(sizes[side])}px`);
      const isClosed = this.#closed.has(side);
      setAttribute(this.#main, `data-${side}`, isClosed ? 'closed' : undefined);
      const toggle = toggleOf(side);
      if (toggle !== null) setAttribute(toggle, 'aria-pressed', String(!isClosed));
      this.#describe(side, sizes[side]);
    }
  }

  /** Tells the position as a part of the possible ones, in percent. */
  #describe(side: Side, size: number): void {
    const splitter = document.querySelector(`[data-splitter=${side}]`);
    if (splitter === null) return;
    const [least, most] = rangeOf(side, this.#chosen, extent());
    const part = most > least ? (size - least) / (most - least) : 0;
    setAttribute(splitter, 'aria-valuenow', String(Math.round(100 * part)));
    setAttribute(splitter, 'aria-valuetext', `${String(size)} pixels`);
  }
}

const toggleOf = (side: Side): HTMLElement | null =>
  byId('header', HTMLElement).querySelector<HTMLElement>(`[data-toggle=${side}]`);

const extent = () => ({ width: innerWidth, height: innerHeight });
