/** CONTRIBUTING.md and SECURITY.md name files, code and commands that exist. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/source-packages.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const guide = read('CONTRIBUTING.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Inline code that looks like a file or a folder of the repository; `*` and blanks are no path. */
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+|[\w-]+\.(?:md|json|js))`/g)]
    .map(([, path = '']) => path)
    .filter((path) => path !== 'site/index.html');

describe.each(['CONTRIBUTING.md', 'SECURITY.md'])('%s', (page) => {
  test('names only files that exist', () => {
    const paths = pathsIn(read(page));
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  const rows = [...guide.matchAll(/^\| Wh[^|]+\| `([^`]+)` +\| `([^`]+)` +\|$/gm)];

  test('answers where something is', () => {
    expect(rows.length).toBeGreaterThan(10);
  });

  test.each(rows.map(([, path = '', name = '']) => [name, path]))(
    'finds %s in %s',
    (name, path) => {
      expect(read(path)).toMatch(new RegExp(`\\b${name}\\b`));
    },
  );

  test('names only commands that exist', () => {
    const named = [...guide.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('describes every command', () => {
    const isNamed = (name: string) => new RegExp(`npm (run )?${name}(?![\\w:])`).test(guide);
    expect(Object.keys(scripts).filter((name) => name !== 'prepack' && !isNamed(name))).toEqual([]);
  });
});
