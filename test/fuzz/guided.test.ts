/**
 * A short run of the fuzzer on each target. The seed is fixed, so that a failure is reproducible.
 */

import { expect, it } from 'vitest';
import { thorough } from '../support/thorough.ts';
import { readCorpus } from './engine/corpus.ts';
import { fuzz } from './engine/loop.ts';
import { TARGETS } from './targets/index.ts';

const INPUTS = thorough(60, Infinity);
/** Limits the run on slow machines. */
const MAX_SECONDS = thorough(0.8, 12);
const SEED = 20_261_129;

it.each(TARGETS)('$name behaves correctly for each new input', async (target) => {
  const corpus = readCorpus(target.name).map(({ input }) => input);
  const deadline = performance.now() + MAX_SECONDS * 1000;
  const result = await fuzz(target, { seed: SEED, inputs: INPUTS, deadline, corpus });
  if (result.failure !== undefined) {
    const input = result.failure.input.toString('latin1');
    throw new Error(`Failed for the input ${JSON.stringify(input)}`, {
      cause: result.failure.error,
    });
  }
  if (result.excess !== undefined) {
    const { pattern, error } = result.excess;
    throw new Error(`Too much time for the pattern ${JSON.stringify(pattern)}`, { cause: error });
  }
  // Otherwise the counters did not work, and the fuzzing was not guided.
  expect(result.features).toBeGreaterThan(20);
});
