/** Every link of the documentation within the repository leads somewhere. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentedPages } from '../support/examples.ts';
import { ROOT } from '../support/source-packages.ts';

const OTHER_PAGES = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'bench/README.md',
  'examples/README.md',
];
const pages = [...documentedPages(), ...OTHER_PAGES].filter((page) => existsSync(join(ROOT, page)));

/** What the npm page shows without a checkout: `package.json`, `files`, and what npm adds to them. */
const SHIPPED = /^(docs|examples|src)(\/|$)|^(README\.md|CHANGELOG\.md|LICENSE|package\.json)$/;

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const withoutCode = (text: string): string =>
  text
    .replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    .replaceAll(/`[^`\n]+`/g, (code) => code.replaceAll(/[[\]]/g, ''));

/** The targets of the links and pictures of a page that are no URL. */
const linksOf = (page: string): readonly string[] =>
  [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchor of each heading, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const headings = read(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .matchAll(/^#+ (.+)$/gm);
  for (const [, heading = ''] of headings) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${String(n)}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Where a link of a page leads, relative to the root, and to which anchor. */
function resolveLink(page: string, link: string): { readonly path: string; anchor: string } {
  const [path = '', anchor = ''] = link.split('#');
  return { path: path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path)), anchor };
}

describe.each(pages)('the links of %s', (page) => {
  const links = linksOf(page).map((link) => ({ link, ...resolveLink(page, link) }));

  test('lead to files', () => {
    const broken = links.filter(
      ({ path }) => path.startsWith('..') || !existsSync(join(ROOT, path)),
    );
    expect(broken.map(({ link }) => link)).toEqual([]);
  });

  test('lead to headings', () => {
    const broken = links.filter(
      ({ path, anchor }) =>
        anchor !== '' &&
        path.endsWith('.md') &&
        existsSync(join(ROOT, path)) &&
        !anchorsOf(path).has(anchor),
    );
    expect(broken.map(({ link }) => link)).toEqual([]);
  });
});

test.each(documentedPages().filter((page) => !page.startsWith('inspector/')))(
  '%s links only to what the package contains',
  (page) => {
    const targets = linksOf(page).map((link) => resolveLink(page, link).path);
    expect(targets.filter((path) => !SHIPPED.test(path))).toEqual([]);
  },
);

test('anchors are those of GitHub', () => {
  expect(anchorsOf('docs/qmp.md')).toContain('coming-from-python');
  expect(anchorsOf('docs/supervising.md')).toContain('back-off-retry-give-up');
});
