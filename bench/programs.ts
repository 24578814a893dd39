/** Servers that are not ours, if they are installed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findProgram } from '../scripts/programs.ts';
import { dial } from './rpc.ts';

/** How long a program may take until it listens. */
const MAX_START_MS = 10_000;

/**
 * Calls `work` while a program runs, and kills it afterwards. Says in one line that it is not installed, and
 * does nothing else then.
 *
 * @param args - Its arguments; without its standard output and error.
 * @param isUp - Resolves when it can be connected to, and rejects as long as it cannot.
 */
export async function* withProgram<T>(
  name: string,
  args: readonly string[],
  isUp: () => Promise<unknown>,
  work: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  const path = findProgram(name);
  if (path === undefined) {
    console.error(`skipped: ${name} is not installed`);
    return;
  }
  const child = spawn(path, args, { stdio: 'ignore' });
  const closed = once(child, 'close');
  try {
    await untilUp(child, isUp);
    yield* work();
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

async function untilUp(child: ChildProcess, isUp: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + MAX_START_MS;
  for (;;) {
    try {
      await isUp();
      return;
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Resolves when something listens on a path. */
export async function isListening(path: string): Promise<void> {
  (await dial(path)).destroy();
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('The server has no port');
  return bound.port;
}
