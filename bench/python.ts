/** Runs Python's client of QMP, if the module `qemu.qmp` is installed. */

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Run } from './measure.ts';

const PROGRAM = 'python3';
const SCRIPT = fileURLToPath(new URL('peers/qmp_client.py', import.meta.url));

/** Whether `python3` is installed, and finds the module: `pip install qemu.qmp`, or PYTHONPATH. */
export const hasQemuQmp = (): boolean =>
  spawnSync(PROGRAM, ['-c', 'import qemu.qmp'], { stdio: 'ignore' }).status === 0;

/** Runs it once. It measures itself, without its start. */
export async function runPython(args: readonly string[]): Promise<Run> {
  const { stdout } = await promisify(execFile)(PROGRAM, [SCRIPT, ...args]);
  const { ms, rate, cpu } = JSON.parse(stdout) as Readonly<Record<'ms' | 'rate' | 'cpu', number>>;
  return { ms, figures: [rate, cpu] };
}
