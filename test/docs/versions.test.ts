/** docs/versions.md states the versions that the package asks for, and CHANGELOG.md has this release. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NODE_VERSIONS } from '../../scripts/node-versions.ts';
import { ROOT } from '../support/source-packages.ts';

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: { readonly xstate: string };
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifestOf = (path: string) => JSON.parse(read(path)) as Manifest;

const manifest = manifestOf('package.json');
const page = read('docs/versions.md');

test('the page names the range of Node and the range of XState', () => {
  expect(page).toContain(`\`engines\`: \`${manifest.engines.node}\``);
  expect(page).toContain(`\`${manifest.peerDependencies.xstate}\``);
});

test.each(['README.md', 'docs/versions.md'])('%s names each Node that runs the tests', (path) => {
  const named = NODE_VERSIONS.map((version) => version.replace(/\.0$/, ''));
  const list = `${named.slice(0, -1).join(', ')} and ${named.at(-1) ?? ''}`;
  expect(read(path)).toContain(list);
});

test('both packages have the same version', () => {
  expect(manifestOf('inspector/package.json').version).toBe(manifest.version);
});

test('the changelog has an entry for this version, below the unreleased changes', () => {
  const headings = [...read('CHANGELOG.md').matchAll(/^## \[(.+?)\]/gm)].map(([, name]) => name);
  expect(headings.slice(0, 2)).toEqual(['Unreleased', manifest.version]);
});
