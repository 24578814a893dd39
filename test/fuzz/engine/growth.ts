/**
 * Searches for inputs that cost too much: makes patterns from the inputs that were kept, measures them,
 * and makes further patterns from the most expensive ones.
 */

import { type Budget, costOf, type Excess, excessOf, seemsExcessive } from './cost.ts';
import type { MutationContext } from './mutate.ts';
import { isGrowing, minimizePattern, mutatePattern, type Pattern, patternOf } from './pattern.ts';

/** A pattern that costs too much. */
export interface ExpensivePattern {
  readonly pattern: Pattern;
  readonly error: Excess;
}

interface Measured {
  readonly pattern: Pattern;
  /** The cost per byte, and how it grows with the size. */
  readonly score: number;
}

/** As many of the most expensive patterns are kept. */
const MAX_POOL = 12;
const MAX_MINIMIZING_MS = 15_000;

/** Tries one pattern after the other. */
export class GrowthSearch {
  readonly #budget: Budget;
  readonly #context: MutationContext;
  /** The most expensive patterns, the first one most of all. */
  #pool: readonly Measured[] = [];

  constructor(budget: Budget, context: MutationContext) {
    this.#budget = budget;
    this.#context = context;
  }

  /** Tries a new pattern. Returns it, minimized, if it costs too much. */
  async next(): Promise<ExpensivePattern | undefined> {
    const pattern = this.#make();
    if (!isGrowing(pattern)) return undefined;
    const cost = await costOf(this.#budget, pattern);
    const error = await excessOf(this.#budget, pattern, cost);
    if (error !== undefined) return this.#minimized(pattern, error);
    const score = cost.nanoseconds * cost.growth;
    this.#pool = [...this.#pool, { pattern, score }]
      .sort((one, other) => other.score - one.score)
      .slice(0, MAX_POOL);
    return undefined;
  }

  #make(): Pattern {
    const { random, inputs } = this.#context;
    if (this.#pool.length > 0 && random.below(2) === 0) {
      return mutatePattern(random.pick(this.#pool).pattern, this.#context);
    }
    const input = inputs.length === 0 ? Buffer.from(' ') : random.pick(inputs);
    return patternOf(input, this.#context);
  }

  async #minimized(pattern: Pattern, error: Excess): Promise<ExpensivePattern> {
    const deadline = performance.now() + MAX_MINIMIZING_MS;
    const small = await minimizePattern(
      pattern,
      async (shorter) =>
        performance.now() < deadline && (await seemsExcessive(this.#budget, shorter)),
    );
    const smallError = await excessOf(this.#budget, small);
    return smallError === undefined ? { pattern, error } : { pattern: small, error: smallError };
  }
}
