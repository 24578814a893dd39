/** Programs of others that speak QMP, each started for one test, in a directory of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe } from 'vitest';
import { type Address, ConnectError } from '../../src/index.ts';
import { QmpClient, type QmpOptions } from '../../src/qmp/index.ts';
import { cleanUp, tempDir, track } from './cleanup.ts';
import { listen } from './peers.ts';
import { type Program, requirePeer } from './required.ts';

/** How long a program may take until it can be talked to. */
const PATIENCE_MS = 10_000;

/**
 * The tests of a program. Where it is not installed they are skipped, with one line that says so;
 * with `WIRECHART_REQUIRE_PEERS=1` in the environment the file fails instead.
 */
export function describePeer(program: Program, tests: (path: string) => void): void {
  const path = requirePeer(program);
  describe.skipIf(path === undefined)(program, () => {
    tests(path ?? program);
  });
}

/** A program that runs; it is killed after the test, if it still does. */
export class RealPeer {
  readonly child: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  #stderr = '';

  constructor(path: string, args: readonly string[]) {
    this.child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => {
        resolve(error.message);
      });
      this.child.once('close', (code, signal) => {
        resolve(code ?? signal ?? 'nobody knows how');
      });
    });
    cleanUp(async () => {
      this.child.kill('SIGKILL');
      await this.exited;
    });
  }

  /** A new client that is connected to it, as soon as it listens. */
  async connect(address: Address, options?: QmpOptions): Promise<QmpClient> {
    const client = track(new QmpClient(options));
    await this.accepting(() => client.connect(address));
    return client;
  }

  /**
   * Calls `connect` until it does not fail for want of somebody who listens.
   *
   * @throws What it throws otherwise, and an `Error` when the program has ended.
   */
  async accepting(connect: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        await connect();
        return;
      } catch (error) {
        const absent = error instanceof ConnectError && error.phase === 'connection';
        if (!absent || !error.retryable || performance.now() > deadline) throw error;
      }
      const ended = await Promise.race([this.exited, pause(10)]);
      if (ended !== undefined) throw this.#failure(ended);
    }
  }

  /** The same promise, unless the program ends before. */
  async meanwhile<T>(promise: Promise<T>): Promise<T> {
    const failed = this.exited.then((ended) => {
      throw this.#failure(ended);
    });
    return Promise.race([promise, failed]);
  }

  #failure(ended: number | string): Error {
    return new Error(`${this.child.spawnfile} has ended (${String(ended)}): ${this.#stderr}`);
  }
}

/** A machine without anything in it, which does not run yet. */
export function startQemu(path: string, ...args: readonly string[]): RealPeer {
  const nothing = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
  return new RealPeer(path, [...nothing, ...args]);
}

/** A program with its monitor on a UNIX socket in a private directory. */
export async function onSocket(
  start: (socket: string) => RealPeer,
): Promise<{ peer: RealPeer; address: string; directory: string }> {
  const directory = await tempDir();
  const address = join(directory, 'qmp.sock');
  return { peer: start(address), address, directory };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const bound = await listen(server, { host: '127.0.0.1', port: 0 });
  server.close();
  await once(server, 'close');
  if ('path' in bound) throw new Error('A port was asked for');
  return bound.port;
}
