/** The processes of the system, as `/proc` of Linux lists them. */

import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly pid: number;
  /** `Z` for a zombie. */
  readonly state: string;
  readonly group: number;
}

/** All processes, zombies included. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
        const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [{ pid, state, group: Number(group) }];
      } catch {
        return [];
      }
    });
}

/** The ids of the living processes of a group. */
export const living = (group: number | undefined): number[] =>
  processes().flatMap((each) => (each.group === group && each.state !== 'Z' ? [each.pid] : []));
