/** The other process, seen from here. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Report } from './plan.ts';
import type { Sample } from './sample.ts';

const SCRIPT = new URL('peer.ts', import.meta.url);

/** A server in a process of its own. */
export class Server {
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #reports = new Map<number, (report: Report) => void>();
  #onSample: ((sample: Sample) => void) | undefined;

  private constructor(path: string) {
    this.path = path;
    // The options of this process, tsx among them, are the child's too.
    this.#child = fork(SCRIPT, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => {
      this.#take(message as Report | Sample | 'ready');
    });
    this.#child.on('exit', (code) => {
      if (code === null) return;
      throw new Error(`The other process exited with ${String(code)}`);
    });
  }

  /** Starts it; resolves when it listens. */
  static async start(path: string): Promise<Server> {
    const server = new Server(path);
    await once(server.#child, 'message');
    return server;
  }

  /** What it will have seen of a session, when that has ended. */
  report(session: number): Promise<Report> {
    return new Promise((resolve) => this.#reports.set(session, resolve));
  }

  /** Its figures. */
  sample(): Promise<Sample> {
    return new Promise((resolve) => {
      this.#onSample = resolve;
      this.#child.send('sample');
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #take(message: Report | Sample | 'ready'): void {
    if (message === 'ready') return;
    if ('heap' in message) {
      this.#onSample?.(message);
      return;
    }
    this.#reports.get(message.session)?.(message);
    this.#reports.delete(message.session);
  }
}
