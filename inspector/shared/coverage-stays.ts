/**
 * How long something lasted, many times over: a histogram with logarithmic buckets, which takes the same
 * little memory for ten durations and for ten million. All numbers are whole, so that sums do not depend on
 * the order in which they are made.
 */

/** Durations, in whole microseconds. */
export interface Stays {
  readonly count: number;
  readonly total: number;
  readonly min: number;
  readonly max: number;
  /** The buckets that are not empty, ascending: their number, and how many durations are in them. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
}

/** Buckets for each doubling: a percentile is at most 10 % off. */
const PER_DOUBLING = 4;
/** The highest bucket: that of the largest safe integer. */
export const MAX_BUCKET = 53 * PER_DOUBLING + 1;

export const NO_STAYS: Stays = { count: 0, total: 0, min: 0, max: 0, buckets: [] };

/** A sum that stays a safe integer. */
export const added = (one: number, other: number): number =>
  Math.min(Number.MAX_SAFE_INTEGER, one + other);

/** The bucket of a duration in microseconds. */
const bucketOf = (us: number): number =>
  us < 1 ? 0 : Math.min(MAX_BUCKET, 1 + Math.floor(Math.log2(us) * PER_DOUBLING));

/** The middle of a bucket. */
const middleOf = (bucket: number): number =>
  bucket === 0 ? 0 : 2 ** ((bucket - 0.5) / PER_DOUBLING);

/** Collects durations. */
export class StayCounter {
  #count = 0;
  #total = 0;
  #min = Number.MAX_SAFE_INTEGER;
  #max = 0;
  readonly #buckets = new Map<number, number>();

  /** Adds a duration in milliseconds. A negative one, which a clock that was set makes, counts as 0. */
  add(ms: number): void {
    const us = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(ms * 1000) || 0));
    const bucket = bucketOf(us);
    this.#count += 1;
    this.#total = added(this.#total, us);
    this.#min = Math.min(this.#min, us);
    this.#max = Math.max(this.#max, us);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  get stays(): Stays {
    if (this.#count === 0) return NO_STAYS;
    return {
      count: this.#count,
      total: this.#total,
      min: this.#min,
      max: this.#max,
      buckets: [...this.#buckets].sort(([one], [other]) => one - other),
    };
  }
}

/** The durations of both. */
export function mergedStays(one: Stays, other: Stays): Stays {
  if (one.count === 0) return other;
  if (other.count === 0) return one;
  const buckets = new Map(one.buckets);
  for (const [bucket, count] of other.buckets)
    buckets.set(bucket, added(buckets.get(bucket) ?? 0, count));
  return {
    count: added(one.count, other.count),
    total: added(one.total, other.total),
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
    buckets: [...buckets].sort(([first], [second]) => first - second),
  };
}

/**
 * The duration, in milliseconds, that a part of all durations do not exceed, at most 10 % off.
 *
 * @param part - From 0 to 1: 0.5 for the median.
 * @returns `undefined` when there are no durations.
 */
export function percentile({ count, min, max, buckets }: Stays, part: number): number | undefined {
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(part * count));
  if (rank >= count) return max / 1000;
  let below = 0;
  for (const [bucket, inBucket] of buckets) {
    below += inBucket;
    if (below >= rank) return Math.min(max, Math.max(min, middleOf(bucket))) / 1000;
  }
  return max / 1000;
}
