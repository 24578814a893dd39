/** Whether figures stayed flat: the last quarter of a phase beside its second quarter. */

import type { Sample } from './sample.ts';

/** A sample, who took it, and what was done by then. */
export interface Reading {
  readonly done: number;
  /** `peer`: the process at the other end. */
  readonly of: 'here' | 'peer';
  readonly sample: Sample;
}

/** How much a figure may be above what it was: by a number, or by a part of it, whichever is more. */
const BOUNDS: Readonly<Record<keyof Sample, { readonly by: number; readonly part: number }>> = {
  heap: { by: 2 * 1024 * 1024, part: 0.05 },
  rss: { by: 64 * 1024 * 1024, part: 0.25 },
  fds: { by: 2, part: 0 },
  timers: { by: 2, part: 0 },
  sockets: { by: 2, part: 0 },
  listeners: { by: 0, part: 0 },
};

const FIGURES = Object.keys(BOUNDS) as (keyof Sample)[];

/** The fewest samples that tell anything. */
const FEWEST = 4;

/** What grew, in words; `undefined` when there are too few samples to tell. */
export function growthOf(readings: readonly Reading[]): readonly string[] | undefined {
  const grown: string[] = [];
  for (const of of ['here', 'peer'] as const) {
    const samples = readings.filter((reading) => reading.of === of).map(({ sample }) => sample);
    if (samples.length === 0 && of === 'peer') continue;
    if (samples.length < FEWEST) return undefined;
    for (const figure of FIGURES) {
      const growth = growthOfOne(samples, figure);
      if (growth !== undefined) grown.push(`${growth}${of === 'peer' ? ' in the peer' : ''}`);
    }
  }
  return grown;
}

function growthOfOne(samples: readonly Sample[], figure: keyof Sample): string | undefined {
  const quarter = samples.length / 4;
  const valuesOf = (from: number, to: number) =>
    samples.slice(Math.floor(from), Math.ceil(to)).map((sample) => sample[figure] ?? 0);
  const before = median(valuesOf(quarter, 2 * quarter));
  const after = median(valuesOf(3 * quarter, samples.length));
  const { by, part } = BOUNDS[figure];
  if (after - before <= Math.max(by, before * part)) return undefined;
  return `${figure} grew from ${String(before)} to ${String(after)}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const HEAD = ['done', 'of', 'heap MB', 'rss MB', 'fds', 'timers', 'sockets', 'listeners'];

/** A line of the table; without a reading, its head. */
export function lineOf(reading?: Reading): string {
  const cells = reading === undefined ? HEAD : cellsOf(reading);
  return cells.map((cell, at) => cell.padStart(at === 0 ? 12 : 10)).join('');
}

function cellsOf({ done, of, sample }: Reading): string[] {
  const { heap, rss, fds, timers, sockets, listeners } = sample;
  const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  const counts = [timers, sockets, listeners].map(String);
  return [done.toLocaleString('en-US'), of, mb(heap), mb(rss), String(fds ?? '–'), ...counts];
}
