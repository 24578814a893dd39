/**
 * The TypeScript examples of the documentation: finds them in the pages, compiles them, runs them.
 *
 * The examples import the packages by their names. These come from the sources of this repository,
 * or from a folder in which the packages are installed: see `fromSources()` and `fromPackages()`.
 *
 * An example with a block of `text` right below it is run and must print that text, in which `…`
 * stands for anything within one line. All other examples are only compiled. `/run/vm1/qmp.sock` in
 * an example is the monitor of a scripted server; other paths below `/run` are free. An example whose first
 * line is `// meter.ts` is a module, too, which others import as './meter.js'. A block of `tsx` is a component of
 * React, which is only compiled.
 */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { transformSync } from 'esbuild';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { bundlePackages, ROOT, sourcePaths } from './source-packages.ts';
import type { Program, QemuProgram } from './required.ts';

const run = promisify(execFile);

/** How long one example may take, in ms. An example that keeps its process alive fails by this. */
const RUN_TIMEOUT_MS = 30_000;

/** One example of a page. */
export interface Example {
  /** The page and the line of the example's first line: `docs/qmp.md:12`. */
  readonly at: string;
  readonly code: string;
  /** What it prints; `undefined` when it is only compiled. */
  readonly output: string | undefined;
  /** Whether it is a component of React, a block of `tsx`. */
  readonly isComponent: boolean;
}

/** Where the examples find the packages that they import. */
export interface Origin {
  /** A folder for the examples' files. Node and TypeScript look for packages from there upwards. */
  readonly folder: string;
  /** Compiler options of this origin. */
  readonly compilerOptions: object;
  /** Whether the types of React are found there. */
  readonly hasReact: boolean;
}

/** The manifest of the folder of the examples: a `.js` file is a module. */
const MODULES = JSON.stringify({ type: 'module' });

/** The sources of this repository. */
export async function fromSources(): Promise<Origin> {
  // In the repository, so that `xstate` and the types of Node are found.
  const folder = mkdtempSync(join(ROOT, '.examples-'));
  // Otherwise `wirechart` is the package that the folder is in, and not the one in `node_modules`.
  writeFileSync(join(folder, 'package.json'), MODULES);
  await bundlePackages(folder);
  // The sources are compiled with the examples, and are written for the last two options.
  const compilerOptions = { paths: sourcePaths(), allowImportingTsExtensions: true, rootDir: '/' };
  return { folder, compilerOptions, hasReact: true };
}

/** Packages that are installed in `project`; it needs `xstate` and `@types/node` too. */
export function fromPackages(project: string): Origin {
  const folder = mkdtempSync(join(project, 'examples-'));
  writeFileSync(join(folder, 'package.json'), MODULES);
  return { folder, compilerOptions: {}, hasReact: false };
}

/** All pages with examples, relative to the root. */
export function documentedPages(): readonly string[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return [
    'README.md',
    'inspect/README.md',
    'inspector/README.md',
    ...docs.sort().map((name) => `docs/${name}`),
  ];
}

/** All examples of all pages. */
export function documentedExamples(): readonly Example[] {
  return documentedPages().flatMap((page) =>
    examplesIn(page, readFileSync(join(ROOT, page), 'utf8')),
  );
}

/** The examples of one page. */
export function examplesIn(page: string, text: string): readonly Example[] {
  const blocks = text.matchAll(/^```(tsx?)\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm);
  return Array.from(blocks, ({ index, 1: language, 2: code = '', 3: output }) => {
    const line = text.slice(0, index).split('\n').length + 1;
    return { at: `${page}:${String(line)}`, code, output, isComponent: language === 'tsx' };
  });
}

/** A pattern for what an example prints. */
export function outputPattern(output: string): RegExp {
  const escaped = output.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('…', '[^\\n]*')}$`);
}

