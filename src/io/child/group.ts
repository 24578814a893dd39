/**
 * The process group that a child leads: signals all of its processes, and finds out when the last
 * one has ended.
 *
 * The kernel does not use the number of a group again while the group has a process. So the number
 * is safe until the group was found to be empty, and is not used after that.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { startTimer } from '../../async/timer.ts';
import { codeOf } from '../../core/shape.ts';

/** How often an emptying group is looked at: soon at first, because most groups end at once. */
const FIRST_CHECK_MS = 1;
const MAX_CHECK_MS = 50;
/**
 * How long zombies count. The first process of a system reaps those whose parent has ended, at once
 * as a rule, but some containers have one that does it late or never.
 */
const MAX_ZOMBIE_MS = 30;

/** A process group, whose number is the process id of its leader. */
export class ProcessGroup {
  readonly #id: number;
  #isEmpty = false;
  /** A process that was alive when the group was last looked at; it saves the search for another. */
  #member: number | undefined;

  constructor(id: number) {
    this.#id = id;
  }

  /**
   * Sends a signal to all processes of the group. Returns whether one received it: none does that
   * belongs to another user. Throws when there is no such signal.
   */
  signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#isEmpty) return false;
    try {
      return process.kill(-this.#id, signal);
    } catch (error) {
      if (codeOf(error) === 'EPERM') return false;
      if (codeOf(error) !== 'ESRCH') throw error;
      this.#isEmpty = true;
      return false;
    }
  }

  /** Whether no process of the group is left. May be asked only after the leader has exited. */
  isEmpty(): boolean {
    this.signal(0);
    return this.#isEmpty;
  }

  /** Resolves when no process of the group is left. To be called after the leader has exited. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      const check = (ms: number, zombieMs: number): void => {
        this.#isEmpty ||= zombieMs >= MAX_ZOMBIE_MS;
        if (this.isEmpty()) {
          resolve();
          return;
        }
        const isDead = !this.#hasLivingMember();
        startTimer(ms, () => {
          check(Math.min(2 * ms, MAX_CHECK_MS), isDead ? zombieMs + ms : 0);
        });
      };
      check(FIRST_CHECK_MS, 0);
    });
  }

  /** Without a `/proc` as Linux has it, zombies count as living; the system reaps them soon. */
  #hasLivingMember(): boolean {
    if (this.#member !== undefined && groupOf(this.#member) === this.#id) return true;
    const pids = processIds();
    if (pids === undefined) return true;
    // Looked for twice, because a process may have forked and exited during the first search.
    this.#member = this.#memberAmong(pids) ?? this.#memberAmong(processIds() ?? []);
    return this.#member !== undefined;
  }

  #memberAmong(pids: readonly number[]): number | undefined {
    return pids.find((pid) => groupOf(pid) === this.#id);
  }
}

/** The ids of all processes; `undefined` when the system does not list them. */
function processIds(): number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return pids.includes(process.pid) ? pids : undefined;
  } catch {
    return undefined;
  }
}

/** The group of a living process; `undefined` when it is a zombie, or has gone. */
function groupOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    // After the name, which may contain anything: the state, the parent, the group.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(group);
  } catch {
    return undefined;
  }
}
