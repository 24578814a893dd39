/** What the operating system says of the process of a peer. Linux only: elsewhere nothing is known. */

import { readFile } from 'node:fs/promises';
import type { ProcessState } from '../core/heartbeat.ts';
import { codeOf } from '../core/shape.ts';
import { servingProcess } from './served-sockets.ts';

/** What `/proc/PID/stat` says, and when the process was started: another process may get the same id later. */
interface Stat {
  readonly state: ProcessState;
  readonly startTime: string;
}

/** Looks at processes, and recognizes one that it has looked at before. */
export class ProcessWatch {
  /** The process of the last look, and its start time. */
  #known: { readonly pid: number; readonly startTime: string } | undefined;

  /** Returns the state of a process. Never rejects. */
  async look(pid: number): Promise<ProcessState> {
    const stat = await readStat(pid);
    if (typeof stat === 'string') return stat;
    if (this.#known?.pid !== pid) this.#known = { pid, startTime: stat.startTime };
    return this.#known.startTime === stat.startTime ? stat.state : 'gone';
  }
}

/** Finds the process that serves a UNIX socket; not this one, which may have been dialled. Never rejects. */
export async function findPeer(path: string | undefined): Promise<number | undefined> {
  const pid = path === undefined ? undefined : await servingProcess(path);
  return pid === process.pid ? undefined : pid;
}

/** The states of proc(5): `T` after SIGSTOP, `t` in a debugger, `Z` and `X` after the end. */
const STATES: Readonly<Record<string, ProcessState>> = {
  T: 'stopped',
  t: 'stopped',
  Z: 'gone',
  X: 'gone',
  x: 'gone',
};

/** The name of the program, in parentheses, may hold anything. Then come the state, and as field 22 the start time. */
const STAT = /^\d+ \(.*\) (\S)((?: \S+){18}) (\d+) /s;

async function readStat(pid: number): Promise<Stat | 'gone' | 'unknown'> {
  try {
    const [, state = '', , startTime] = STAT.exec(await read(pid)) ?? [];
    if (startTime === undefined) return 'unknown';
    return { state: STATES[state] ?? 'running', startTime };
  } catch (error) {
    return isAbsent(error) && (await hasProcesses()) ? 'gone' : 'unknown';
  }
}

const read = (of: number | 'self'): Promise<string> =>
  readFile(`/proc/${String(of)}/stat`, 'latin1');

/** ESRCH: it has ended between the opening and the reading. */
const isAbsent = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '');

/** Whether processes can be looked at here. */
const hasProcesses = (): Promise<boolean> =>
  read('self').then(
    () => true,
    () => false,
  );
