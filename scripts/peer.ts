/** The peer of `npm start`: a monitor that exists, a QEMU of our own, or a scripted server. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../src/index.ts';
import { ScriptedQmpServer } from '../src/testing/index.ts';
import { findQemu } from './programs.ts';

/** A monitor to connect to. */
export interface Peer {
  readonly description: string;
  readonly address: Address;
  /** Whether it is ours to end. */
  readonly isOurs: boolean;
  /** Ends it, if it is ours and has not ended; nothing of it is left then. */
  dispose(): Promise<void>;
}

/** Something that the person at the keyboard can mend. */
export class UsageError extends Error {}

/** How long QEMU may take to open its monitor, in ms. */
const START_DEADLINE = 10_000;

/**
 * The peer that `argument` names (`unix:PATH`, `tcp:HOST:PORT`); without one, QEMU if it is installed,
 * else a scripted server.
 *
 * @throws {UsageError} When the argument is no address.
 */
export async function findPeer(argument: string | undefined): Promise<Peer> {
  if (argument !== undefined) return existing(argument);
  const qemu = findQemu();
  return qemu === undefined ? scripted() : spawned(qemu);
}

function existing(argument: string): Peer {
  const path = /^unix:(.+)$/.exec(argument)?.[1];
  const tcp = /^tcp:(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d+)$/.exec(argument)?.groups;
  const address = path ?? (tcp && { host: tcp['v6'] ?? tcp['name'], port: Number(tcp['port']) });
  if (address === undefined) {
    throw new UsageError(`${argument} is no address: give unix:/path or tcp:host:port`);
  }
  return {
    description: `the monitor at ${argument}`,
    address,
    isOurs: false,
    dispose: () => Promise.resolve(),
  };
}

async function scripted(): Promise<Peer> {
  const server = new ScriptedQmpServer();
  return {
    description: 'an embedded scripted server, because no qemu-system-* is installed',
    address: await server.listen(),
    isOurs: true,
    dispose: () => server.close(),
  };
}

async function spawned(qemu: string): Promise<Peer> {
  const directory = mkdtempSync(join(tmpdir(), 'wirechart-'));
  const path = join(directory, 'qmp.sock');
  const machine = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
  const child = spawn(qemu, [...machine, '-qmp', `unix:${path},server=on,wait=off`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // The last resort, when the program is ended from outside: nothing of ours stays behind.
  const abandon = () => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const dispose = async () => {
    await ended(child);
    process.off('exit', abandon);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await opened(child, path);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { description: `${qemu}, started for this run`, address: path, isOurs: true, dispose };
}

/** Waits for the monitor's socket file; QEMU says on standard error why there is none. */
async function opened(child: ChildProcess, path: string): Promise<void> {
  let complaint = '';
  child.stderr?.on(
    'data',
    (text: Buffer) => (complaint = (complaint + text.toString()).slice(-2000)),
  );
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const deadline = performance.now() + START_DEADLINE;
  while (!existsSync(path)) {
    const { exitCode, signalCode } = child;
    if (failure !== undefined || exitCode !== null || signalCode !== null) {
      const end = `exit code ${String(exitCode)}, signal ${String(signalCode)}`;
      throw new Error(`QEMU did not start (${failure?.message ?? end}): ${complaint.trim()}`);
    }
    if (performance.now() > deadline)
      throw new Error(`QEMU did not open its monitor: ${complaint}`);
    await delay(5);
  }
}

/** Waits for the child that was told to quit; ends it otherwise. */
async function ended(child: ChildProcess): Promise<void> {
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
