/** Draws the visible part of a sequence diagram as SVG. */

import { svg } from './dom.ts';
import { clockTime, countdown, duration, oneLine } from './format.ts';
import type { Block, DeadlineBar, LaneItem, LanesDiagram } from './lanes-model.ts';

/** In pixels. */
export const LANE_WIDTH = 190;
/** Left of the lanes is the time, and right of them the peer of the messages. */
const TIME_WIDTH = 130;
const PEER_WIDTH = 150;
const BAR = 5;
/** An arrow from nowhere: its sender has no lane. */
const STUB = 70;
/** Longer texts would cover the next lanes. */
const MAX_TEXT = 24;
/** Left of the first lane are the times. */
const MAX_FIRST_TEXT = 14;
const MAX_MESSAGE = 48;

/** What is drawn. */
export interface LanesView {
  readonly diagram: LanesDiagram;
  /** The visible part, in pixels of the diagram. */
  readonly top: number;
  readonly bottom: number;
  /** The number of the pinned entry. */
  readonly cursor: number | undefined;
  /** The time at which running deadlines are shown. */
  readonly now: number;
  /** An entry in words. */
  readonly words: (item: LaneItem) => string;
}

/** The middle of a lane. */
export const laneX = (lane: number): number => TIME_WIDTH + (lane + 0.5) * LANE_WIDTH;

export const widthOf = ({ lanes }: LanesDiagram): number =>
  TIME_WIDTH + lanes.length * LANE_WIDTH + PEER_WIDTH;

const peerX = ({ lanes }: LanesDiagram): number =>
  TIME_WIDTH + lanes.length * LANE_WIDTH + PEER_WIDTH / 2;

/** The id of the element of an entry, for `aria-activedescendant`. */
export const itemId = (seq: number): string => `lane-item-${String(seq)}`;

/** The entries in the visible part. */
export const visibleItems = ({ diagram, top, bottom }: LanesView): readonly LaneItem[] =>
  diagram.items.slice(diagram.indexAt(top - 20), diagram.indexAt(bottom + 20));

/** What is behind the entries of the visible part. Heights are those of the diagram. */
export function drawBack(view: LanesView, items: readonly LaneItem[]): SVGElement[] {
  const { diagram, top, bottom, cursor } = view;
  const last = diagram.items.at(-1)?.y ?? 0;
  const isVisible = ({ y, end }: Block | DeadlineBar) => y <= bottom && (end ?? last + 20) >= top;
  return [
    ...axes(view, items),
    ...diagram.blocks.filter(isVisible).map((block) => drawBlock(block, view)),
    ...diagram.deadlines.filter(isVisible).flatMap((bar) => drawDeadline(bar, view)),
    ...pinnedLine(diagram, cursor),
  ];
}

/** The lines of the lanes, and that of the peer if it has messages. */
function axes({ diagram, top, bottom }: LanesView, items: readonly LaneItem[]): SVGElement[] {
  const line = (x: number, kind: string) =>
    svg('line', { class: kind, x1: x, x2: x, y1: top, y2: bottom });
  const hasPeer = items.some(({ entry }) => entry.kind === 'message');
  return [
    ...diagram.lanes.map((_, lane) => line(laneX(lane), 'axis')),
    ...(hasPeer ? [line(peerX(diagram), 'axis peer')] : []),
  ];
}

function drawBlock({ lane, y, end, isFailure }: Block, { diagram, bottom }: LanesView): SVGElement {
  const last = end ?? Math.min(bottom, diagram.height);
  const kind = isFailure ? 'block failure' : 'block';
  const height = Math.max(2, last - y - 1);
  return svg('rect', { class: kind, x: laneX(lane) - BAR, y, width: 2 * BAR, height, rx: 2 });
}

/** Its name where it begins, and what was left where it ends. That it has passed is an event of its own. */
function drawDeadline(bar: DeadlineBar, { diagram, bottom, now }: LanesView): SVGElement[] {
  const { lane, y, end, text: name, deadline, outcome, left } = bar;
  const x = laneX(lane) - 2 * BAR - 4;
  const last = Math.max(y + 2, (end ?? Math.min(bottom, diagram.height)) - 1);
  const remaining = outcome === 'running' ? deadline.startedAt + deadline.ms - now : left;
  const said = `${outcome === 'running' ? '' : 'cancelled, '}${countdown(remaining)} left`;
  const shown = outcome === 'running' ? said : `✕ ${countdown(remaining)} left`;
  const most = lane === 0 ? MAX_FIRST_TEXT : MAX_TEXT;
  const isShort = last - y < 28;
  return [
    svg('line', { class: `deadline ${outcome}`, x1: x, x2: x, y1: y, y2: last }),
    text('deadline', x - 5, y + 9, `◷ ${cut(name.replace(/^after /, ''), most)}`, name, 'end'),
    ...(outcome === 'passed' || isShort
      ? []
      : [text('deadline', x - 5, last - 5, shown, said, 'end')]),
  ];
}

function pinnedLine(diagram: LanesDiagram, cursor: number | undefined): SVGElement[] {
  const item = cursor === undefined ? undefined : diagram.items[diagram.indexOf(cursor)];
  if (item === undefined) return [];
  const x2 = widthOf(diagram);
  return [svg('line', { class: 'pinned', x1: TIME_WIDTH - 34, x2, y1: item.y, y2: item.y })];
}

