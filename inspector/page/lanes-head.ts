/** The names of the lanes, which stay above the diagram. */

import { html } from './dom.ts';
import { duration } from './format.ts';
import { LANE_WIDTH, laneX, widthOf } from './lanes-drawing.ts';
import type { LanesDiagram } from './lanes-model.ts';

/** Draws the names, and the states at the top of what is visible. */
export class LanesHead {
  readonly element = html('div', { class: 'lanes-head', 'aria-hidden': 'true' });
  #drawn = '';

  /** @param scrollTop - Where the visible part begins, in pixels of the diagram. */
  draw(diagram: LanesDiagram, scrollTop: number, selected: string | undefined): void {
    const states = statesAt(diagram, scrollTop + 20);
    const texts = diagram.lanes.map(({ id, name }, lane) => [id, name, states.get(lane) ?? '']);
    const key = JSON.stringify([selected, texts]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const cells = diagram.lanes.map(({ id, name }, lane) => {
      const cell = html(
        'div',
        { class: id === selected ? 'lane selected' : 'lane', title: name },
        html('strong', {}, name),
        html('span', {}, states.get(lane) ?? ''),
      );
      cell.style.left = `${String(laneX(lane) - LANE_WIDTH / 2)}px`;
      return cell;
    });
    this.element.style.width = `${String(widthOf(diagram))}px`;
    this.element.replaceChildren(...cells);
  }
}

/** The state of each lane at a height, and how long it lasted. */
function statesAt({ blocks }: LanesDiagram, y: number): ReadonlyMap<number, string> {
  const states = new Map<number, string>();
  for (const block of blocks) {
    if (block.y > y) break;
    if (block.end !== undefined && block.end < y) continue;
    const lasted = block.ms === undefined ? '' : ` ${duration(block.ms)}`;
    states.set(block.lane, `${block.text}${lasted}`);
  }
  return states;
}
