/** The programs of the examples, and of packages that tests need, each started for one test. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { spawnPeer, type SpawnedPeer } from '../../src/index.ts';
import { cleanUp } from './cleanup.ts';
import { ROOT } from './source-packages.ts';

const execute = promisify(execFile);

/** How long a test may take that starts programs, in ms: on a busy machine each start takes seconds. */
export const PROGRAM_TEST_MS = 120_000;
/** How long such a program may take until it has exited. */
const PATIENCE_MS = 30_000;
/** The deadlines of a connection to such a program. */
export const PATIENT = { handshake: 60_000, drain: PATIENCE_MS, close: 2 * PATIENCE_MS };

/** The arguments of Node for a program in TypeScript. */
export const nodeArgs = (program: string): readonly string[] => ['--import', 'tsx', program];

/** The file of a module that a package has. */
export const fileOf = (module: string): string => fileURLToPath(import.meta.resolve(module));

/**
 * Starts a program of Node that speaks over its standard input and output. It is killed after the test.
 *
 * @param exit - How long it may take to exit by itself, in ms.
 */
export function startProgram(args: readonly string[], exit = PATIENCE_MS): SpawnedPeer {
  const peer = spawnPeer(process.execPath, args, {
    stdio: 'stdio',
    cwd: ROOT,
    timeouts: { exit },
  });
  cleanUp(() => {
    peer.kill('SIGKILL');
    return peer.exited;
  });
  return peer;
}

/** Runs the program of an example, and resolves with what it prints. Rejects when it fails. */
export async function outputOf(program: string): Promise<string> {
  const options = { cwd: ROOT, timeout: PROGRAM_TEST_MS };
  return (await execute(process.execPath, nodeArgs(program), options)).stdout;
}
