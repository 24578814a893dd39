/** Starts and controls the peer process. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Report } from './plan.ts';
import type { Sample } from './sample.ts';

/** Compiled or not, as this file is. */
const SCRIPT = new URL(`peer${extname(import.meta.url)}`, import.meta.url);

/** The server in the peer process. */
export class Server {
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #reports = new Map<number, (report: Report) => void>();
  #onSample: ((sample: Sample) => void) | undefined;

  private constructor(path: string) {
    this.path = path;
    // fork() passes the Node options of this process, tsx among them, to the child.
    this.#child = fork(SCRIPT, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => {
      this.#receive(message as Report | Sample | 'ready');
    });
    this.#child.on('exit', (code) => {
      if (code === null) return;
      throw new Error(`The peer process exited with code ${String(code)}`);
    });
  }

  /** Starts the process; resolves when the server listens. */
  static async start(path: string): Promise<Server> {
    const server = new Server(path);
    await once(server.#child, 'message');
    return server;
  }

  /** Resolves with the server's report on a session, when the session has ended. */
  report(session: number): Promise<Report> {
    return new Promise((resolve) => this.#reports.set(session, resolve));
  }

  /** Resolves with a sample of the peer process. */
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

  #receive(message: Report | Sample | 'ready'): void {
    if (message === 'ready') return;
    if ('heap' in message) {
      this.#onSample?.(message);
      return;
    }
    this.#reports.get(message.session)?.(message);
    this.#reports.delete(message.session);
  }
}
