/**
 * Measures what an input costs: CPU time per byte, which must neither be too much nor grow with the
 * size of the input. An input is a pattern, which is measured in several sizes, because the time of a
 * small input says nothing.
 */

import { type Pattern, render } from './pattern.ts';

/** What may be spent on an input. */
export interface Budget {
  /** Processes an input, without comparing anything. */
  readonly run: (input: Buffer) => unknown;
  /** The most CPU time per byte, in nanoseconds. */
  readonly maxNanoseconds: number;
  /** The size of the largest input that is measured, in bytes. Default: 256 KiB. */
  readonly maxSize?: number | undefined;
  /** A run that takes less is not judged: what it takes to begin with. Default: 3 ms, which is noise. */
  readonly minRunMs?: number | undefined;
}

/** What was measured. */
export interface Cost {
  /** The size of the input, in bytes. */
  readonly size: number;
  /** CPU time per byte, in nanoseconds. */
  readonly nanoseconds: number;
  /** How many times as much a byte cost as in an input of `BASE_BYTES`. */
  readonly growth: number;
  /** How many times as much it cost as in an input of a quarter of the size, for the last two sizes. */
  readonly steps: readonly [number, number];
}

/** An input that costs too much. */
export class Excess extends Error {
  override readonly name = 'Excess';

  constructor({ size, nanoseconds, growth }: Cost, { maxNanoseconds }: Budget) {
    super(
      `An input of ${String(size)} bytes took ${nanoseconds.toFixed(0)} ns of CPU per byte, ` +
        `${growth.toFixed(1)} times as much per byte as one of ${String(BASE_BYTES)} bytes; allowed ` +
        `are ${String(maxNanoseconds)} ns per byte, and ${String(MAX_GROWTH)} times as much`,
    );
  }
}

/** The cost per byte in an input of this size is what larger ones are compared with. */
const BASE_BYTES = 4096;
const DEFAULT_MAX_BYTES = 256 * 1024;
/** An input whose cost per byte seems to grow is measured again up to a size that is this much larger. */
const ENLARGEMENT = 16;
/**
 * More than this is a cost that is not linear: caches and garbage collection explain half of it. A cost
 * that is linear behind a cheap beginning grows too, but not at each step.
 */
const MAX_GROWTH = 4;
const SUSPICIOUS_GROWTH = 2;
const MAX_STEP = 1.2;
/** Growth counts only above this part of what may be spent. */
const GROWTH_FLOOR = 1 / 10;
const DEFAULT_MIN_RUN_MS = 3;
/** A cost is measured so often before it is believed. */
const CONFIRMATIONS = 5;

/** The CPU time of this thread, where Node can tell (since 23.9), or else of this process. */
const usage: () => NodeJS.CpuUsage =
  (Reflect.get(process, 'threadCpuUsage') as (() => NodeJS.CpuUsage) | undefined)?.bind(process) ??
  (() => process.cpuUsage());

const nanosecondsNow = (): number => {
  const { user, system } = usage();
  return (user + system) * 1000;
};

/** The CPU time per byte of one size, in nanoseconds: the least of several measurements. */
async function measure({ run }: Budget, input: Buffer, times: number): Promise<number> {
  let least = Infinity;
  for (let left = times; left > 0; left -= 1) {
    const copy = Buffer.from(input);
    const started = nanosecondsNow();
    await run(copy);
    least = Math.min(least, nanosecondsNow() - started);
  }
  return least / input.length;
}

/**
 * Measures a pattern in growing sizes, up to the first one that costs more than it may.
 *
 * @param times - How often each size is measured. The least counts.
 */
export async function costOf(budget: Budget, pattern: Pattern, times = 1, by = 1): Promise<Cost> {
  const { maxSize = DEFAULT_MAX_BYTES } = budget;
  let cost: Cost = { size: 0, nanoseconds: 0, growth: 0, steps: [0, 0] };
  let base = Infinity;
  // From the smallest, because the largest might take minutes.
  for (let size = 256; size <= maxSize * by; size *= 4) {
    const input = render(pattern, size);
    const nanoseconds = await measure(budget, input, size === BASE_BYTES ? times + 2 : times);
    if (size === BASE_BYTES) base = nanoseconds;
    const steps = [cost.steps[1], nanoseconds / cost.nanoseconds] as const;
    cost = { size: input.length, nanoseconds, growth: nanoseconds / base, steps };
    if (isTooMuch(cost, budget)) break;
  }
  return cost;
}

function isTooMuch({ size, nanoseconds }: Cost, budget: Budget): boolean {
  const { maxNanoseconds, minRunMs = DEFAULT_MIN_RUN_MS } = budget;
  return nanoseconds > maxNanoseconds && size * nanoseconds > minRunMs * 1_000_000;
}

function isGrowing({ nanoseconds, growth, steps }: Cost, budget: Budget, most: number): boolean {
  if (nanoseconds < budget.maxNanoseconds * GROWTH_FLOOR) return false;
  return growth > most && steps.every((step) => step > MAX_STEP);
}

const isExcess = (cost: Cost, budget: Budget): boolean =>
  isTooMuch(cost, budget) || isGrowing(cost, budget, MAX_GROWTH);

/** Returns the error of a pattern that costs too much, each time that it is measured. */
export async function excessOf(
  budget: Budget,
  pattern: Pattern,
  known?: Cost,
): Promise<Excess | undefined> {
  let cost = known ?? (await costOf(budget, pattern));
  for (let times = 1; times <= CONFIRMATIONS; times += 2) {
    if (!isTooMuch(cost, budget) && !isGrowing(cost, budget, SUSPICIOUS_GROWTH)) return undefined;
    cost = await costOf(budget, pattern, times);
  }
  if (!isTooMuch(cost, budget)) cost = await costOf(budget, pattern, CONFIRMATIONS, ENLARGEMENT);
  return isExcess(cost, budget) ? new Excess(cost, budget) : undefined;
}

/** Whether a pattern probably costs too much: faster, and less sure. */
export const seemsExcessive = async (budget: Budget, pattern: Pattern): Promise<boolean> =>
  isExcess(await costOf(budget, pattern, 2, ENLARGEMENT / 4), budget);
