/** Another local user, as whom a test runs programs. Needs to run as root. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findProgram } from '../../scripts/programs.ts';
import { cleanUp } from './cleanup.ts';

/** The user `nobody`. */
const OTHER_ID = 65_534;

/** Whether programs can be run as another user. If not, one line says so. */
export const hasOtherUser = (): boolean => {
  if (process.getuid?.() === 0 && findProgram('setpriv') !== undefined) return true;
  console.warn('skipped: to run programs as another user needs root and setpriv');
  return false;
};

/** A running program, and the lines that it prints. */
export interface OtherProgram {
  readonly lines: readonly string[];
  /** Resolves when it has printed a line. */
  readonly printed: (line: string) => Promise<void>;
  /** Ends it, and resolves when it has ended. */
  readonly stop: () => Promise<void>;
}

/**
 * Runs a program for Node as another user, until the test ends.
 *
 * @param script - The program. Its arguments are in `process.argv`, from 1 on.
 * @param wrapper - A command that runs it.
 */
export const runAsOther = (
  script: string,
  args: readonly string[],
  wrapper: readonly string[] = [],
): OtherProgram => {
  const user = [`--reuid=${String(OTHER_ID)}`, `--regid=${String(OTHER_ID)}`, '--clear-groups'];
  return run(['setpriv', ...user, ...wrapper, process.execPath, '-e', script, ...args]);
};

/** Runs a program for Node as our own user, until the test ends. */
export const runAsSelf = (script: string, args: readonly string[]): OtherProgram =>
  run([process.execPath, '-e', script, ...args]);

function run([command = '', ...args]: readonly string[]): OtherProgram {
  const env = { PATH: process.env['PATH'] };
  const child = spawn(command, args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
  const program = follow(child);
  cleanUp(program.stop);
  return program;
}

function follow(child: ChildProcessWithoutNullStreams): OtherProgram {
  const lines: string[] = [];
  const checks = new Set<() => void>();
  const note = (line: string): void => {
    lines.push(line);
    for (const check of checks) check();
  };
  createInterface({ input: child.stdout }).on('line', note);
  createInterface({ input: child.stderr }).on('line', note);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      note('(ended)');
      resolve();
    });
  });
  const printed = (line: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (lines.includes(line)) resolve();
        else if (lines.includes('(ended)')) reject(new Error(`It ended: ${lines.join('\n')}`));
      };
      checks.add(check);
      check();
    });
  const stop = (): Promise<void> => {
    child.kill('SIGKILL');
    return ended;
  };
  return { lines, printed, stop };
}
