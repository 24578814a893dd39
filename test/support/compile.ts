/**
 * The sources, compiled once for all the programs that tests start: a program that compiles them
 * itself, as `tsx` does, takes five times as long to start. Each file keeps its place, with the ending
 * `.js`.
 */

import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { TestProject } from 'vitest/node';
import type {} from './compiled.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Below `node_modules`, so that the dependencies are found. */
const CACHE = join(ROOT, 'node_modules/.cache');
const PREFIX = 'wirechart-';
const DAY_MS = 86_400_000;
const SOURCES = [
  'src/**/*.ts',
  'inspector/src/*.ts',
  'inspector/shared/*.ts',
  'inspector/page/*.ts',
  'scripts/*.ts',
  'examples/*.ts',
  'examples/qmp/*.ts',
  'soak/*.ts',
  'test/faults/chaos-program.ts',
  'test/fuzz/engine/*.ts',
];

/** Leaves each import as it is, but for the ending. */
const endings: Plugin = {
  name: 'endings',
  setup: (build) => {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/ts$/, 'js'), external: true },
    );
  },
};

/** Vitest's global set-up: compiles them, and removes them in the end. */
export default async function setUp(project: TestProject): Promise<() => void> {
  removeStale();
  const folder = join(CACHE, `${PREFIX}${randomUUID()}`);
  await compile(folder);
  project.provide('compiled', folder);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}

async function compile(folder: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: SOURCES,
    outdir: folder,
    outbase: ROOT,
    bundle: true,
    packages: 'external',
    plugins: [endings],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // The inspector has dependencies of its own, and files that are no code.
  symlinkSync(join(ROOT, 'inspector/node_modules'), join(folder, 'inspector/node_modules'));
  cpSync(join(ROOT, 'inspector/page'), join(folder, 'inspector/page'), { recursive: true });
}

/** Removes what runs have left that were killed, a day ago or earlier. */
function removeStale(): void {
  if (!existsSync(CACHE)) return;
  for (const name of readdirSync(CACHE).filter((name) => name.startsWith(PREFIX))) {
    const folder = join(CACHE, name);
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > DAY_MS) rmSync(folder, { recursive: true, force: true });
  }
}
