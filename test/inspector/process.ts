/** Programs of their own, as child processes. All of them have ended after the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Inspector } from '../../inspector/src/index.ts';
import { cleanUp } from '../support/cleanup.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A child process, what it says, and its end. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number | undefined;
  readonly output: { stdout: string; stderr: string };
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<unknown>;
}

/** Runs Node, with TypeScript. */
export function run(args: readonly string[], environment: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => code ?? signal);
  cleanUp(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { process: child, pid: child.pid, output, ended };
}

/** Resolves when the child has said something of that form on standard output. */
export async function heard({ process, output }: Child, form: RegExp): Promise<RegExpExecArray> {
  const { stdout } = process;
  for (;;) {
    const found = form.exec(output.stdout);
    if (found !== null) return found;
    if (stdout === null || stdout.readableEnded) {
      throw new Error(`It ended without a word: ${output.stderr}`);
    }
    await Promise.race([once(stdout, 'data'), once(stdout, 'end')]);
  }
}

/** A program that reports a door of its name to an inspector, until it is to end. */
export async function startProgram(
  { url }: Inspector,
  name: string,
): Promise<{ readonly pid: number | undefined; end(): Promise<unknown> }> {
  const program = `
    import { createActor, createMachine } from 'xstate';
    import { inspectTo } from './src/inspect/index.ts';
    const { inspect } = inspectTo('${url}', { name: '${name}' });
    const states = { closed: { on: { OPEN: 'open' } }, open: {} };
    const actor = createActor(createMachine({ initial: 'closed', states }), { id: '${name}' });
    // Held: one that was collected is told to have stopped, and takes no events.
    globalThis.kept = actor;
    inspect.attach(actor);
    actor.start();
    console.log('started');
    process.stdin.resume();
  `;
  const child = run(['--input-type=module', '--eval', program]);
  await heard(child, /started/);
  return {
    pid: child.pid,
    end: () => {
      child.process.stdin?.end();
      return child.ended;
    },
  };
}
