/** Runs whole programs as child processes. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanUp } from '../support/cleanup.ts';
import { COMPILED } from '../support/compiled.ts';

/** The exit code and output of a program. */
export interface Exit {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program. */
interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Command-line options of Node. */
  readonly flags?: readonly string[];
  /** Called with the running program. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/**
 * Runs a program until it exits. In scope are XState as `x`, the library as `w`, its inspection as `i`,
 * and the machine `lamp`, which TOGGLE switches.
 */
export async function run(
  program: string,
  { env, flags = [], onSpawn }: RunOptions = {},
): Promise<Exit> {
  const script = `
    import * as x from 'xstate';
    import * as w from './src/index.js';
    import * as i from './src/inspect/index.js';
    import { Feed } from './src/inspect/feed.js';
    const states = { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } };
    const lamp = x.createMachine({ id: 'lamp', initial: 'off', states });
    ${program}
  `;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    cwd: COMPILED,
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'pipe',
  });
  onSpawn?.(child);
  cleanUp(() => child.kill('SIGKILL')); // Still running only if the test has failed.
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const closed: unknown[] = await once(child, 'close');
  return { code: closed[0], ...output };
}