/** An entry with its arrow, state or note. */
export function drawItem(item: LaneItem, { diagram, words }: LanesView): SVGElement {
  const { entry, y, gap, isFailure } = item;
  const kind = `item ${entry.kind}${isFailure ? ' failure' : ''}`;
  return svg(
    'g',
    {
      ...{ id: itemId(entry.seq), role: 'option', class: kind, 'data-seq': entry.seq },
      'aria-label': words(item),
    },
    svg('rect', { class: 'row-ground', x: 0, y: y - 10, width: widthOf(diagram), height: 20 }),
    ...(gap === undefined ? [] : [text('gap', 8, y - 26, `⋮ ${duration(gap)}`)]),
    text('time', 8, y + 4, clockTime(entry.at)),
    ...shapeOf(item, diagram),
  );
}

function shapeOf(item: LaneItem, diagram: LanesDiagram): SVGElement[] {
  const { entry, y, lane } = item;
  const x = laneX(lane);
  switch (entry.kind) {
    case 'event':
      return eventShape(item, x);
    case 'message':
      return messageShape(item, x, peerX(diagram));
    case 'state':
      return stateShape(item, x);
    default:
      return [
        svg('circle', { class: 'dot', cx: x, cy: y, r: 4 }),
        text('note', x + BAR + 6, y + 4, cut(noteOf(item), MAX_TEXT), noteOf(item)),
      ];
  }
}

const noteOf = ({ text: said, block }: LaneItem): string =>
  block === undefined ? said : `${said}: ${block.text}`;

/** The name of a state, and how long it lasted. */
function stateShape({ y, block, text: name }: LaneItem, x: number): SVGElement[] {
  const lasted = block?.ms === undefined ? '' : duration(block.ms);
  const whole = lasted === '' ? name : `${name}, for ${lasted}`;
  const label = text('state-name', x + BAR + 6, y + 4, cutPath(name, MAX_TEXT - 8), whole);
  // A space, not a gap: the middle of the text takes the pointer, too.
  if (lasted !== '') label.append(svg('tspan', { class: 'lasted' }, `\u00a0${lasted}`));
  return [svg('line', { class: 'tick', x1: x - BAR - 2, x2: x + BAR + 2, y1: y, y2: y }), label];
}

/** An arrow from the sender, or from nowhere when it has no lane; one that an actor sends itself comes back. */
function eventShape({ y, lane, from, text: name }: LaneItem, x: number): SVGElement[] {
  const label = cut(name, MAX_TEXT);
  if (from === undefined) {
    const start = x - STUB - BAR;
    return [arrow(start, x - BAR, y), text('event-name', x - BAR - 12, y - 4, label, name, 'end')];
  }
  if (from === lane) {
    const right = x + BAR + 24;
    const d = `M${String(x + BAR)} ${String(y - 6)}H${String(right)}V${String(y + 3)}H${String(x + BAR + 1)}`;
    const loop = svg('path', { class: 'arrow', d, 'marker-end': 'url(#lane-arrow)' });
    return [loop, text('event-name', right + 5, y + 4, label, name)];
  }
  const isRight = from < lane;
  const [start, end] = isRight ? [laneX(from) + BAR, x - BAR] : [laneX(from) - BAR, x + BAR];
  // The name is beside the receiver: a long arrow may cross other lanes.
  const at = isRight ? end - 12 : end + 12;
  return [
    arrow(start, end, y),
    text('event-name', at, y - 4, label, name, isRight ? 'end' : 'start'),
  ];
}

function messageShape({ entry, y, text: whole }: LaneItem, x: number, peer: number): SVGElement[] {
  const isIn = entry.kind === 'message' && entry.direction === 'in';
  const label = cut(oneLine(whole), MAX_MESSAGE);
  return [
    isIn ? arrow(peer, x + BAR, y) : arrow(x + BAR, peer, y),
    text('message-text', x + BAR + 14, y - 4, label, oneLine(whole)),
  ];
}

const arrow = (from: number, to: number, y: number): SVGElement =>
  svg('line', { class: 'arrow', x1: from, x2: to, y1: y, y2: y, 'marker-end': 'url(#lane-arrow)' });

/** A text; `whole` is shown when the pointer is over it, if it was cut. */
function text(
  kind: string,
  x: number,
  y: number,
  shown: string,
  whole = shown,
  anchor = 'start',
): SVGElement {
  const title = whole === shown ? undefined : svg('title', {}, whole);
  return svg('text', { class: kind, x, y, 'text-anchor': anchor }, title, shown);
}

/** The end of the name of a state says more than its beginning. */
function cutPath(path: string, max: number): string {
  if (path.length <= max || path.includes(' | ')) return cut(path, max);
  const rest = path.slice(path.lastIndexOf('.') + 1);
  return rest === path ? cut(path, max) : `….${cut(rest, max - 2)}`;
}

const cut = (whole: string, max: number): string =>
  whole.length > max ? `${whole.slice(0, max - 1)}…` : whole;
