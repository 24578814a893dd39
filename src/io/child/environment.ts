/** What a child gets of our environment, and where the programs are that start it. */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { ArgumentError, textOf } from '../../core/errors.ts';

/**
 * The variables that a minimal environment has: where programs, the home and temporary files are, who the
 * user is, the language, the time zone. Not among them: what loads code into a program (`NODE_OPTIONS`,
 * `LD_PRELOAD`, `PYTHONPATH`), tokens, proxies, and the sockets of agents and buses.
 */
const MINIMAL =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LANG|LC_(?:ALL|ADDRESS|COLLATE|CTYPE|IDENTIFICATION|MEASUREMENT|MESSAGES|MONETARY|NAME|NUMERIC|PAPER|TELEPHONE|TIME))$/;
/** Without these, most programs do not start on Windows, whose names have no case. */
const MINIMAL_ON_WINDOWS =
  /^(?:PATH|PATHEXT|SYSTEMROOT|SYSTEMDRIVE|WINDIR|TEMP|TMP|USERNAME|USERPROFILE|TZ|LANG)$/i;

/**
 * Returns the environment for Node's `spawn()`; `undefined` is ours.
 *
 * @throws {ArgumentError} When `env` is neither an object nor `'minimal'`.
 */
export function environmentOf(
  env: NodeJS.ProcessEnv | 'minimal' | undefined,
): NodeJS.ProcessEnv | undefined {
  if (env === 'minimal') return minimalEnvironment();
  const given: unknown = env;
  if (given === undefined || (typeof given === 'object' && given !== null)) return env;
  throw new ArgumentError(`env must be an object or 'minimal', not ${textOf(given)}`);
}

function minimalEnvironment(): NodeJS.ProcessEnv {
  const isKept = process.platform === 'win32' ? MINIMAL_ON_WINDOWS : MINIMAL;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isKept.test(name)));
}

/**
 * Returns the path of a helper program, such as `setpriv`. It is looked for on our own PATH: the system
 * would take the child's, which may come from a user who must not choose what runs with our rights.
 * Relative directories of the PATH are skipped, because the working directory may be anybody's.
 *
 * @throws {Error} When there is none: an error of the system, as `spawn()` reports it.
 */
export function findHelper(name: string): string {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const path = directories.map((directory) => join(directory, name)).find(isProgram);
  if (path !== undefined) return path;
  const facts = { code: 'ENOENT', errno: -2, syscall: `spawn ${name}`, path: name };
  throw Object.assign(new Error(`spawn ${name} ENOENT`), facts);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
