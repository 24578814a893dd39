/** The elements of the visible part of a sequence diagram. That of an entry stays as long as it is visible. */

import { setAttribute, svg } from './dom.ts';
import { drawBack, drawItem, type LanesView, visibleItems, widthOf } from './lanes-drawing.ts';
import type { LaneItem, LanesDiagram } from './lanes-model.ts';

interface DrawnItem {
  readonly element: SVGElement;
  /** Whether the entry's state was still lasting when it was drawn. */
  readonly isLasting: boolean;
}

/** Draws into its element. */
export class LanesPicture {
  readonly #back = svg('g', { role: 'presentation' });
  readonly #front = svg('g', { role: 'presentation' });
  readonly element = svg('svg', { role: 'presentation' }, arrowHead(), this.#back, this.#front);
  readonly #items = new Map<LaneItem, DrawnItem>();
  #diagram: LanesDiagram | undefined;

  draw(view: LanesView): void {
    const { diagram, top, bottom } = view;
    if (diagram !== this.#diagram) this.#clear();
    this.#diagram = diagram;
    const items = visibleItems(view);
    this.#back.replaceChildren(...drawBack(view, items));
    this.#drawItems(items, view);
    const [width, height] = [String(widthOf(diagram)), String(Math.max(1, bottom - top))];
    setAttribute(this.element, 'viewBox', `0 ${String(top)} ${width} ${height}`);
    setAttribute(this.element, 'width', width);
    setAttribute(this.element, 'height', height);
    this.element.style.top = `${String(top)}px`;
  }

  #clear(): void {
    this.#front.replaceChildren();
    this.#items.clear();
  }

  #drawItems(items: readonly LaneItem[], view: LanesView): void {
    const visible = new Set(items);
    for (const [item, { element }] of this.#items) {
      const isChanged = this.#items.get(item)?.isLasting !== isLasting(item);
      if (visible.has(item) && !isChanged) continue;
      element.remove();
      this.#items.delete(item);
    }
    let place = this.#front.firstElementChild;
    for (const item of items) {
      const { element } = this.#items.get(item) ?? this.#create(item, view);
      if (element === place) place = place.nextElementSibling;
      else this.#front.insertBefore(element, place);
      setAttribute(element, 'aria-selected', String(item.entry.seq === view.cursor));
    }
  }

  #create(item: LaneItem, view: LanesView): DrawnItem {
    const drawn = { element: drawItem(item, view), isLasting: isLasting(item) };
    this.#items.set(item, drawn);
    return drawn;
  }
}

const isLasting = ({ block }: LaneItem): boolean => block !== undefined && block.ms === undefined;

const arrowHead = (): SVGElement =>
  svg(
    'defs',
    {},
    svg(
      'marker',
      {
        ...{ id: 'lane-arrow', viewBox: '0 0 8 8', refX: 7.5, refY: 4 },
        ...{ markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' },
      },
      svg('path', { d: 'M0 0L8 4L0 8z' }),
    ),
  );
