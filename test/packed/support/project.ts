/** The projects in which the packed packages are installed: see `set-up.ts`. */

import { execFile, type ExecFileOptions } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    packed: string;
  }
}

const folder = inject('packed');
const exec = promisify(execFile);

/** A project with nothing but the packages and XState. */
export const PROJECT = join(folder, 'project');
/** A project with nothing but wirechart-inspect and XState. */
export const ALONE = join(folder, 'alone');
/** A project with the packages, a second copy of wirechart, and the tools of users. */
export const TOOLS = join(folder, 'tools');

/** The packages with the subpaths that they export. */
export const ENTRIES = [
  'wirechart',
  'wirechart/codecs',
  'wirechart/qmp',
  'wirechart/qapi/7.2',
  'wirechart/qapi/10.0',
  'wirechart/qapi/11.1',
  'wirechart/inspect',
  'wirechart/rpc',
  'wirechart/testing',
  'wirechart-inspect',
  'wirechart-inspector',
] as const;

/** What a process has printed. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program. Rejects with what it has printed when it fails. */
export async function run(
  file: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<Output> {
  try {
    const env = { ...(options.env ?? process.env), NO_COLOR: '1', FORCE_COLOR: undefined };
    const { stdout, stderr } = await exec(file, args, { timeout: 110_000, ...options, env });
    return { stdout: String(stdout), stderr: String(stderr) };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Partial<Output>;
    throw new Error(`${String(error)}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** Creates a folder for the files of one test in a project, where its packages are found. */
export const folderIn = (project: string): string => mkdtempSync(join(project, 'test-'));

/** Writes a program into a new folder of a project, and returns its path. */
export function program(project: string, name: string, code: string): string {
  const path = join(folderIn(project), name);
  writeFileSync(path, code);
  return path;
}

/** Runs a program of a project, and returns what it prints as JSON. */
export async function evaluate(
  project: string,
  name: string,
  code: string,
  { node = process.execPath, args = [] as readonly string[] } = {},
): Promise<unknown> {
  const { stdout } = await run(node, [...args, program(project, name, code)], { cwd: project });
  return JSON.parse(stdout);
}
