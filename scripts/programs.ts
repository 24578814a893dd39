/** Programs of others, found on the PATH. */

import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is; `undefined` when it is not installed. */
export function findProgram(name: string): string | undefined {
  return directories()
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Where QEMU is: the one for this kind of machine, else any `qemu-system-*`. */
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
