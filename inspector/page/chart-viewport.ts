/** Shows a part of a chart: its scale and its position in the pane. */

import type { Size } from '../shared/chart-sizes.ts';

/** At this scale the smallest texts have 11 px. */
const READABLE_SCALE = 1;
const MAX_FITTED_SCALE = 1.5;
const SCALES = { min: 0.02, max: 5 };
/** So much of the chart stays in the pane. */
const KEPT = 60;
const MARGIN = 8;

type Point = readonly [x: number, y: number];
interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** The position is that of the chart's left upper corner in the pane, in pixels. */
export class ChartViewport {
  #pane: Size = { width: 0, height: 0 };
  #chart: Size = { width: 0, height: 0 };
  /** `readable`: all of the chart, unless its texts would be too small. `fit`: all of it. */
  #mode: 'readable' | 'fit' | 'user' = 'readable';
  #scale = 1;
  #position: Point = [0, 0];
  /** The user has moved the chart: it does not follow the active states. */
  hasMoved = false;

  get scale(): number {
    return this.#scale;
  }

  get position(): Point {
    return this.#position;
  }

  /** The size of the drawn chart, in pixels on the screen. */
  get size(): Size {
    const { width, height } = this.#chart;
    return { width: Math.floor(width * this.#scale), height: Math.floor(height * this.#scale) };
  }

  /** Whether all of the chart is in the pane. */
  get isWhole(): boolean {
    const { width, height } = this.size;
    return width <= this.#pane.width && height <= this.#pane.height;
  }

  set pane(pane: Size) {
    this.#pane = pane;
    this.#arrange();
  }

  /** Shows another chart. The same one with other states collapsed keeps its scale. */
  show(chart: Size, isSame: boolean): void {
    this.#chart = chart;
    if (!isSame) {
      this.#mode = 'readable';
      this.hasMoved = false;
      this.#position = [0, 0];
    }
    this.#arrange();
  }

  /** All of the chart, however small its texts get. */
  fit(): void {
    this.#mode = 'fit';
    this.hasMoved = false;
    this.#arrange();
  }

  /** @param at - The point of the pane that stays where it is; by default the middle. */
  zoom(factor: number, at: Point = [this.#pane.width / 2, this.#pane.height / 2]): void {
    const before = this.#scale;
    this.#mode = 'user';
    this.#scale = Math.min(SCALES.max, Math.max(SCALES.min, before * factor));
    const change = this.#scale / before;
    const [x, y] = this.#position;
    this.#move([at[0] - (at[0] - x) * change, at[1] - (at[1] - y) * change]);
  }

  pan(dx: number, dy: number): void {
    const [x, y] = this.#position;
    this.hasMoved = true;
    this.#move([x + dx, y + dy]);
  }

  /** Moves a part of the chart into view, unless it is there. Returns whether it had to be moved. */
  reveal({ x, y, width, height }: Box): boolean {
    const [left, top] = [x * this.#scale + this.#position[0], y * this.#scale + this.#position[1]];
    const [wide, high] = [width * this.#scale, height * this.#scale];
    const isIn = (start: number, size: number, room: number): boolean =>
      size > room ? start <= 0 && start + size >= room : start >= 0 && start + size <= room;
    if (isIn(left, wide, this.#pane.width) && isIn(top, high, this.#pane.height)) return false;
    this.#move([
      this.#pane.width / 2 - (x + width / 2) * this.#scale,
      this.#pane.height / 2 - (y + height / 2) * this.#scale,
    ]);
    return true;
  }

  /** Whether a part of the chart is in the right half of the pane. */
  isRight({ x, width }: Box): boolean {
    return (x + width / 2) * this.#scale + this.#position[0] > this.#pane.width / 2;
  }

  /** The scale at which all of the chart fits into the pane. */
  #fittingScale(): number {
    const { width, height } = this.#chart;
    const scale = Math.min(
      (this.#pane.width - 2 * MARGIN) / Math.max(1, width),
      (this.#pane.height - 2 * MARGIN) / Math.max(1, height),
    );
    return Math.min(MAX_FITTED_SCALE, Math.max(SCALES.min, scale));
  }

  #arrange(): void {
    if (this.#mode === 'fit') this.#scale = this.#fittingScale();
    else if (this.#mode === 'readable')
      this.#scale = Math.max(READABLE_SCALE, this.#fittingScale());
    this.#move(this.#position);
  }

  /** What fits into the pane is in its middle, unless the user has moved it. */
  #move([x, y]: Point): void {
    const { width, height } = this.size;
    const along = (at: number, size: number, room: number): number => {
      if (size <= room && !this.hasMoved) return (room - size) / 2;
      if (!this.hasMoved) return Math.min(MARGIN, Math.max(room - size - MARGIN, at));
      return Math.min(room - KEPT, Math.max(KEPT - size, at));
    };
    this.#position = [
      Math.round(along(x, width, this.#pane.width)),
      Math.round(along(y, height, this.#pane.height)),
    ];
  }
}
