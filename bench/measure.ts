/** Runs variants alternately, and computes statistics. */

/** One run of one variant: its duration and its figures. */
export interface Run {
  readonly ms: number;
  readonly figures: readonly number[];
}

/** One of the implementations that a comparison compares. */
export interface Variant {
  readonly name: string;
  /** The amount of work in the first warm-up. */
  readonly count: number;
  /** Whether all runs do this amount, instead of the amount that takes `targetMs`. */
  readonly fixed?: boolean;
  run(count: number): Promise<Run>;
}

/** The number of runs and their duration. */
export interface Plan {
  readonly rounds: number;
  readonly warmups: number;
  /** The intended duration of a run. */
  readonly targetMs: number;
}

/** The figures of a variant. */
export interface Series {
  readonly name: string;
  /** The figures of each round. */
  readonly rounds: readonly (readonly number[])[];
}

const DEADLINE_MS = 60_000;

/**
 * Runs the variants in turn, A B C A B C …, so that other load on the machine affects all alike.
 * The warm-ups let V8 compile the code, and find the amount of work that takes `targetMs`.
 */
export async function alternate(variants: readonly Variant[], plan: Plan): Promise<Series[]> {
  const counts = variants.map((variant) => variant.count);
  const rounds: number[][][] = variants.map(() => []);
  for (let round = -plan.warmups; round < plan.rounds; round += 1) {
    for (const [at, variant] of variants.entries()) {
      const count = counts[at] ?? variant.count;
      // Not a full collection, which would also discard compiled code, most of all of large variants.
      globalThis.gc?.({ type: 'minor' });
      const { ms, figures } = await within(DEADLINE_MS, variant.run(count), variant.name);
      if (round >= 0) rounds[at]?.push([...figures]);
      else if (variant.fixed !== true) counts[at] = fitCount(count, ms, plan.targetMs);
    }
  }
  return variants.map(({ name }, at) => ({ name, rounds: rounds[at] ?? [] }));
}

/** Times `work`, which does `count` units. The figure is units per second. */
export async function rate(count: number, work: () => Promise<void>): Promise<Run> {
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  return { ms, figures: [(count / ms) * 1000] };
}

/** Adds a figure to those of a run: the CPU time of this process in µs for each of `count` units. */
export async function withCpuTime(count: number, run: () => Promise<Run>): Promise<Run> {
  const before = process.cpuUsage();
  const { ms, figures } = await run();
  const { user, system } = process.cpuUsage(before);
  return { ms, figures: [...figures, (user + system) / count] };
}

/** The value below which this share of the values lies, interpolated. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Returns a function `tick`, and a promise that resolves when `tick` has been called `count` times. */
export function countdown(count: number): {
  readonly done: Promise<void>;
  readonly tick: () => void;
} {
  let left = count;
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const tick = (): void => {
    left -= 1;
    if (left === 0) finish();
  };
  return { done, tick };
}

/** Rejects when the promise does not settle within `ms`. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} did not finish within ${String(ms)} ms`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function fitCount(count: number, ms: number, targetMs: number): number {
  const scale = Math.min(20, targetMs / Math.max(ms, 0.1));
  return Math.max(1, Math.round(count * scale));
}
