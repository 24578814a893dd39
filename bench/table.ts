/** Figures as tables: for people, and as JSON. */

import { median, quantile, type Series } from './measure.ts';

/** The names of the variants that others are compared with. */
export const HAND = 'hand';
export const RPC = 'vscode-jsonrpc';

/** One variant's figures. */
export interface Row {
  readonly variant: string;
  readonly median: number;
  readonly quartiles: readonly [number, number];
  /** The median of the ratios of each round; absent where there is nothing to compare with. */
  readonly toHand?: number;
  readonly toRpc?: number;
  /** To the variant that the comparison names, where it names one. */
  readonly toBase?: number;
  readonly values: readonly number[];
}

/** One figure of all variants. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
}

/** The table of the figure at an index; `base` is the variant to compare with, instead of the usual two. */
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
  const named = base === undefined ? undefined : valuesOf(base);
  const rows = series.map(({ name, rounds }): Row => {
    const values = rounds.map(pick);
    return {
      variant: name,
      median: median(values),
      quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
      ...(hand && { toHand: ratio(values, hand) }),
      ...(rpc && { toRpc: ratio(values, rpc) }),
      ...(named && { toBase: ratio(values, named) }),
      values,
    };
  });
  return { title, unit, rows };
}

/** A table as text. */
export function textOf({ title, unit, rows }: Table): string {
  const hasBase = rows.some(({ toBase }) => toBase !== undefined);
  const ratios = hasBase ? ['/ base'] : ['/ hand', '/ vscode'];
  const head = ['variant', 'median', 'IQR', ...ratios];
  const body = rows.map((row) => [
    row.variant,
    number(row.median),
    `${number(row.quartiles[0])} – ${number(row.quartiles[1])}`,
    ...(hasBase ? [times(row.toBase)] : [percent(row.toHand), times(row.toRpc)]),
  ]);
  const widths = head.map((_, at) =>
    Math.max(...[head, ...body].map((cells) => cells[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join('  ');
  return [`${title} [${unit}]`, ...[head, ...body].map((cells) => `  ${line(cells)}`)].join('\n');
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

/** Round by round, because what disturbs the machine in a round disturbs all variants of it. */
function ratio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, at) => value / (base[at] ?? NaN)));
}
