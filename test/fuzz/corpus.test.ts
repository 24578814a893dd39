/** The corpus: an input of each kind, and one for every bug that fuzzing has found. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCorpus, readPatterns } from './engine/corpus.ts';
import { excessOf } from './engine/cost.ts';
import { TARGETS } from './targets/index.ts';

describe.each(TARGETS)('the corpus of $name', ({ name, maxSize, run, budget }) => {
  it.each(readCorpus(name))('is handled correctly: $name', async ({ input }) => {
    expect(input.length).toBeLessThanOrEqual(maxSize);
    await run(input);
  });

  it.each(readPatterns(name))('costs little, however large it is: $name', async ({ pattern }) => {
    if (budget === undefined) throw new TypeError(`${name} has patterns, and no budget`);
    expect(await excessOf(budget, pattern)).toBeUndefined();
  });
});

it('has one folder for each target', () => {
  const folders = readdirSync(join(import.meta.dirname, 'corpus'), { withFileTypes: true });
  const names = folders.filter((each) => each.isDirectory()).map((each) => each.name);
  expect(names.sort()).toEqual(TARGETS.map(({ name }) => name).sort());
});
