/**
 * Builds `dist`: the declarations, one per source file, and the code, in a few bundles.
 *
 * Bundles, because Node takes twice as long to import a hundred small files. The entries hold no code of
 * their own and re-export from chunks that are cut by subject, so that a user's bundler leaves out
 * whole files; the chunk that the codecs are in imports nothing at all.
 *
 *   npm run build
 */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');

/** The chunks, and the source files of each. A file belongs to the first chunk that matches. */
const CHUNKS: Readonly<Record<string, RegExp>> = {
  core: /^(?:core|async|codecs)\//,
  inspect: /^inspect\//,
  // What QmpClient does not need.
  services:
    /^(?:server|supervisor|io\/child)\/|^machines\/(?:server|supervisor|peer)|^io\/(?:serve\.|pending-stream)/,
  engine: /^(?:protocol|machines|io)\/|^rpc\/(?:call-options|calls|pending-reply)\./,
  qmp: /^qmp\//,
  testing: /^testing\//,
};

/** The modules that the manifest exports, by their names below `dist`: `qmp/index`. */
function entries(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { readonly default: string }>;
  };
  return Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [] : target.default.replace(/^\.\/dist\/(.*)\.js$/, '$1'),
  );
}

/** Writes the declarations; ends the process when there is an error in the types. */
function declare(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = { cwd: root, stdio: 'inherit' } as const;
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], options);
  if (status !== 0) process.exit(1);
}

/**
 * Takes the maps away from the declarations of `src/qapi`. Their sources are not published, as they hold the same
 * text.
 */
function withoutMaps(): void {
  const folder = join(root, 'dist/qapi');
  for (const name of readdirSync(folder).filter((each) => /^\d.*\.d\.ts$/.test(each))) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, ''));
    rmSync(`${path}.map`);
  }
}

async function bundle(): Promise<void> {
  const sources = join(root, 'src/');
  await using build = await rolldown({
    input: Object.fromEntries(entries().map((name) => [name, `${sources}${name}.ts`])),
    external: ['xstate', 'ws', /^node:/],
    platform: 'node',
    // An entry exports what it says, also when its chunk has more to export to other chunks.
    preserveEntrySignatures: 'allow-extension',
  });
  const { output } = await build.write({
    dir: join(root, 'dist'),
    format: 'es',
    sourcemap: true,
    sourcemapExcludeSources: true,
    // The declarations have them. Annotations are for bundlers.
    comments: { annotation: true, jsdoc: false, legal: false },
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: Object.entries(CHUNKS).map(([name, pattern]) => ({
        name,
        test: (id: string) =>
          id.startsWith(sources) &&
          !id.endsWith('/index.ts') &&
          pattern.test(id.slice(sources.length)),
      })),
    },
  });
  checkCycles(output);
}

/** The imports of one file of the build. */
interface Built {
  readonly fileName: string;
  readonly imports?: readonly string[];
}

/**
 * A chunk that imports another one, and is imported by it, would run before what it needs exists.
 *
 * @throws {Error} When chunks import each other.
 */
function checkCycles(output: readonly Built[]): void {
  const importsOf = new Map(output.map(({ fileName, imports = [] }) => [fileName, imports]));
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name))
      throw new Error(`Chunks import each other: ${[...path, name].join(', ')}`);
    for (const next of importsOf.get(name) ?? []) visit(next, [...path, name]);
  };
  for (const name of importsOf.keys()) visit(name, []);
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
declare();
withoutMaps();
await bundle();
