/**
 * Fuzzing that is guided by coverage: an input that makes code run in a new way is kept, and is what
 * the next ones are made from.
 *
 * Reading the counters costs more than most inputs do. So they are read once for a batch of inputs,
 * and one by one only when the batch as a whole was new.
 */

import { Counters } from './coverage.ts';
import { mutate, type Stock } from './mutate.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';

/** How long, and from where. */
export interface Plan {
  readonly seed: number;
  readonly corpus: readonly Buffer[];
  /** How many inputs are made. */
  readonly inputs: number;
  /** When to end, whatever is left; as of `performance.now()`. */
  readonly deadline?: number;
  /** The scripts whose coverage counts, by their URLs. */
  readonly watched?: RegExp;
}

/** What came of it. */
export interface Findings {
  /** How many inputs were run, those of the corpus included. */
  readonly runs: number;
  /** In how many ways functions were run. */
  readonly features: number;
  /** The inputs that were kept, those of the corpus not included. */
  readonly kept: readonly Buffer[];
  /** The input that failed, made small, and the error. */
  readonly failure: { readonly input: Buffer; readonly error: unknown } | undefined;
}

const BATCH = 24;
const MOST_KEPT = 4000;

/** Runs a target until it fails, or the plan is done. */
export async function fuzz(target: Target, plan: Plan): Promise<Findings> {
  const counters = new Counters(plan.watched ?? /\/src\//);
  const { stackTraceLimit } = Error;
  // Most inputs are errors, and what an error costs is its stack.
  Error.stackTraceLimit = 0;
  try {
    return await new Fuzzer(target, plan, counters).run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

class Fuzzer {
  readonly #target: Target;
  readonly #plan: Plan;
  readonly #counters: Counters;
  readonly #stock: Stock;
  readonly #inputs: Buffer[];
  readonly #seen = new Set<string>();
  readonly #seenOfBatches = new Set<string>();
  #runs = 0;
  #failure: Findings['failure'];

  constructor(target: Target, plan: Plan, counters: Counters) {
    this.#target = target;
    this.#plan = plan;
    this.#counters = counters;
    this.#inputs = [...plan.corpus];
    const { dictionary, maxSize } = target;
    this.#stock = { random: new Random(plan.seed), dictionary, maxSize, inputs: this.#inputs };
  }

  async run(): Promise<Findings> {
    const { corpus, inputs, deadline = Infinity } = this.#plan;
    for (const input of corpus) await this.#learn(input);
    while (this.#failure === undefined && performance.now() < deadline) {
      const batch = Math.min(BATCH, inputs - (this.#runs - corpus.length));
      if (batch <= 0) break;
      await this.#batch(Array.from({ length: batch }, () => this.#next()));
    }
    return {
      runs: this.#runs,
      features: this.#seen.size,
      kept: this.#inputs.slice(corpus.length),
      failure: this.#failure,
    };
  }

  #next(): Buffer {
    const { random } = this.#stock;
    const { length } = this.#inputs;
    if (length === 0) return mutate(Buffer.from(' '), this.#stock);
    // What was kept last leads on most often.
    const at = Math.max(random.below(length), random.below(length));
    return mutate(this.#inputs[at] ?? Buffer.alloc(0), this.#stock);
  }

  async #batch(batch: readonly Buffer[]): Promise<void> {
    for (const input of batch) {
      this.#runs += 1;
      if (!(await this.#succeeds(input))) return;
    }
    if (!addAll(this.#seenOfBatches, this.#counters.take(false))) return;
    for (const input of batch) {
      if ((await this.#isNew(input)) && this.#inputs.length < MOST_KEPT) this.#inputs.push(input);
    }
  }

  async #learn(input: Buffer): Promise<void> {
    this.#runs += 1;
    if (this.#failure === undefined) await this.#isNew(input);
  }

  async #isNew(input: Buffer): Promise<boolean> {
    // The counters were read just before, and so begin at nothing.
    return (await this.#succeeds(input)) && addAll(this.#seen, this.#counters.take(true));
  }

  async #succeeds(input: Buffer): Promise<boolean> {
    const error = await errorOf(this.#target, input);
    if (error === undefined) return true;
    const small = await smallest(this.#target, input);
    this.#failure ??= { input: small, error: (await errorOf(this.#target, small)) ?? error };
    return false;
  }
}

/** What a target throws for an input. */
async function errorOf({ run }: Target, input: Buffer): Promise<unknown> {
  try {
    await run(Buffer.from(input));
    return undefined;
  } catch (error) {
    return error ?? new Error('Nothing was thrown');
  }
}

/** An input that fails too, of which nothing can be left out. */
async function smallest(target: Target, input: Buffer): Promise<Buffer> {
  let small = input;
  for (let size = small.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < small.length;) {
      const shorter = Buffer.concat([small.subarray(0, at), small.subarray(at + size)]);
      if ((await errorOf(target, shorter)) === undefined) at += size;
      else small = shorter;
    }
  }
  return small;
}

/** Whether one of them was not there yet. */
function addAll(seen: Set<string>, features: readonly string[]): boolean {
  const { size } = seen;
  for (const feature of features) seen.add(feature);
  return seen.size > size;
}
