/**
 * Coverage-guided fuzzing: an input that makes code run in a new way is kept, and further inputs
 * are made from it.
 *
 * Reading the counters costs more than running most inputs. So they are read once for a batch of
 * inputs, and for each input only if the batch as a whole ran new code, or from time to time.
 *
 * Between the batches, patterns are made from the inputs that were kept, to find such that cost too much.
 */

import { Counters } from './coverage.ts';
import { type ExpensivePattern, GrowthSearch } from './growth.ts';
import { mutate, type MutationContext } from './mutate.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';

/** The settings of a run. */
export interface FuzzOptions {
  readonly seed: number;
  readonly corpus: readonly Buffer[];
  /** How many inputs to make. */
  readonly inputs: number;
  /** When to stop in any case, as `performance.now()` counts. */
  readonly deadline?: number;
  /** Matches the URLs of the scripts whose coverage is measured. Default: those in `src`. */
  readonly watched?: RegExp;
}

/** The result of a run. */
export interface FuzzResult {
  /** How many inputs were run, including those of the corpus. */
  readonly runs: number;
  /** In how many different ways functions were run. */
  readonly features: number;
  /** The inputs that were kept, without those of the corpus. */
  readonly kept: readonly Buffer[];
  /** The minimized input that failed, and its error. */
  readonly failure: { readonly input: Buffer; readonly error: unknown } | undefined;
  /** How many patterns were measured. */
  readonly measured: number;
  /** The minimized pattern that costs too much, and its error. */
  readonly excess: ExpensivePattern | undefined;
}

const BATCH_INPUTS = 24;
/** Among so many batches that run no new block, one is searched for inputs that run known ones in a new way. */
const CLOSER_LOOK = 8;
const MAX_KEPT_INPUTS = 4000;
/** The part of the time that is spent on measuring costs. */
const MEASURING_SHARE = 0.4;

/** Runs a target until it fails, or until the options end the run. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const counters = new Counters(options.watched ?? /\/src\//);
  const { stackTraceLimit } = Error;
  // Most inputs cause errors, and the stack trace is the expensive part of an error.
  Error.stackTraceLimit = 0;
  try {
    return await new Fuzzer(target, options, counters).run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

class Fuzzer {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #counters: Counters;
  readonly #context: MutationContext;
  readonly #inputs: Buffer[];
  readonly #seen = new Set<string>();
  readonly #seenBlocks = new Set<string>();
  #batches = 0;
  #runs = 0;
  #failure: FuzzResult['failure'];
  readonly #search: GrowthSearch | undefined;
  readonly #started = performance.now();
  #measuringMs = 0;
  #measured = 0;
  #excess: ExpensivePattern | undefined;

  constructor(target: Target, options: FuzzOptions, counters: Counters) {
    this.#target = target;
    this.#options = options;
    this.#counters = counters;
    this.#inputs = [...options.corpus];
    const { dictionary, maxSize } = target;
    this.#context = { random: new Random(options.seed), dictionary, maxSize, inputs: this.#inputs };
    // It has random numbers of its own: how many it uses depends on the time that it takes.
    const random = new Random(~options.seed);
    if (target.budget !== undefined)
      this.#search = new GrowthSearch(target.budget, { ...this.#context, random });
  }

  async run(): Promise<FuzzResult> {
    const { corpus, inputs, deadline = Infinity } = this.#options;
    for (const input of corpus) await this.#runKnown(input);
    while (!this.#hasFailed() && performance.now() < deadline) {
      const batch = Math.min(BATCH_INPUTS, inputs - (this.#runs - corpus.length));
      if (batch <= 0) break;
      await this.#batch(Array.from({ length: batch }, () => this.#next()));
      await this.#searchExpensive();
    }
    return {
      runs: this.#runs,
      features: this.#seen.size,
      kept: this.#inputs.slice(corpus.length),
      failure: this.#failure,
      measured: this.#measured,
      excess: this.#excess,
    };
  }

  #hasFailed(): boolean {
    return this.#failure !== undefined || this.#excess !== undefined;
  }

  /** Tries some patterns, at least one. */
  async #searchExpensive(): Promise<void> {
    if (this.#search === undefined || this.#hasFailed()) return;
    do {
      const started = performance.now();
      this.#excess = await this.#search.next();
      this.#measured += 1;
      this.#measuringMs += performance.now() - started;
    } while (!this.#hasFailed() && this.#measuringMs < MEASURING_SHARE * this.#elapsed());
    // What they have run is not to be taken for what the next batch runs.
    this.#counters.take('blocks');
  }

  #elapsed(): number {
    return performance.now() - this.#started;
  }

  #next(): Buffer {
    const { random } = this.#context;
    const { length } = this.#inputs;
    if (length === 0) return mutate(Buffer.from(' '), this.#context);
    // Prefers inputs that were kept recently: they lead to new ones most often.
    const at = Math.max(random.below(length), random.below(length));
    return mutate(this.#inputs[at] ?? Buffer.alloc(0), this.#context);
  }

  async #batch(batch: readonly Buffer[]): Promise<void> {
    for (const input of batch) {
      this.#runs += 1;
      if (!(await this.#succeeds(input))) return;
    }
    const hasNewBlock = addAll(this.#seenBlocks, this.#counters.take('blocks'));
    this.#batches += 1;
    if (!hasNewBlock && this.#batches % CLOSER_LOOK !== 0) return;
    for (const input of batch) {
      if ((await this.#isNew(input)) && this.#inputs.length < MAX_KEPT_INPUTS)
        this.#inputs.push(input);
    }
  }

  async #runKnown(input: Buffer): Promise<void> {
    this.#runs += 1;
    if (this.#failure === undefined) await this.#isNew(input);
  }

  async #isNew(input: Buffer): Promise<boolean> {
    // The counters start at zero, because they were read just before.
    return (await this.#succeeds(input)) && addAll(this.#seen, this.#counters.take('ways'));
  }

  async #succeeds(input: Buffer): Promise<boolean> {
    const error = await errorOf(this.#target, input);
    if (error === undefined) return true;
    const small = await minimize(this.#target, input);
    this.#failure ??= { input: small, error: (await errorOf(this.#target, small)) ?? error };
    return false;
  }
}

/** Returns what a target throws for an input. */
async function errorOf({ run }: Target, input: Buffer): Promise<unknown> {
  try {
    await run(Buffer.from(input));
    return undefined;
  } catch (error) {
    return error ?? new Error('Nothing was thrown');
  }
}

/** Removes spans from a failing input as long as it still fails. */
async function minimize(target: Target, input: Buffer): Promise<Buffer> {
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

/** Adds features, and returns whether one of them is new. */
function addAll(seen: Set<string>, features: readonly string[]): boolean {
  const { size } = seen;
  for (const feature of features) seen.add(feature);
  return seen.size > size;
}
