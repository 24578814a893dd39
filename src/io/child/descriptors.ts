/**
 * Keeps descriptors that our process has inherited out of children.
 *
 * Node opens everything so that no child inherits it, and marks what it finds open when it starts; but it
 * looks at the first 16 descriptors only, and then up to the first number that is free. What a shell or a
 * service manager has opened beyond that would reach every child.
 */

import type { StdioOptions } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** The flag of a descriptor that children do not inherit, in Linux's `/proc/PID/fdinfo`. */
const CLOSE_ON_EXEC = 0o2000000;
/** The child's descriptors are numbered from 0 to the highest one that is replaced. */
const MAX_DESCRIPTOR = 4095;

/** Looked for once, because what Node opens itself is never inherited. */
let inherited: readonly number[] | undefined;

/** What a child has as its descriptors, by their numbers. */
export type Wires = Extract<StdioOptions, readonly unknown[]>;

/**
 * Calls `spawn` with descriptors for the child in which each of ours that it would inherit, but that is not
 * among those given, is replaced by an empty file. Linux only: elsewhere they are left as they are.
 */
export function withoutInherited<T>(given: Wires, spawn: (stdio: Wires) => T): T {
  const isGiven = (fd: number) => fd < given.length && given[fd] !== 'ignore';
  const unwanted = new Set((inherited ??= findInherited()).filter((fd) => !isGiven(fd)));
  if (unwanted.size === 0) return spawn(given);
  const empty = openSync('/dev/null', 'r+');
  try {
    const length = Math.max(given.length, ...[...unwanted].map((fd) => fd + 1));
    const wireOf = (fd: number) => (unwanted.has(fd) ? empty : (given[fd] ?? 'ignore'));
    return spawn(Array.from({ length }, (_, fd) => wireOf(fd)));
  } finally {
    closeSync(empty);
  }
}

function findInherited(): readonly number[] {
  if (process.platform !== 'linux') return [];
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isInherited);
  } catch {
    return [];
  }
}

function isInherited(fd: number): boolean {
  if (fd <= 2 || fd > MAX_DESCRIPTOR) return false;
  try {
    const [, flags = ''] =
      /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${String(fd)}`, 'latin1')) ?? [];
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false; // That of the directory, which is closed again.
  }
}
