/** What the pages show compiles, and does what they say. */

import { dirname } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { QEMU_VERSIONS } from '../../scripts/qemu-versions.ts';
import {
  documentedExamples,
  documentedPages,
  ExampleSet,
  examplesIn,
  fromSources,
  outputPattern,
  programOf,
} from '../support/examples.ts';
import { requirePeer, requireQemu } from '../support/required.ts';

const examples = documentedExamples();
const set = new ExampleSet(examples, await fromSources());
afterAll(() => {
  set.remove();
});

describe('the examples of the pages', () => {
  test('compile under the strictest options', { timeout: 120_000 }, async () => {
    await set.compile();
  });

  const missing = new Set(
    [...new Set(examples.map(programOf))]
      .filter((program) => program !== undefined)
      .filter((program) => requirePeer(program) === undefined),
  );
  const runnable = examples.flatMap((example) =>
    example.output === undefined ? [] : [{ ...example, example, output: example.output }],
  );
  for (const { at, example, output } of runnable) {
    const program = programOf(example);
    const isSkipped = program !== undefined && missing.has(program);
    test.skipIf(isSkipped)(`${at} prints what the page says`, { timeout: 40_000 }, async () => {
      expect(await set.run(example)).toMatch(outputPattern(output));
    });
    if (program === undefined) continue;
    for (const version of QEMU_VERSIONS) {
      const path = requireQemu(version, program);
      const title = `${at} prints what the page says with QEMU ${version}`;
      test.skipIf(path === undefined)(title, { timeout: 40_000 }, async () => {
        const printed = await set.run(example, dirname(path ?? ''));
        expect(printed).toMatch(outputPattern(output));
      });
    }
  }

  test('include one that is run on each page but the policy of versions', () => {
    const run = new Set(runnable.map(({ at }) => at.replace(/:\d+$/, '')));
    expect(documentedPages().filter((page) => !run.has(page))).toEqual(['docs/versions.md']);
  });
});

describe('the examples of a page', () => {
  const page =
    '# T\n\n```ts\na();\n```\n\n```text\n1 … 2\n```\n\n```ts\nb();\n```\n\nText.\n\n```tsx\n<p />;\n```\n';

  test('are found with their lines and what they print', () => {
    expect(examplesIn('p.md', page)).toEqual([
      { at: 'p.md:4', code: 'a();\n', output: '1 … 2\n', isComponent: false },
      { at: 'p.md:12', code: 'b();\n', output: undefined, isComponent: false },
      { at: 'p.md:18', code: '<p />;\n', output: undefined, isComponent: true },
    ]);
  });

  test('print exactly what is said, but for what `…` stands for', () => {
    const pattern = outputPattern('1 … 2.\n');
    expect(pattern.test('1 and anything 2.\n')).toBe(true);
    expect(pattern.test('1 and\nanything 2.\n')).toBe(false);
    expect(pattern.test('1  2!\n')).toBe(false);
    expect(pattern.test('1  2.\n3\n')).toBe(false);
  });
});
