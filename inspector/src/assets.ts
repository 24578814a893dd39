/** The page's files: as they were built, or, in a checkout, as TypeScript strips them on the way. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file to be served. */
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
/** Only these names are looked at: no path can lead anywhere else. */
const PATH = /^\/(?:page|shared)\/[a-z][a-z-]*\.(html|css|js|svg)$/;

/** The file of a path; `undefined` when there is none. */
export async function assetOf(pathname: string): Promise<Asset | undefined> {
  const path = pathname === '/' ? '/page/index.html' : pathname;
  const type = TYPES[PATH.exec(path)?.[1] ?? ''];
  if (type === undefined) return undefined;
  const body = textOf(path) ?? (await strippedOf(path));
  return body === undefined ? undefined : { type, body };
}

/** What the compiler does not copy stands beside the build. */
function textOf(path: string): string | undefined {
  for (const root of [ROOT, join(ROOT, '..')]) {
    const file = join(root, path);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  return undefined;
}

/** What was stripped, by its source. */
const stripped = new Map<string, string>();

/** In a checkout there is TypeScript, and the compiler to strip it. */
async function strippedOf(path: string): Promise<string | undefined> {
  const source = textOf(path.replace(/\.js$/, '.ts'));
  if (source === undefined) return undefined;
  const known = stripped.get(source);
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
  stripped.set(source, outputText);
  return outputText;
}
