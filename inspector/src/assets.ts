/** Serves the page's files: the built ones, or, in a checkout, TypeScript that is compiled here. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PageModules } from './page-modules.ts';

/** The content of a served file. */
export interface Asset {
  readonly type: string;
  readonly body: string;
  /** For the page itself: the modules that it will ask for, as the header Link. */
  readonly preload?: string;
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDERS = ['page', 'shared'];
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
/** The only paths that are looked up, so that no path can lead out of these folders. */
const ASSET_PATH = /^\/(?:page|shared)\/[a-z][a-z-]*\.(html|css|js|svg)$/;

const modules = new PageModules(join(ROOT, '../node_modules/.cache/wirechart-inspector'));

/** The file at a path of the URL; `undefined` when there is none. */
export async function assetOf(pathname: string): Promise<Asset | undefined> {
  const isPage = pathname === '/';
  const path = isPage ? '/page/index.html' : pathname;
  const type = TYPES[ASSET_PATH.exec(path)?.[1] ?? ''];
  if (type === undefined) return undefined;
  const body = readAsset(path) ?? (await compiled(path));
  if (body === undefined) return undefined;
  return isPage ? { type, body, preload: preloads() } : { type, body };
}

/** The compiler does not copy HTML, CSS and SVG to `dist`: they are read from beside it. */
function readAsset(path: string): string | undefined {
  for (const root of [ROOT, join(ROOT, '..')]) {
    const file = join(root, path);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  return undefined;
}

/** A module of the page. Only a checkout has the sources and the compiler. */
async function compiled(path: string): Promise<string | undefined> {
  const source = readAsset(path.replace(/\.js$/, '.ts'));
  return source === undefined ? undefined : modules.compiled(source);
}

let isWarm = false;

/** Compiles all modules of the page, so that the first page does not wait for it. Never fails. */
export function warmAssets(): void {
  if (isWarm || existsSync(join(ROOT, MAIN))) return;
  isWarm = true;
  for (const folder of FOLDERS) {
    for (const name of namesIn(folder)) {
      const path = `/${folder}/${name.replace(/\.ts$/, '.js')}`;
      if (name.endsWith('.ts')) compiled(path).catch(() => undefined); // The page's request reports it.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder));
  } catch {
    return [];
  }
}

const MAIN = '/page/main.js';
/** What a module imports when it is loaded: in TypeScript, except for types. */
const IMPORT = /^(?:import|export)\s(?!type\s)[^;'"]*['"](\.{1,2}\/[a-z./-]+)['"]/gm;

/** The links of a package, which never change. */
let packed: string | undefined;

/**
 * All modules of the page, for the header Link. A browser would otherwise find each of them only when it
 * has loaded the module that imports it.
 */
function preloads(): string {
  if (packed !== undefined) return packed;
  const found = new Set([MAIN]);
  for (const path of found) {
    const text = readAsset(path) ?? readAsset(path.replace(/\.js$/, '.ts')) ?? '';
    for (const [, relative = ''] of text.matchAll(IMPORT)) {
      found.add(new URL(relative.replace(/\.ts$/, '.js'), `http://page${path}`).pathname);
    }
  }
  const links = [...found].map((path) => `<${path}>; rel=modulepreload`).join(', ');
  if (existsSync(join(ROOT, MAIN))) packed = links;
  return links;
}
