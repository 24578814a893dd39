/** Finds installed programs on the PATH. */

import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of a program; `undefined` when it is not installed. */
export function findProgram(name: string): string | undefined {
  return directories()
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Returns the path of QEMU: the one for this CPU architecture if installed, else any `qemu-system-*`. */
export function findQemu(): string | undefined {
  const native = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
  return findProgram(native) ?? directories().flatMap(qemusIn).find(isExecutable);
}

const directories = (): string[] =>
  (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');

function qemusIn(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /^qemu-system-\w+$/.test(name));
    return names.map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
