/** The peer of `npm start`: an existing monitor, a QEMU started for the run, or a scripted server. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../src/index.ts';
import { ScriptedQmpServer } from '../src/testing/index.ts';
import { findQemu } from './programs.ts';

/** A QMP monitor to connect to. */
export interface Peer {
  readonly description: string;
  readonly address: Address;
  /** Whether this program started the peer and must end it. */
  readonly isOurs: boolean;
  /** Ends the peer, if this program started it, and removes its files. */
  dispose(): Promise<void>;
}

/** The program was called with invalid arguments. */
export class UsageError extends Error {}

/** How long QEMU may take to open its monitor. */
const START_DEADLINE_MS = 10_000;

/**
 * Returns the monitor at `argument` (`unix:PATH` or `tcp:HOST:PORT`). Without an argument, starts QEMU if
 * it is installed, and otherwise a scripted server.
 *
 * @throws {UsageError} When the argument is not an address.
 */
export async function findPeer(argument: string | undefined): Promise<Peer> {
  if (argument !== undefined) return existingPeer(argument);
  const qemu = findQemu();
  return qemu === undefined ? startScriptedServer() : startQemu(qemu);
}

function existingPeer(argument: string): Peer {
  const path = /^unix:(.+)$/.exec(argument)?.[1];
  const tcp = /^tcp:(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d+)$/.exec(argument)?.groups;
  const address = path ?? (tcp && { host: tcp['v6'] ?? tcp['name'], port: Number(tcp['port']) });
  if (address === undefined) {
    throw new UsageError(`'${argument}' is not an address: use unix:/path or tcp:host:port`);
  }
  return {
    description: `the monitor at ${argument}`,
    address,
    isOurs: false,
    dispose: () => Promise.resolve(),
  };
}

async function startScriptedServer(): Promise<Peer> {
  const server = new ScriptedQmpServer();
  return {
    description: 'an embedded scripted server, because no qemu-system-* was found on the PATH',
    address: await server.listen(),
    isOurs: true,
    dispose: () => server.close(),
  };
}

async function startQemu(qemu: string): Promise<Peer> {
  const directory = mkdtempSync(join(tmpdir(), 'wirechart-'));
  const path = join(directory, 'qmp.sock');
  const machine = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
  const child = spawn(qemu, [...machine, '-qmp', `unix:${path},server=on,wait=off`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // When a signal ends this program, QEMU and the directory must not be left behind.
  const cleanUp = () => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', cleanUp);
  const dispose = async () => {
    await endProcess(child);
    process.off('exit', cleanUp);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await waitForMonitor(child, path);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { description: `${qemu}, started for this run`, address: path, isOurs: true, dispose };
}

/** Waits for the monitor's socket file. When QEMU fails, its standard error goes into the error. */
async function waitForMonitor(child: ChildProcess, path: string): Promise<void> {
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr = (stderr + text.toString()).slice(-2000)));
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!existsSync(path)) {
    const { exitCode, signalCode } = child;
    if (failure !== undefined || exitCode !== null || signalCode !== null) {
      const end = `exit code ${String(exitCode)}, signal ${String(signalCode)}`;
      throw new Error(`QEMU did not start (${failure?.message ?? end}): ${stderr.trim()}`);
    }
    if (performance.now() > deadline)
      throw new Error(`QEMU opened no monitor in ${String(START_DEADLINE_MS)} ms: ${stderr}`);
    await delay(5);
  }
}

/** Waits until the process has exited; sends it SIGTERM after 2 s, and SIGKILL after 2 s more. */
async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const timer = new AbortController();
    const late = delay(2000, true, { signal: timer.signal }).catch(() => false);
    const isLate = await Promise.race([exit.then(() => false), late]);
    timer.abort();
    if (!isLate) return;
    child.kill(signal);
  }
  await exit;
}
