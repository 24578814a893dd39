/** Finds the links of a built site that lead nowhere. Links to other hosts are not followed. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const LINK = /\s(?:href|src)="([^"]*)"/g;
const ANCHOR = /\s(?:id|name)="([^"]+)"/g;
/** `https:`, `mailto:`, `data:` and their like, and `//host`. */
const IS_ELSEWHERE = /^(?:[a-z][a-z+.-]*:|\/\/)/i;

const valuesOf = (pattern: RegExp, html: string): string[] =>
  [...html.matchAll(pattern)].map(([, value = '']) => value.replaceAll('&amp;', '&'));

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The links of the pages and drawings below `folder` whose file or anchor does not exist, as `page: link`. */
export function brokenLinks(folder: string): string[] {
  const pages = new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:html|svg)$/.test(name))
      .map((name) => [resolve(folder, name), readFileSync(join(folder, name), 'utf8')]),
  );
  const anchors = new Map(
    [...pages].map(([page, html]) => [page, new Set(valuesOf(ANCHOR, html))]),
  );

  const leadsNowhere = (page: string, link: string): boolean => {
    const [path = '', anchor = ''] = link.split('#').map(decodeURIComponent);
    const target = path === '' ? page : resolve(dirname(page), path.replace(/\?.*$/, ''));
    if (anchor === '') return !isFile(target);
    return anchors.get(target)?.has(anchor) !== true;
  };
  return [...pages].flatMap(([page, html]) =>
    [...new Set(valuesOf(LINK, html))]
      .filter((link) => !IS_ELSEWHERE.test(link) && leadsNowhere(page, link))
      .map((link) => `${relative(folder, page)}: ${link}`),
  );
}
