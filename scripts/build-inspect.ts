/**
 * Builds `inspect/dist`: the feed of `src/inspect`, bundled once for Node and once for browsers, and its
 * declarations. The sources are not in the package, so the maps have them.
 *
 *   npm run build:inspect
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'inspect/dist');
const types = join(dist, 'types');

/** The entries, and what they run on. */
const ENTRIES = [
  { name: 'index', platform: 'node', external: ['ws', /^node:/] },
  { name: 'browser', platform: 'browser', external: [] },
] as const;

/** Writes the declarations; ends the process when there is an error in the types. */
function declare(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = { cwd: root, stdio: 'inherit' } as const;
  const { status } = spawnSync(
    process.execPath,
    [tsc, '-p', 'inspect/tsconfig.build.json'],
    options,
  );
  if (status !== 0) process.exit(1);
}

/** Removes the declarations that no entry refers to: those of internals need packages that users lack. */
function removeUnused(): void {
  const used = new Set<string>();
  const visit = (file: string): void => {
    if (used.has(file)) return;
    used.add(file);
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
    for (const { fileName } of importedFiles) {
      if (!fileName.startsWith('.')) continue;
      visit(resolve(dirname(file), fileName.replace(/(?:\.js|\.ts)$/, '.d.ts')));
    }
  };
  for (const { name } of ENTRIES) visit(join(types, 'inspect/src', `${name}.d.ts`));
  for (const path of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    const file = join(types, path);
    if (path.endsWith('.d.ts') && !used.has(file)) rmSync(file);
  }
}

async function bundle({ name, platform, external }: (typeof ENTRIES)[number]): Promise<void> {
  await using build = await rolldown({
    input: { [name]: join(root, 'inspect/src', `${name}.ts`) },
    external: [...external],
    platform,
  });
  await build.write({
    dir: dist,
    format: 'es',
    sourcemap: true,
    // The declarations have them. Annotations are for bundlers.
    comments: { annotation: true, jsdoc: false, legal: false },
    codeSplitting: false,
  });
}

rmSync(dist, { recursive: true, force: true });
declare();
removeUnused();
for (const entry of ENTRIES) await bundle(entry);
