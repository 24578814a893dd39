/**
 * The tests in this folder use the packages as their users do: they import them by name. `npm test` finds
 * the names in the sources, and `npm run test:packed` in packages that were packed and installed.
 *
 * Each file is about one thing that a user ran into, and is called by its number in the list of them.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';

export { makeCertificates } from '../support/certificates.ts';
export { secondsToProbe } from '../support/keep-alive.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder from which Node finds the packages. */
    users: string;
  }
}

/** How a program has ended, and what it has printed. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Writes a program into a folder of its own, from which it finds the packages; returns its path. */
export function writeProgram(code: string): string {
  const folder = mkdtempSync(join(inject('users'), 'program-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'main.mjs');
  writeFileSync(path, code);
  return path;
}

/** How long a program may take, in ms; then it is killed, and `signal` says so. */
const PROGRAM_TIMEOUT_MS = 15_000;

/** Runs an ES module in a process of its own until it exits by itself. */
export function runProgram(
  code: string,
  { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramEnd> {
  const options = {
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: { ...process.env, NODE_OPTIONS: undefined, ...env },
  } as const;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...args, writeProgram(code)],
      options,
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
      },
    );
  });
}

/** What a call throws, or its promise rejects with. Throws when it does neither. */
export async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('It has not thrown');
}

/** A promise, and the function that resolves it. */
export function defer(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
