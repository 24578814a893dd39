/** The site of `npm run docs`: what is in it, and that a link that leads nowhere is found. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { brokenLinks } from '../scripts/site/links.ts';

const root = resolve(import.meta.dirname, '..');
const typedoc = readFileSync(join(root, 'typedoc.json'), 'utf8');

const siteOf = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'site-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
};

describe('the links of a site', () => {
  test('that lead to a file, an anchor or another host are accepted', () => {
    const site = siteOf({
      'index.html':
        '<h1 id="top"></h1><a href="docs/a%20b.html?x=1&amp;y=2#end"></a><a href="#top">',
      'docs/a b.html': '<p id="end"><a href="../index.html#top"></a><img src="../picture.png">',
      'picture.png': '',
      'docs/other.html': '<a href="https://example.com/#x"></a><a href="mailto:x@example.com">',
    });
    expect(brokenLinks(site)).toEqual([]);
  });

  test.each(['gone.html', '../outside.html', 'gone.png', 'docs', '#gone', 'docs/page.html#gone'])(
    'to %s, which is not there, are found',
    (link) => {
      const page = `<a href="${link}">once</a> <a href="${link}">and again</a>`;
      const site = siteOf({ 'index.html': page, 'docs/page.html': '<p id="here"></p>' });
      expect(brokenLinks(site)).toEqual([`index.html: ${link}`]);
    },
  );
});

describe('the site', () => {
  test('has every entry point of both packages', () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const sources = Object.keys(exports)
      .filter((name) => name !== './package.json')
      .map((name) => `"${join('src', name, 'index.ts')}"`);
    expect(sources).toContain('"src/index.ts"');
    expect(
      [...sources, '"inspector/src/index.ts"'].filter((name) => !typedoc.includes(name)),
    ).toEqual([]);
  });
});
