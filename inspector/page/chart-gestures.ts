/** Moves and scales a chart with a mouse, a pen, fingers and keys. */

import type { ChartViewport } from './chart-viewport.ts';

/** A pointer that has moved less than this is a click. */
const DRAG_PX = 4;
const KEY_PX = 60;
export const ZOOM_STEP = 1.25;

type Point = readonly [x: number, y: number];

/** What the gestures change. */
export interface GestureTargets {
  readonly viewport: ChartViewport;
  /** Called after each change. */
  readonly onChange: () => void;
}

/** Listens to an element, whose content is the chart. */
export class ChartGestures {
  readonly #root: HTMLElement;
  readonly #targets: GestureTargets;
  /** The pressed pointers with their positions. */
  readonly #pointers = new Map<number, Point>();
  #isDragging = false;

  constructor(root: HTMLElement, targets: GestureTargets) {
    this.#root = root;
    this.#targets = targets;
    root.addEventListener('pointerdown', (event) => {
      this.#press(event);
    });
    root.addEventListener('pointermove', (event) => {
      this.#drag(event);
    });
    for (const type of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
      root.addEventListener(type, ({ pointerId }) => {
        this.#pointers.delete(pointerId);
        if (this.#pointers.size === 0) root.removeAttribute('data-dragging');
      });
    }
    // The end of a drag is not a click on what is under the pointer.
    root.addEventListener(
      'click',
      (event) => {
        if (this.#isDragging) event.stopPropagation();
        this.#isDragging = false;
      },
      { capture: true },
    );
    root.addEventListener('wheel', (event) => {
      this.#turn(event);
    });
  }

  /** Handles a key that no state in the chart needs. Returns whether it was one. */
  press(key: string): boolean {
    const { viewport, onChange } = this.#targets;
    const keys: Readonly<Record<string, () => void>> = {
      '+': () => {
        viewport.zoom(ZOOM_STEP);
      },
      '=': () => {
        viewport.zoom(ZOOM_STEP);
      },
      '-': () => {
        viewport.zoom(1 / ZOOM_STEP);
      },
      0: () => {
        viewport.fit();
      },
      ArrowLeft: () => {
        viewport.pan(KEY_PX, 0);
      },
      ArrowRight: () => {
        viewport.pan(-KEY_PX, 0);
      },
      ArrowUp: () => {
        viewport.pan(0, KEY_PX);
      },
      ArrowDown: () => {
        viewport.pan(0, -KEY_PX);
      },
    };
    if (!Object.hasOwn(keys, key)) return false;
    keys[key]?.();
    onChange();
    return true;
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.#pointers.size === 0) this.#isDragging = false;
    this.#pointers.set(event.pointerId, [event.clientX, event.clientY]);
  }

  #drag(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return;
    const now: Point = [event.clientX, event.clientY];
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    if (!this.#isDragging) {
      if (Math.hypot(dx, dy) < DRAG_PX) return;
      this.#isDragging = true;
      this.#root.setPointerCapture(event.pointerId);
      this.#root.setAttribute('data-dragging', '');
    }
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    const { viewport, onChange } = this.#targets;
    if (other === undefined) viewport.pan(dx, dy);
    else this.#pinch(before, now, other);
    onChange();
  }

  #pinch(before: Point, now: Point, other: Point): void {
    const { viewport } = this.#targets;
    const distance = ([x, y]: Point): number => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    viewport.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    const middle: Point = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    viewport.zoom(distance(now) / distance(before), this.#inPane(middle));
  }

  /** Pinching on a touchpad arrives as a wheel with Ctrl. */
  #turn(event: WheelEvent): void {
    event.preventDefault();
    const { viewport, onChange } = this.#targets;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.min(ZOOM_STEP, Math.max(1 / ZOOM_STEP, Math.exp(-dy / 200)));
      viewport.zoom(factor, this.#inPane([event.clientX, event.clientY]));
    } else if (event.shiftKey && dx === 0) viewport.pan(-dy, 0);
    else viewport.pan(-dx, -dy);
    onChange();
  }

  #inPane([x, y]: Point): Point {
    const { left, top } = this.#root.getBoundingClientRect();
    return [x - left, y - top];
  }
}
