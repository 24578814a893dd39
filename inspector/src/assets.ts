/** Serves the page's files: the built ones, or, in a checkout, TypeScript with its types stripped. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The content of a served file. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
/** The only paths that are looked up, so that no path can lead out of these folders. */
const ASSET_PATH = /^\/(?:page|shared)\/[a-z][a-z-]*\.(html|css|js|svg)$/;

/** The file at a path of the URL; `undefined` when there is none. */
export async function assetOf(pathname: string): Promise<Asset | undefined> {
  const path = pathname === '/' ? '/page/index.html' : pathname;
  const type = TYPES[ASSET_PATH.exec(path)?.[1] ?? ''];
  if (type === undefined) return undefined;
  const body = readAsset(path) ?? (await transpiled(path));
  return body === undefined ? undefined : { type, body };
}

/** The compiler does not copy HTML, CSS and SVG to `dist`: they are read from beside it. */
function readAsset(path: string): string | undefined {
  for (const root of [ROOT, join(ROOT, '..')]) {
    const file = join(root, path);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  return undefined;
}

/** Transpiled modules, by their source text. */
const cache = new Map<string, string>();

/** Transpiles a module of the page. Only a checkout has the sources and the compiler. */
async function transpiled(path: string): Promise<string | undefined> {
  const source = readAsset(path.replace(/\.js$/, '.ts'));
  if (source === undefined) return undefined;
  const known = cache.get(source);
  if (known !== undefined) return known;
  const { default: typescript } = await import('typescript');
  const { ModuleKind, ScriptTarget, transpileModule } = typescript;
  const compilerOptions = {
    module: ModuleKind.ESNext,
    target: ScriptTarget.ES2023,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  };
  const { outputText } = transpileModule(source, { compilerOptions });
  cache.set(source, outputText);
  return outputText;
}
