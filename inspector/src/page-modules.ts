/**
 * Compiles the page's modules, which only a checkout needs: a package has them compiled.
 *
 * A browser asks for all of them when it opens the page. So they are compiled together when an inspector
 * starts, and kept below `node_modules/.cache` by their content: then only changed ones are compiled.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the name of a kept file depends on besides the source: to be changed with what is done to it. */
const VERSION = '2';

/** Modules of TypeScript, as JavaScript. */
export class PageModules {
  readonly #folder: string;
  /** By the hash of their sources. */
  readonly #compiled = new Map<string, Promise<string>>();

  /** @param folder - Where compiled modules are kept. Failures to write there are ignored. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The JavaScript of a module. Modules that are asked for at the same time are compiled together.
   *
   * @throws {Error} When it cannot be compiled. The next call tries again.
   */
  compiled(source: string): Promise<string> {
    const hash = createHash('sha256').update(VERSION).update(source).digest('hex').slice(0, 32);
    const known = this.#compiled.get(hash);
    if (known !== undefined) return known;
    const compiling = this.#compile(source, join(this.#folder, `${hash}.js`));
    this.#compiled.set(hash, compiling);
    compiling.catch(() => this.#compiled.delete(hash));
    return compiling;
  }

  async #compile(source: string, file: string): Promise<string> {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // It has not been compiled yet.
    }
    const { transform } = await import('esbuild');
    const options = { loader: 'ts', target: 'es2023' } as const;
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
    const { code } = await transform(source, { ...options, tsconfigRaw });
    const text = code.replace(TYPESCRIPT_PATH, '$1.js$2');
    keep(file, text);
    return text;
  }
}

const MAX_KEPT = 2_000;
/** The path of an imported module. */
const TYPESCRIPT_PATH = /((?:from|import)\s*\(?\s*["']\.{1,2}\/[a-z./-]+)\.ts(["'])/g;

/** Other processes may do the same, so the file appears at once and complete. */
function keep(file: string, text: string): void {
  const unfinished = `${file}.${String(process.pid)}`;
  try {
    const folder = dirname(file);
    mkdirSync(folder, { recursive: true });
    const kept = readdirSync(folder);
    // Those of earlier sources are not used again.
    if (kept.length >= MAX_KEPT) for (const name of kept) rmSync(join(folder, name));
    writeFileSync(unfinished, text);
    renameSync(unfinished, file);
  } catch {
    // It is compiled again the next time.
  }
}
