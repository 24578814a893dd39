/** The limit of open files of this process. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

function limits(): readonly [soft: number, hard: number] {
  try {
    const found = /^Max open files\s+(\S+)\s+(\S+)/m.exec(
      readFileSync('/proc/self/limits', 'utf8'),
    );
    const numberOf = (text = '') => (text === 'unlimited' ? Infinity : Number(text));
    return [numberOf(found?.[1]), numberOf(found?.[2])];
  } catch {
    // No /proc, as on macOS. Node raises the soft limit to the hard limit if it can.
    return [Infinity, Infinity];
  }
}

/** How many descriptors this process may have open. */
export const descriptorLimit = (): number => limits()[0];

const RAISED_ENV = 'WIRECHART_SOAK_RAISED';

/**
 * Runs this program again with a higher limit, if that is needed and allowed.
 *
 * @returns The exit code of that run; `undefined` when the limit suffices or cannot be raised.
 */
export function rerunWithDescriptors(needed: number): number | undefined {
  const [soft, hard] = limits();
  if (soft >= needed || hard <= soft || process.env[RAISED_ENV] !== undefined) return undefined;
  const wanted = String(Math.min(hard, needed));
  const args = ['-c', 'ulimit -n "$0" && exec "$@"', wanted, process.execPath];
  const { status } = spawnSync('sh', [...args, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [RAISED_ENV]: wanted },
  });
  return status ?? 1;
}
