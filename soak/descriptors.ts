/** How many files a process may have open. */

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
    // Node raises the soft limit to the hard one where it can, and macOS has no /proc to ask.
    return [Infinity, Infinity];
  }
}

/** How many this process may have open. */
export const descriptorLimit = (): number => limits()[0];

const RAISED = 'WIRECHART_SOAK_RAISED';

/**
 * Runs this program again with a higher limit, where it needs one and may have it.
 *
 * @returns Its exit code; `undefined` where there is nothing to be done, or nothing that can be.
 */
export function rerunWithDescriptors(needed: number): number | undefined {
  const [soft, hard] = limits();
  if (soft >= needed || hard <= soft || process.env[RAISED] !== undefined) return undefined;
  const wanted = String(Math.min(hard, needed));
  const args = ['-c', 'ulimit -n "$0" && exec "$@"', wanted, process.execPath];
  const { status } = spawnSync('sh', [...args, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [RAISED]: wanted },
  });
  return status ?? 1;
}
