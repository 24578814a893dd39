/** Makes tables of figures, and prints them. */

import { median, quantile, type Series } from './measure.ts';

/** The names of the variants that the others are compared with. */
export const HAND = 'hand';
export const RPC = 'vscode-jsonrpc';

/** The figures of one variant. */
export interface Row {
  readonly variant: string;
  readonly median: number;
  readonly quartiles: readonly [number, number];
  /** The median of the ratios within each round; absent if that variant does not take part. */
  readonly toHand?: number;
  readonly toRpc?: number;
  /** The same, to the base that the comparison names. */
  readonly toBase?: number;
  readonly values: readonly number[];
}

/** One figure of each variant. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
}

/** Makes the table of the figure at `index`; `base` names another variant to compare with. */
export function tableOf(
  title: string,
  unit: string,
  series: readonly Series[],
  index = 0,
  base?: string,
): Table {
  const valuesOf = (name: string) => series.find((one) => one.name === name)?.rounds.map(pick);
  const pick = (figures: readonly number[]): number => figures[index] ?? NaN;
  const hand = valuesOf(HAND);
  const rpc = valuesOf(RPC);
  const baseValues = base === undefined ? undefined : valuesOf(base);
  const rows = series.map(({ name, rounds }): Row => {
    const values = rounds.map(pick);
    return {
      variant: name,
      median: median(values),
      quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
      ...(hand && { toHand: ratio(values, hand) }),
      ...(rpc && { toRpc: ratio(values, rpc) }),
      ...(baseValues && { toBase: ratio(values, baseValues) }),
      values,
    };
  });
  return { title, unit, rows };
}

/** Returns a table as text. */
export function textOf({ title, unit, rows }: Table): string {
  const hasBase = rows.some(({ toBase }) => toBase !== undefined);
  const hasHand = rows.some(({ toHand }) => toHand !== undefined);
  const ratios = hasBase ? ['/ base', ...(hasHand ? ['/ hand'] : [])] : ['/ hand', '/ vscode'];
  const header = ['variant', 'median', 'IQR', ...ratios];
  const body = rows.map((row) => [
    row.variant,
    number(row.median),
    `${number(row.quartiles[0])} – ${number(row.quartiles[1])}`,
    ...(hasBase ? [times(row.toBase)] : []),
    ...(hasHand || !hasBase ? [percent(row.toHand)] : []),
    ...(hasBase ? [] : [times(row.toRpc)]),
  ]);
  const widths = header.map((_, at) =>
    Math.max(...[header, ...body].map((cells) => cells[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join('  ');
  return [`${title} [${unit}]`, ...[header, ...body].map((cells) => `  ${line(cells)}`)].join('\n');
}

const percent = (ratio: number | undefined): string =>
  ratio === undefined ? '–' : `${(ratio * 100).toFixed(0)} %`;
const times = (ratio: number | undefined): string =>
  ratio === undefined ? '–' : `${ratio.toFixed(2)}×`;

const pad = (cell: string, width: number, at: number): string =>
  at === 0 ? cell.padEnd(width) : cell.padStart(width);

function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Compares round by round, because load on the machine in a round affects all variants alike. */
function ratio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, at) => value / (base[at] ?? NaN)));
}
