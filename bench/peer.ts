/** The other process: started, given orders, and sure to go. */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Framing } from './messages.ts';

/** What a flood sends, a sink expects, or an inspector wants to be shown. */
export type Order =
  | { readonly flood: Framing; readonly size: number; readonly blocks: number }
  | { readonly expect: number }
  | { readonly wire: boolean };

/** A child that reports; each report answers the oldest question. */
export class Child {
  readonly #process: ChildProcess;
  #reports: unknown[] = [];
  #waiting: { resolve: (report: unknown) => void; reject: (error: Error) => void }[] = [];
  #failed: Error | undefined;

  constructor(script: URL, args: readonly string[]) {
    // The options of this process, tsx among them, are the child's too.
    this.#process = fork(script, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (report) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#reports.push(report);
      else waiting.resolve(report);
    });
    this.#process.on('error', (error) => {
      this.#fail(error);
    });
    this.#process.on('exit', (code) => {
      this.#fail(new Error(`${script.pathname} exited with ${String(code)}`));
    });
  }

  /** The next report. */
  report(): Promise<unknown> {
    if (this.#reports.length > 0) return Promise.resolve(this.#reports.shift());
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Sends an order and waits for the report that it is understood. */
  async order(order: Order): Promise<void> {
    this.#process.send(order);
    await this.report();
  }

  /** Ends it, and waits until it has gone. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      this.#process.once('exit', () => {
        resolve();
      });
    });
    this.#process.kill('SIGKILL');
    await gone;
  }

  #fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

let peers = 0;

/**
 * Starts a peer, does `work` with it, and sees to it that the peer goes.
 *
 * @param directory - Where to make the socket on which it listens.
 */
export async function withPeer<T>(
  script: URL,
  directory: string,
  work: (path: string, peer: Child) => Promise<T>,
): Promise<T> {
  peers += 1;
  const path = join(directory, `peer${String(peers)}`);
  const peer = new Child(script, [path]);
  try {
    await peer.report();
    return await work(path, peer);
  } finally {
    await peer.stop();
  }
}
