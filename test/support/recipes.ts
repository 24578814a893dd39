/** Runs the programs in `examples/qmp`, with one version of QEMU. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { cleanUp } from './cleanup.ts';
import { COMPILED } from './compiled.ts';

/** How a program has ended. */
interface End {
  /** Its exit code, or the signal that ended it. */
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A recipe that runs. It is killed after the test, if it still runs. */
export class Recipe {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  /** Resolves when it has exited and all that it printed was read. */
  readonly ended: Promise<End>;

  /**
   * @param qemu The path of QEMU. The recipe finds the other programs in the same directory.
   * @param name The file in `examples/qmp`, without its ending.
   */
  constructor(qemu: string, name: string, ...args: readonly string[]) {
    const path = dirname(qemu) + delimiter + (process.env['PATH'] ?? '');
    this.#child = spawn(process.execPath, [join(COMPILED, `examples/qmp/${name}.js`), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: path },
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        const exit = code ?? signal ?? 'unknown';
        resolve({ exit, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    cleanUp(async () => {
      this.#child.kill('SIGKILL');
      await this.ended;
    });
  }

  /**
   * Resolves when it has printed a text.
   *
   * @throws {Error} With all that it printed, when it ends without it.
   */
  async printed(text: string): Promise<void> {
    const gaveUp = new AbortController();
    void this.ended.then(() => {
      gaveUp.abort();
    });
    while (!this.#stdout.includes(text)) {
      const { stdout } = this.#child;
      if (stdout === null) throw new Error('It has no output');
      await once(stdout, 'data', gaveUp).catch(() => {
        if (!this.#stdout.includes(text)) {
          throw new Error(`It ended without '${text}': ${this.#stdout}${this.#stderr}`);
        }
      });
    }
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** The processes that it has started and that are left. */
  children(): readonly number[] {
    const pid = String(this.#child.pid);
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  }
}

/**
 * Runs a recipe to its end, and resolves with what it prints.
 *
 * @throws {Error} When it fails.
 */
export async function runRecipe(
  qemu: string,
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const { exit, stdout, stderr } = await new Recipe(qemu, name, ...args).ended;
  if (exit !== 0 || stderr !== '') throw new Error(`${name}: ${String(exit)}\n${stdout}${stderr}`);
  return stdout;
}
