/** Bundles of programs that import the packed packages, as users make them with esbuild. */

import { join } from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { folderIn, TOOLS } from './project.ts';

/** What a bundler has made of a program. */
export interface Bundle {
  /** The path of the file. */
  readonly file: string;
  readonly code: string;
  /** The names of the files that are part of it, relative to `node_modules`. */
  readonly inputs: readonly string[];
}

/** Bundles and minifies a program that is in the project with the tools; Node's modules stay outside. */
export async function bundle(code: string, options: BuildOptions = {}): Promise<Bundle> {
  const file = join(folderIn(TOOLS), 'bundle.mjs');
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: TOOLS },
    outfile: file,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    metafile: true,
    logLevel: 'error',
    ...options,
    write: false,
  });
  return { file, code: outputFiles[0]?.text ?? '', inputs: inputsOf(metafile) };
}

/** The inputs of which something is left. */
const inputsOf = (metafile: Metafile | undefined): string[] =>
  Object.values(metafile?.outputs ?? {})
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([name]) => name.replace(/^.*node_modules\//, ''));
