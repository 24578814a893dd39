/** What is in the tarballs: all that pages, maps and manifests refer to, and nothing else. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/source-packages.ts';
import { PROJECT } from './support/project.ts';

const PACKAGES = ['wirechart', 'wirechart-inspect', 'wirechart-inspector'] as const;
const folderOf = (name: string): string => join(PROJECT, 'node_modules', name);

const filesOf = (name: string): string[] =>
  readdirSync(folderOf(name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folderOf(name), join(entry.parentPath, entry.name)));

/** The files in `folder` whose names match, as paths and texts. */
const textsOf = (name: string, pattern: RegExp): (readonly [path: string, text: string])[] =>
  filesOf(name)
    .filter((path) => pattern.test(path) && !path.startsWith('node_modules'))
    .map((path) => [path, readFileSync(join(folderOf(name), path), 'utf8')]);

/** What does not exist of what a text refers to. */
const missingIn = (
  name: string,
  [path, text]: readonly [path: string, text: string],
  references: RegExp,
): string[] =>
  Array.from(text.matchAll(references), ([, target = '']) => target)
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .filter((target) => {
      const [file = ''] = target.split('#');
      return !existsSync(join(folderOf(name), dirname(path), file));
    })
    .map((target) => `${path}: ${target}`);

const LINKS = /(?<!`)\]\(([^)\s]+)\)/g;
const withoutCode = (text: string): string =>
  text.replaceAll(/^( *)```[^]*?^\1```$/gm, '').replaceAll(/`[^`\n]+`/g, '``');

describe.each(PACKAGES)('the tarball of %s', (name) => {
  test('has what every package has', () => {
    expect(filesOf(name)).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
  });

  test('has no tests and no traces of a build', () => {
    const wrong = /(^|\/)(test|tests|coverage|site)\/|\.test\.|\.tsbuildinfo$|\.tgz$|\.log$/;
    expect(filesOf(name).filter((path) => wrong.test(path))).toEqual([]);
  });

  test('has a file for each link of its pages', () => {
    const pages = textsOf(name, /\.md$/);
    const missing = pages.flatMap(([path, text]) =>
      missingIn(name, [path, withoutCode(text)], LINKS),
    );
    expect(pages.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });

  test('has the source of each declaration and each line of code', () => {
    const maps = textsOf(name, /\.map$/);
    const missing = maps.flatMap(([path, text]) => {
      const map = JSON.parse(text) as { sources: string[]; sourcesContent?: (string | null)[] };
      // In the map itself, or as a file.
      return map.sources.filter(
        (source, at) =>
          typeof map.sourcesContent?.[at] !== 'string' &&
          !existsSync(join(folderOf(name), dirname(path), source)),
      );
    });
    expect(maps.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  });

  test('has in dist what is made of a source, and nothing else', () => {
    const built = filesOf(name).filter((path) => path.startsWith('dist/'));
    const sources = name === 'wirechart' ? 'src/' : '';
    const isModule = (path: string): boolean => {
      const source = path.replace(/(?:\.d\.ts|\.js)(?:\.map)?$/, '.ts');
      // The sources of this one are not in its tarball.
      if (name === 'wirechart-inspect') {
        const folder = source.startsWith('dist/types/') ? '.' : 'inspect/src';
        return existsSync(join(ROOT, folder, source.replace(/^dist\/(?:types\/)?/, '')));
      }
      // The sources of these are not, either: they hold nothing but the declarations.
      const isSchema = /^dist\/qapi\/\d[\d.]+\.(?:d\.ts|js(?:\.map)?)$/.test(path);
      const root = isSchema ? ROOT : folderOf(name);
      return existsSync(join(root, source.replace(/^dist\//, sources)));
    };
    const other = built.filter(
      (path) => !/^dist\/chunks\/\w+\.js(?:\.map)?$/.test(path) && !isModule(path),
    );
    expect(built.length).toBeGreaterThan(10);
    expect(other).toEqual([]);
  });

  test('runs nothing when it is installed', () => {
    const manifest = readFileSync(join(folderOf(name), 'package.json'), 'utf8');
    const { scripts = {} } = JSON.parse(manifest) as { scripts?: Record<string, string> };
    expect(Object.keys(scripts)).toContain('prepack');
    expect(Object.keys(scripts).filter((script) => /install$|^prepare$/.test(script))).toEqual([]);
    expect(filesOf(name)).not.toContain('binding.gyp');
  });

  test('has a file for each path in its manifest', () => {
    const manifest = readFileSync(join(folderOf(name), 'package.json'), 'utf8');
    const paths = Array.from(manifest.matchAll(/: "(\.\/[^"]+)"/g), ([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(join(folderOf(name), path)))).toEqual([]);
  });
});

test('the examples of wirechart import what is in the tarball', () => {
  const examples = textsOf('wirechart', /^examples\/.*\.ts$/);
  const missing = examples.flatMap((example) =>
    missingIn('wirechart', example, /\bfrom '(\.[^']+)'/g),
  );
  expect(examples.length).toBeGreaterThan(3);
  expect(missing).toEqual([]);
});

test('wirechart has its pages, its changelog and its examples', () => {
  expect(filesOf('wirechart')).toEqual(
    expect.arrayContaining(['CHANGELOG.md', 'docs/qmp.md', 'examples/vm.ts', 'src/index.ts']),
  );
});
