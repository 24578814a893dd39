/** The packages of this repository as their users import them, made from the sources. */

import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

interface Package {
  readonly name: string;
  /** Relative to the root. */
  readonly folder: string;
  /**
   * The source files, relative to the folder, by what the manifest calls their entries (`./qmp`).
   */
  readonly entries: Readonly<Record<string, string>>;
}

/** The modules that a manifest exports; its build has them below `dist`. */
function packageIn(folder: string): Package {
  const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, string | { readonly default: string }>;
  };
  const entries: Record<string, string> = {};
  for (const [entry, target] of Object.entries(manifest.exports)) {
    // Other conditions, if there are any, are for browsers.
    const file = typeof target === 'string' ? target : target.default;
    const [, path] = /^\.\/dist\/(.+)\.js$/.exec(file) ?? [];
    if (path !== undefined) entries[entry] = `${path.replace(/^(?!src\/)/, 'src/')}.ts`;
  }
  return { name: manifest.name, folder, entries };
}

const packages = (): readonly Package[] => ['.', 'inspect', 'inspector'].map(packageIn);

/** The compiler option `paths` by which the packages are found in their sources. */
export function sourcePaths(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    packages().flatMap(({ name, folder, entries }) =>
      Object.entries(entries).map(([entry, source]) => [
        join(name, entry),
        [join(ROOT, folder, source)],
      ]),
    ),
  );
}

/** Vite's option `alias` by which the packages are found in their sources. */
export const sourceAliases = (): { find: RegExp; replacement: string }[] =>
  Object.entries(sourcePaths()).map(([name, [source = '']]) => ({
    find: new RegExp(`^${name}$`),
    replacement: source,
  }));

/** Bundles the packages into `folder/node_modules`, where Node finds them without a loader. */
export async function bundlePackages(folder: string): Promise<void> {
  await Promise.all(packages().map((each) => bundle(each, folder)));
}

async function bundle({ name, folder, entries }: Package, into: string): Promise<void> {
  const target = join(into, 'node_modules', name);
  const fileOf = (entry: string) => (entry === '.' ? 'index' : entry.slice(2));
  await build({
    entryPoints: Object.entries(entries).map(([entry, source]) => ({
      in: join(ROOT, folder, source),
      out: fileOf(entry),
    })),
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const exports = Object.fromEntries(
    Object.keys(entries).map((entry) => [entry, `./${fileOf(entry)}.js`]),
  );
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
  // The dependencies that only this package has.
  const own = join(ROOT, folder, 'node_modules');
  if (folder !== '.' && existsSync(own)) symlinkSync(own, join(target, 'node_modules'));
}
