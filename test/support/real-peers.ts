/** Real programs that speak QMP, each started for one test. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe } from 'vitest';
import { QEMU_VERSIONS } from '../../scripts/qemu-versions.ts';
import { type Address, ConnectError } from '../../src/index.ts';
import { NegotiationError, QmpClient, type QmpOptions } from '../../src/qmp/index.ts';
import { cleanUp, tempDir, track } from './cleanup.ts';
import { listen } from './peers.ts';
import { type Program, type QemuProgram, requirePeer, requireQemu } from './required.ts';
import { turn } from './signal.ts';

/** How long a program may take until it listens. */
const MAX_START_MS = 10_000;

/**
 * Runs tests that need a program. If it is not installed, they are skipped, and one line says so;
 * with `WIRECHART_REQUIRE_PEERS=1` in the environment the file fails instead.
 */
export function describePeer(program: Program, tests: (path: string) => void): void {
  const path = requirePeer(program);
  describe.skipIf(path === undefined)(program, () => {
    tests(path ?? program);
  });
}

/**
 * Runs tests with each version of QEMU: the machine's own, and those that `scripts/qemu-versions.ts` fetches.
 * The titles name the version. One that is missing is skipped, or fails the file, as in `describePeer()`.
 *
 * @param tests Gets the path of the program, and its version as `7.2`.
 */
export function describeEachQemu(tests: (path: string, version: string) => void): void {
  describeEachVersion('qemu-system-x86_64', tests);
}

/** `describeEachQemu()` with another program of QEMU. */
export function describeEachVersion(
  program: Extract<Program, QemuProgram>,
  tests: (path: string, version: string) => void,
): void {
  const own = requirePeer(program);
  const others = QEMU_VERSIONS.map((version) => [version, requireQemu(version, program)] as const);
  const all = [[own === undefined ? 'installed' : versionOf(own), own], ...others] as const;
  for (const [version, path] of all) {
    describe.skipIf(path === undefined)(`${program} ${version}`, () => {
      tests(path ?? program, version);
    });
  }
}

/** What the programs say of their versions. */
const versions = new Map<string, string>();

/** Returns the version of a program of QEMU as `7.2`. */
function versionOf(path: string): string {
  let version = versions.get(path);
  if (version === undefined) {
    const output = execFileSync(path, ['--version'], { encoding: 'utf8' });
    version = /\d+\.\d+/.exec(output)?.[0] ?? 'of an unknown version';
    versions.set(path, version);
  }
  return version;
}

/** A program that is killed after the test, if it still runs. */
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
        resolve(code ?? signal ?? 'unknown');
      });
    });
    cleanUp(async () => {
      this.child.kill('SIGKILL');
      await this.exited;
    });
  }

  /** Connects a new client as soon as the program listens. */
  async connect(address: Address, options?: QmpOptions): Promise<QmpClient> {
    const client = track(new QmpClient(options));
    await this.connectWithRetry(() => client.connect(address));
    return client;
  }

  /**
   * Calls `connect` again as long as it fails because the program does not listen yet, or has only begun to:
   * QEMU 7.2 was seen, once, to lose a byte of a client that it accepted while it started.
   *
   * @throws Any other error of `connect`, and an `Error` when the program has exited.
   */
  async connectWithRetry(connect: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + MAX_START_MS;
    for (;;) {
      try {
        await connect();
        return;
      } catch (error) {
        if (!(error instanceof ConnectError) || performance.now() > deadline) throw error;
        const isAbsent = error.phase === 'connection' && error.retryable;
        const isGarbled =
          error.cause instanceof NegotiationError &&
          error.cause.description?.startsWith('JSON parse error') === true;
        if (!isAbsent && !isGarbled) throw error;
      }
      const ended = await Promise.race([this.exited, pause(10)]);
      if (ended !== undefined) throw this.#failure(ended);
    }
  }

  /** Settles as `promise` does, or rejects when the program exits before. */
  async unlessExited<T>(promise: Promise<T>): Promise<T> {
    const failed = this.exited.then((ended) => {
      throw this.#failure(ended);
    });
    return Promise.race([promise, failed]);
  }

  #failure(ended: number | string): Error {
    return new Error(`${this.child.spawnfile} has exited (${String(ended)}): ${this.#stderr}`);
  }
}

/** Starts a QEMU machine without devices, whose CPU is stopped. */
export function startQemu(path: string, ...args: readonly string[]): RealPeer {
  const minimal = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
  return new RealPeer(path, [...minimal, ...args]);
}

/**
 * Arguments of QEMU for a monitor that dials a UNIX socket, and dials again about a second after each session.
 * From 9.2 on there is `reconnect-ms`, and QEMU 11.1 no longer knows `reconnect`.
 *
 * @param version The version of QEMU, as `7.2`.
 */
export function dialingMonitor(path: string, version: string): readonly string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const reconnect = major > 9 || (major === 9 && minor >= 2) ? 'reconnect-ms=1000' : 'reconnect=1';
  const chardev = `socket,id=c,path=${path},server=off,${reconnect}`;
  return ['-chardev', chardev, '-mon', 'chardev=c,mode=control'];
}

/** Starts a program that has its monitor on a UNIX socket in a private directory. */
export async function onSocket(
  start: (socket: string) => RealPeer,
): Promise<{ peer: RealPeer; address: string; directory: string }> {
  const directory = await tempDir();
  const address = join(directory, 'qmp.sock');
  return { peer: start(address), address, directory };
}

/**
 * Stops a program with SIGSTOP, and waits until it has stopped: a signal reaches a process some time after
 * it was sent, and each of its threads at another time.
 */
export async function suspend(child: {
  readonly pid?: number | undefined;
  kill(signal: NodeJS.Signals): boolean;
}): Promise<void> {
  child.kill('SIGSTOP');
  while (!hasStopped(child.pid ?? 0)) await turn();
}

function hasStopped(pid: number): boolean {
  const threads = `/proc/${String(pid)}/task`;
  // Only Linux has this folder, and only until the process has exited.
  if (!existsSync(threads)) return true;
  try {
    return readdirSync(threads).every((thread) =>
      /^\d+ \(.*\) T /.test(readFileSync(`${threads}/${thread}/stat`, 'utf8')),
    );
  } catch {
    return false; // A thread has ended meanwhile.
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const bound = await listen(server, { host: '127.0.0.1', port: 0 });
  server.close();
  await once(server, 'close');
  if ('path' in bound) throw new Error('The server is bound to a path');
  return bound.port;
}