/** The program that an example starts, if it starts one. */
export function programOf({ code }: Example): Extract<Program, QemuProgram> | undefined {
  const programs = ['qemu-system-x86_64', 'qemu-storage-daemon'] as const;
  return programs.find((program) => code.includes(program));
}

/** All that TypeScript 5.4 knows already. */
const STRICTEST = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  jsx: 'react-jsx',
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
};

/** Examples in the folder of one origin. */
export class ExampleSet {
  readonly #origin: Origin;
  readonly #examples: readonly Example[];
  readonly #sockets = mkdtempSync(join(tmpdir(), 'examples-'));

  constructor(examples: readonly Example[], origin: Origin) {
    this.#origin = origin;
    this.#examples = examples;
    for (const example of examples) this.#write(example);
  }

  /**
   * Compiles all examples without output.
   *
   * @param compilerOptions - In addition to the strictest ones, or instead of some of them.
   * @param tsc - TypeScript's command line program; default: the repository's.
   * @throws {Error} With what the compiler prints.
   */
  async compile(
    compilerOptions: object = {},
    tsc = join(ROOT, 'node_modules/typescript/bin/tsc'),
  ): Promise<void> {
    const { folder } = this.#origin;
    const all = { ...STRICTEST, ...this.#origin.compilerOptions, ...compilerOptions };
    const config = { compilerOptions: all, include: ['*.mts', '*.tsx'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch((error: unknown) => {
      throw new Error(compilerOutput(error));
    });
  }

  /**
   * Runs one example and resolves with what it prints. Rejects when its process fails.
   *
   * @param directory - Where it finds the programs that it starts, before the directories of `PATH`.
   */
  async run(example: Example, directory?: string): Promise<string> {
    await using server = this.#serverOf(example);
    await server?.listen();
    const file = `${this.#nameOf(example)}.mjs`;
    const path = process.env['PATH'] ?? '';
    const env =
      directory === undefined
        ? process.env
        : { ...process.env, PATH: directory + delimiter + path };
    const options = { cwd: this.#origin.folder, timeout: RUN_TIMEOUT_MS, env };
    return (await run(process.execPath, [file], options)).stdout;
  }

  /** Removes all files. */
  remove(): void {
    rmSync(this.#origin.folder, { recursive: true, force: true });
    rmSync(this.#sockets, { recursive: true, force: true });
  }

  /** As TypeScript, to be compiled, and as JavaScript, to be run. */
  #write(example: Example): void {
    const name = this.#nameOf(example);
    mkdirSync(join(this.#sockets, name));
    const code = example.code.replaceAll(
      /\/run\/(\w+)\/([\w.]+)/g,
      (_, directory: string, file: string) => this.#pathOf(name, `${directory}-${file}`),
    );
    const file = join(this.#origin.folder, name);
    if (example.isComponent) {
      if (this.#origin.hasReact) writeFileSync(`${file}.tsx`, code);
      return;
    }
    writeFileSync(`${file}.mts`, code);
    const compiled = transformSync(code, { loader: 'ts', target: 'node20' }).code;
    writeFileSync(`${file}.mjs`, compiled);
    const module = /^\/\/ ([\w-]+)\.ts$/m.exec(code.split('\n', 1)[0] ?? '')?.[1];
    if (module === undefined) return;
    writeFileSync(join(this.#origin.folder, `${module}.ts`), code);
    writeFileSync(join(this.#origin.folder, `${module}.js`), compiled);
  }

  #serverOf(example: Example): ScriptedQmpServer | undefined {
    if (!example.code.includes('/run/vm1/qmp.sock')) return undefined;
    const address = this.#pathOf(this.#nameOf(example), 'vm1-qmp.sock');
    return new ScriptedQmpServer({ address });
  }

  #pathOf(name: string, socket: string): string {
    return join(this.#sockets, name, socket);
  }

  #nameOf(example: Example): string {
    return `example-${String(this.#examples.indexOf(example))}`;
  }
}

const compilerOutput = (error: unknown): string =>
  error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
