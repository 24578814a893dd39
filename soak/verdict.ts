/** Decides whether the figures grew: compares the last quarter of a phase with its second quarter. */

import type { Sample } from './sample.ts';

/** A sample, with its process and the progress of the phase. */
export interface Reading {
  /** The amount of work done by then. */
  readonly done: number;
  /** `here`: the main process; `peer`: the peer process. */
  readonly of: 'here' | 'peer';
  readonly sample: Sample;
}

/** By how much a figure may grow: by a number, or by a share of its value, whichever is larger. */
const BOUNDS: Readonly<Record<keyof Sample, { readonly by: number; readonly share: number }>> = {
  heap: { by: 2 * 1024 * 1024, share: 0.05 },
  rss: { by: 64 * 1024 * 1024, share: 0.25 },
  fds: { by: 2, share: 0 },
  timers: { by: 2, share: 0 },
  sockets: { by: 2, share: 0 },
  listeners: { by: 0, share: 0 },
};

const FIGURES = Object.keys(BOUNDS) as (keyof Sample)[];

/** The fewest samples that allow a verdict. */
const MIN_SAMPLES = 4;

/** Returns the figures that grew, in words; `undefined` when there are too few samples. */
export function growthOf(readings: readonly Reading[]): readonly string[] | undefined {
  const grown: string[] = [];
  for (const of of ['here', 'peer'] as const) {
    const samples = readings.filter((reading) => reading.of === of).map(({ sample }) => sample);
    if (samples.length === 0 && of === 'peer') continue;
    if (samples.length < MIN_SAMPLES) return undefined;
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
  const { by, share } = BOUNDS[figure];
  if (after - before <= Math.max(by, before * share)) return undefined;
  return `${figure} grew from ${String(before)} to ${String(after)}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const HEADER = ['done', 'of', 'heap MB', 'rss MB', 'fds', 'timers', 'sockets', 'listeners'];

/** Returns a line of the table; without a reading, its header. */
export function lineOf(reading?: Reading): string {
  const cells = reading === undefined ? HEADER : cellsOf(reading);
  return cells.map((cell, at) => cell.padStart(at === 0 ? 12 : 10)).join('');
}

function cellsOf({ done, of, sample }: Reading): string[] {
  const { heap, rss, fds, timers, sockets, listeners } = sample;
  const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  const counts = [timers, sockets, listeners].map(String);
  return [done.toLocaleString('en-US'), of, mb(heap), mb(rss), String(fds ?? '–'), ...counts];
}
