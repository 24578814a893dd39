/** Programs as child processes, which are killed after the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Inspector } from '../../inspector/src/index.ts';
import { cleanUp } from '../support/cleanup.ts';
import { COMPILED } from '../support/compiled.ts';

/** A child process, its output and its exit. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number | undefined;
  readonly output: { stdout: string; stderr: string };
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<unknown>;
}

/** Runs Node in the folder of the compiled sources. */
export function runNode(args: readonly string[], environment: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, args, {
    cwd: COMPILED,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const exited = once(child, 'close').then(([code, signal]: unknown[]) => code ?? signal);
  cleanUp(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { process: child, pid: child.pid, output, exited };
}

/** Resolves when the child's standard output matches a pattern. */
export async function outputMatching(
  { process, output }: Child,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  const { stdout } = process;
  for (;;) {
    const found = pattern.exec(output.stdout);
    if (found !== null) return found;
    if (stdout === null || stdout.readableEnded) {
      throw new Error(`The child exited without this output: ${output.stderr}`);
    }
    await Promise.race([once(stdout, 'data'), once(stdout, 'end')]);
  }
}

/** Starts a program that reports a door with the program's name to an inspector. */
export async function startProgram(
  { url }: Inspector,
  name: string,
): Promise<{ readonly pid: number | undefined; exit(): Promise<unknown> }> {
  const program = `
    import { createActor, createMachine } from 'xstate';
    import { inspectTo } from './src/inspect/index.js';
    const { inspect } = inspectTo('${url}', { name: '${name}', control: true });
    const states = { closed: { on: { OPEN: 'open' } }, open: {} };
    const actor = createActor(createMachine({ initial: 'closed', states }), { id: '${name}' });
    // Kept alive: garbage collection would be reported as a stop.
    globalThis.kept = actor;
    inspect.attach(actor);
    actor.start();
    console.log('started');
    process.stdin.resume();
  `;
  const child = runNode(['--input-type=module', '--eval', program]);
  await outputMatching(child, /started/);
  return {
    pid: child.pid,
    exit: () => {
      child.process.stdin?.end();
      return child.exited;
    },
  };
}
