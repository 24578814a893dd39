/** The sizes of the panes beside and below the chart. They need no page. */

/** Where a pane is, seen from the chart. */
export const SIDES = ['left', 'right', 'bottom'] as const;
export type Side = (typeof SIDES)[number];

/** The sizes that the user has chosen, in pixels. The others depend on the window. */
export type PaneSizes = Readonly<Partial<Record<Side, number | undefined>>>;

/** The window, in pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** In pixels. */
const MIN: Readonly<Record<Side, number>> = { left: 150, right: 190, bottom: 100 };
/** By default, a part of the window between two sizes. */
const DEFAULT: Readonly<Record<Side, readonly [part: number, from: number, to: number]>> = {
  left: [0.17, 190, 300],
  right: [0.25, 240, 420],
  bottom: [0.36, 160, 380],
};
/** The chart is never smaller. */
const MIN_CHART = { width: 240, height: 140 };
/** No window is as large. */
const MAX = 20_000;

/** The size of each pane, so that the chart keeps its place. */
export function fittingSizes(chosen: PaneSizes, { width, height }: Extent): Record<Side, number> {
  const left = sizeOf('left', chosen, width, width - MIN_CHART.width - MIN.right);
  const right = sizeOf('right', chosen, width, width - MIN_CHART.width - left);
  const bottom = sizeOf('bottom', chosen, height, height - MIN_CHART.height);
  return { left, right, bottom };
}

function sizeOf(side: Side, chosen: PaneSizes, extent: number, most: number): number {
  const [part, from, to] = DEFAULT[side];
  const wanted = chosen[side] ?? between(from, extent * part, to);
  return Math.round(between(MIN[side], wanted, Math.max(MIN[side], most)));
}

/** The smallest and the largest size of a pane, for its splitter. */
export function rangeOf(
  side: Side,
  chosen: PaneSizes,
  extent: Extent,
): [least: number, most: number] {
  const at = (size: number) => fittingSizes({ ...chosen, [side]: size }, extent)[side];
  return [at(0), at(MAX)];
}

/** The sizes in a stored text. What is no size is left out. */
export function readSizes(text: string | undefined): PaneSizes {
  const stored = parsed(text);
  const sizes: Partial<Record<Side, number>> = {};
  for (const side of SIDES) {
    const size = stored[side];
    if (typeof size === 'number' && size >= 0 && size <= MAX) sizes[side] = size;
  }
  return sizes;
}

/** The panes that a stored text says are closed. */
export function readClosed(text: string | undefined): Set<Side> {
  const names = (text ?? '').split(' ');
  return new Set(SIDES.filter((side) => names.includes(side)));
}

function parsed(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const between = (least: number, value: number, most: number): number =>
  Math.min(most, Math.max(least, value));
