/** Alternating runs and their statistics. */

/** One run of one variant: how long it took, and what it says. */
export interface Run {
  readonly ms: number;
  readonly figures: readonly number[];
}

/** One way to do the work. */
export interface Variant {
  readonly name: string;
  /** How much work the first warm-up does. */
  readonly count: number;
  /** Whether all runs do just that, instead of what fills the time of a run. */
  readonly fixed?: boolean;
  run(count: number): Promise<Run>;
}

/** How long and how often. */
export interface Plan {
  readonly rounds: number;
  readonly warmups: number;
  /** What a run should take. */
  readonly targetMs: number;
}

/** What the runs of a variant said, round by round. */
export interface Series {
  readonly name: string;
  readonly rounds: readonly (readonly number[])[];
}

const DEADLINE_MS = 60_000;

/**
 * Runs the variants in turn, A B C A B C …, so that what disturbs the machine disturbs all of them.
 * Warm-ups compile the code and find the amount of work that takes the time of a run.
 */
export async function alternate(variants: readonly Variant[], plan: Plan): Promise<Series[]> {
  const counts = variants.map((variant) => variant.count);
  const rounds: number[][][] = variants.map(() => []);
  for (let round = -plan.warmups; round < plan.rounds; round += 1) {
    for (const [at, variant] of variants.entries()) {
      const count = counts[at] ?? variant.count;
      // Not a full collection: it throws away compiled code too, that of the large variants above all.
      globalThis.gc?.({ type: 'minor' });
      const { ms, figures } = await within(DEADLINE_MS, variant.run(count), variant.name);
      if (round >= 0) rounds[at]?.push([...figures]);
      else if (variant.fixed !== true) counts[at] = fitted(count, ms, plan.targetMs);
    }
  }
  return variants.map(({ name }, at) => ({ name, rounds: rounds[at] ?? [] }));
}

/** Times a piece of work of `count` units; its figure is the units per second. */
export async function rate(count: number, work: () => Promise<void>): Promise<Run> {
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  return { ms, figures: [(count / ms) * 1000] };
}

/** The value below which the share `at` of the values lies, interpolated. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The same, half of the values. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Calls back when it was called `count` times. */
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

/** Rejects when a promise takes too long. */
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

function fitted(count: number, ms: number, targetMs: number): number {
  const scale = Math.min(20, targetMs / Math.max(ms, 0.1));
  return Math.max(1, Math.round(count * scale));
}
