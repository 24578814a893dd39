/** Runs the programs of the examples, as their readers do. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './source-packages.ts';

const TIMEOUT_MS = 60_000;

/**
 * Runs a program of the examples with `tsx`, which finds `wirechart` in the sources, and resolves with what it
 * prints. Rejects when the program fails, or prints to its standard error.
 *
 * @param file - Relative to the folder of the examples.
 */
export async function runExample(file: string, ...args: readonly string[]): Promise<string> {
  const command = ['--import', 'tsx', join('examples', file), ...args];
  const options = { cwd: ROOT, timeout: TIMEOUT_MS };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, options);
  if (stderr !== '') throw new Error(`${file} printed: ${stderr}`);
  return stdout;
}
