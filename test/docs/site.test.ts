/** The site of `npm run docs`: what is in it, and that a link that leads nowhere is found. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { brokenLinks } from '../../scripts/site/links.ts';
import { ROOT, sourcePaths } from '../support/source-packages.ts';

/** The files that a pattern of typedoc.json stands for; `*` stands for one folder. */
const filesOf = (pattern: string): string[] => {
  const [folder = '', rest] = pattern.split('/*/');
  if (rest === undefined) return [pattern];
  return readdirSync(join(ROOT, folder))
    .map((name) => `${folder}/${name}/${rest}`)
    .filter((path) => existsSync(join(ROOT, path)));
};

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

test('the site has every entry point of both packages, and nothing else', () => {
  const { entryPoints } = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8')) as {
    entryPoints: readonly string[];
  };
  const documented = entryPoints.flatMap((pattern) => filesOf(pattern));
  // The types of QEMU have no texts: editors show what a page could.
  const exported = Object.entries(sourcePaths())
    .filter(([name]) => !name.startsWith('wirechart/qapi/'))
    .flatMap(([, paths]) => paths);
  expect(documented.map((path) => join(ROOT, path)).sort()).toEqual([...exported].sort());
});
