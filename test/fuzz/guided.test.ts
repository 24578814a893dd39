/** A while of fuzzing, from the corpus on; always the same inputs, so that a failure comes again. */

import { expect, it } from 'vitest';
import { thorough } from '../support/thorough.ts';
import { readCorpus } from './engine/corpus.ts';
import { fuzz } from './engine/loop.ts';
import { TARGETS } from './targets/index.ts';

const INPUTS = thorough(60, Infinity);
/** A bound for slow machines. */
const SECONDS = thorough(0.8, 12);
const SEED = 20_261_129;

it.each(TARGETS)('$name does what it must with each new input', async (target) => {
  const corpus = readCorpus(target.name).map(({ input }) => input);
  const deadline = performance.now() + SECONDS * 1000;
  const found = await fuzz(target, { seed: SEED, inputs: INPUTS, deadline, corpus });
  if (found.failure !== undefined) {
    const input = found.failure.input.toString('latin1');
    throw new Error(`It failed for ${JSON.stringify(input)}`, { cause: found.failure.error });
  }
  // Otherwise the counters were blind, and nothing was guided.
  expect(found.features).toBeGreaterThan(20);
});
