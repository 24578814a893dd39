/**
 * What the site of `npm run docs` has beyond typedoc's own: a page is titled by its first heading, names
 * of the API in a page are links, diagrams are drawn, and source files that a page links to are shown.
 */

import { copyFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Application,
  DocumentReflection,
  PageEvent,
  type ProjectReflection,
  type Reflection,
  RendererEvent,
} from 'typedoc';

const MERMAID = fileURLToPath(import.meta.resolve('@mermaid-js/tiny/dist/mermaid.tiny.js'));

const titleOf = (page: DocumentReflection): string => {
  const text = page.content.map((part) => part.text).join('');
  const [, title = page.name] = /^# (.+)$/m.exec(text) ?? [];
  return title.replaceAll('`', '');
};

/**
 * Links that work from a disk, too: to files instead of folders, and to sources as text, because
 * browsers take a file `.ts` for a video.
 */
const toFiles = (html: string): string =>
  html
    .replaceAll(/href="((?:\.\.\/)+)(#[^"]*)?"/g, 'href="$1index.html$2"')
    .replaceAll(/(href="[^"]*media\/[^"/]+\.ts)"/g, '$1.txt"');

/** The exported names, and the members of exported classes as `Class.member`. */
function namesOf(project: ProjectReflection): Map<string, Reflection> {
  const names = new Map<string, Reflection>();
  for (const exported of (project.children ?? []).flatMap((module) => module.children ?? [])) {
    if (names.has(exported.name)) continue; // exported again by another module
    names.set(exported.name, exported);
    for (const member of exported.children ?? []) {
      names.set(`${exported.name}.${member.name}`, member);
    }
  }
  return names;
}

/** The pages in the order in which the README last links to each, then the others, then the API. */
function sortPages(project: ProjectReflection): void {
  const readme = (project.readme ?? []).map((part) => part.text).join('');
  const rank = (child: Reflection): number => {
    if (!(child instanceof DocumentReflection)) return Infinity;
    const place = readme.lastIndexOf(`${child.name}.md`);
    return place === -1 ? readme.length : place;
  };
  project.childrenIncludingDocuments?.sort((one, other) => {
    const [first, second] = [rank(one), rank(other)];
    return first === second ? 0 : first - second;
  });
}

/** Inline code and, so that no link is put into another, whole links and blocks of code. */
const CODE = /<a [^]*?<\/a>|<pre[^]*?<\/pre>|<code>([^<]*)<\/code>/g;

/** Makes links of the inline code in a page that names a part of the API, as `Name` or `Name.member()`. */
const withLinks = (html: string, urlOf: (name: string) => string | undefined): string =>
  html.replaceAll(CODE, (found, code?: string) => {
    const [, name = ''] = /^(?:new )?([\w.]+)(?:\(.*\))?$/.exec(code ?? '') ?? [];
    const url = urlOf(name);
    return url === undefined ? found : `<a href="${url}">${found}</a>`;
  });

function finish(folder: string): void {
  copyFileSync(MERMAID, join(folder, 'assets/mermaid.js'));
  const media = join(folder, 'media');
  for (const name of existsSync(media) ? readdirSync(media) : []) {
    if (name.endsWith('.ts')) renameSync(join(media, name), join(media, `${name}.txt`));
  }
}

/** A plugin of typedoc. */
export function pages({ renderer }: Application): void {
  let names = new Map<string, Reflection>();

  renderer.on(RendererEvent.BEGIN, ({ project }) => {
    names = namesOf(project);
    sortPages(project);
    // The addresses of the pages are made by now, from their paths.
    for (const page of project.documents ?? []) page.name = titleOf(page);
  });
  renderer.on(PageEvent.END, (page) => {
    const { model, contents = '' } = page;
    const isPage = model instanceof DocumentReflection || page.url === 'index.html';
    const urlOf = (name: string) => {
      const target = names.get(name);
      return target && renderer.router?.relativeUrl(model, target);
    };
    page.contents = toFiles(isPage ? withLinks(contents, urlOf) : contents);
  });
  renderer.on(RendererEvent.END, ({ outputDirectory }) => {
    finish(outputDirectory);
  });
}
