/** The examples of all pages, with the packages as they ship. */

import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  documentedExamples,
  ExampleSet,
  fromPackages,
  outputPattern,
  programOf,
} from '../support/examples.ts';
import { requirePeer } from '../support/required.ts';
import { TOOLS } from './support/project.ts';

const examples = documentedExamples();
const set = new ExampleSet(examples, fromPackages(TOOLS));
afterAll(() => {
  set.remove();
});

test.each(['typescript-5.4', 'typescript', 'typescript-newest'])(
  'the examples compile with %s',
  { timeout: 120_000 },
  async (compiler) => {
    await set.compile({}, join(TOOLS, 'node_modules', compiler, 'bin/tsc'));
  },
);

const runnable = examples.flatMap((example) =>
  example.output === undefined ? [] : [{ example, at: example.at, output: example.output }],
);
const isMissing = (peer: ReturnType<typeof programOf>): boolean =>
  peer !== undefined && requirePeer(peer) === undefined;

describe('the example at', () => {
  for (const { example, at, output } of runnable) {
    test.skipIf(isMissing(programOf(example)))(`${at} prints what the page says`, async () => {
      expect(await set.run(example)).toMatch(outputPattern(output));
    });
  }
});
