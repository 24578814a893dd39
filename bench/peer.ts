/** Starts peer processes, sends them orders, and ends them. */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Framing } from './messages.ts';

/** What a flood must send, how much a sink must expect, whether an inspector requests messages, or a question. */
export type Order =
  | { readonly flood: Framing; readonly size: number; readonly blocks: number }
  | { readonly expect: number }
  | { readonly cpu: true }
  | { readonly wire: boolean };

/** A child process that sends reports. Each report resolves the oldest pending `report()`. */
export class Child {
  readonly #process: ChildProcess;
  #reports: unknown[] = [];
  #pending: { resolve: (report: unknown) => void; reject: (error: Error) => void }[] = [];
  #failed: Error | undefined;

  constructor(script: URL, args: readonly string[]) {
    // fork() passes the Node options of this process, tsx among them, to the child.
    this.#process = fork(script, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (report) => {
      const pending = this.#pending.shift();
      if (pending === undefined) this.#reports.push(report);
      else pending.resolve(report);
    });
    this.#process.on('error', (error) => {
      this.#fail(error);
    });
    this.#process.on('exit', (code) => {
      this.#fail(new Error(`${script.pathname} exited with code ${String(code)}`));
    });
  }

  /** Resolves with the next report. */
  report(): Promise<unknown> {
    if (this.#reports.length > 0) return Promise.resolve(this.#reports.shift());
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
    });
  }

  /** Sends an order, and waits for its acknowledgement. */
  async order(order: Order): Promise<void> {
    this.#process.send(order);
    await this.report();
  }

  /** Kills the process, and waits until it has exited. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => {
      this.#process.once('exit', () => {
        resolve();
      });
    });
    this.#process.kill('SIGKILL');
    await exited;
  }

  #fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

let peerCount = 0;

/**
 * Starts a peer, calls `work`, and ends the peer afterwards.
 *
 * @param directory - The directory for the socket on which the peer listens.
 */
export async function withPeer<T>(
  script: URL,
  directory: string,
  work: (path: string, peer: Child) => Promise<T>,
): Promise<T> {
  peerCount += 1;
  const path = join(directory, `peer${String(peerCount)}`);
  const peer = new Child(script, [path]);
  try {
    await peer.report();
    return await work(path, peer);
  } finally {
    await peer.stop();
  }
}
