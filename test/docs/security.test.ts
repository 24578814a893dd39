/** SECURITY.md names the tests that hold its promises. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/source-packages.ts';

const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
const [, promised = ''] = /## What is promised\n([^]*?)\n## /.exec(page) ?? [];
/** The promises, by their number. */
const promises = promised.split(/^\*\*(?=P\d+\.)/m).slice(1);
const testsIn = (text: string): string[] =>
  [...text.matchAll(/`((?:inspector\/)?test\/[^`]+)`/g)].map(([, path = '']) => path);

describe('SECURITY.md', () => {
  test('has the ten promises', () => {
    expect(promises.map((text) => /^P\d+/.exec(text)?.[0])).toEqual(
      Array.from({ length: 10 }, (_, at) => `P${String(at + 1)}`),
    );
  });

  test.each(promises.map((text) => [text.slice(0, text.indexOf('.')), text] as const))(
    'names tests that hold %s, and they exist',
    (_, text) => {
      const tests = testsIn(text);
      expect(tests).not.toEqual([]);
      expect(tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    },
  );

  test('names every test of test/security', () => {
    const files = readdirSync(join(ROOT, 'test/security')).filter((name) =>
      name.endsWith('.test.ts'),
    );
    expect(files).not.toEqual([]);
    expect(files.filter((name) => !testsIn(page).includes(`test/security/${name}`))).toEqual([]);
  });
});
