/** A worker thread that lays out one graph after the other with elkjs. */

import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { ElkNode } from 'elkjs/lib/elk-api.js';
import { isObject } from './checks.ts';

/** The thread's code. As a text it needs no file, whose path would differ between source and build. */
const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const Elk = require(workerData);
const elk = new Elk();
parentPort.on('message', (graph) => {
  elk.layout(graph).then(
    (layout) => parentPort.postMessage({ layout }),
    (error) => parentPort.postMessage({ why: String(error && error.message) }),
  );
});
`;

const MAX_THREAD_MEBIBYTES = 1024;
/** elkjs needs a recursion for each state in a row. */
const STACK_MEBIBYTES = 16;

const CLOSED = 'The inspector was closed';

interface PendingLayout {
  readonly graph: ElkNode;
  /** The smallest is laid out first. */
  readonly size: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (layout: ElkNode) => void;
  readonly reject: (error: Error) => void;
}

/** The thread starts with the first graph, and again after a failure. It does not keep the process alive. */
export class LayoutThread {
  readonly #waiting: PendingLayout[] = [];
  #worker: Worker | undefined;
  #current: PendingLayout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #timeoutMs: number;

  /** @param timeoutMs - A layout that takes longer is ended. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Lays out a graph.
   *
   * @param size - Smaller graphs that wait are laid out before larger ones.
   * @param signal - Takes the graph out when nothing needs it any more. A layout that runs is ended.
   * @throws {Error} When the layout fails, takes too long or is taken out, or when the thread is closed.
   */
  run(graph: ElkNode, size: number, signal?: AbortSignal): Promise<ElkNode> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new Error(CLOSED);
      signal?.throwIfAborted();
      const pending: PendingLayout = { graph, size, signal, resolve, reject };
      signal?.addEventListener('abort', () => {
        this.#abort(pending);
      });
      this.#waiting.push(pending);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    const error = new Error(CLOSED);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    if (worker === undefined) return;
    this.#terminate(worker, error);
    await worker.terminate();
  }

  #next(): void {
    if (this.#current !== undefined || this.#isClosed) return;
    const sizes = this.#waiting.map(({ size }) => size);
    const [next] = this.#waiting.splice(sizes.indexOf(Math.min(...sizes)), 1);
    if (next === undefined) return;
    this.#current = next;
    const worker = (this.#worker ??= this.#startWorker());
    this.#timer = setTimeout(() => {
      const ms = String(this.#timeoutMs);
      this.#terminate(worker, new Error(`The layout took more than ${ms} ms`));
    }, this.#timeoutMs).unref();
    worker.postMessage(next.graph);
  }

  #abort(pending: PendingLayout): void {
    const error = new Error('The layout is not needed any more');
    if (pending === this.#current && this.#worker !== undefined) {
      this.#terminate(this.#worker, error);
      return;
    }
    const at = this.#waiting.indexOf(pending);
    if (at >= 0) this.#waiting.splice(at, 1);
    pending.reject(error);
  }

  #startWorker(): Worker {
    const elk = createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js');
    const worker = new Worker(WORKER_SOURCE, {
      eval: true,
      workerData: elk,
      execArgv: [],
      // A chart that needs more ends the thread, not the process.
      resourceLimits: {
        maxOldGenerationSizeMb: MAX_THREAD_MEBIBYTES,
        stackSizeMb: STACK_MEBIBYTES,
      },
    });
    worker.on('message', (answer: unknown) => {
      if (worker === this.#worker && isObject(answer)) this.#settle(answer);
    });
    worker.on('messageerror', (error) => {
      this.#terminate(worker, error);
    });
    worker.on('error', (error) => {
      this.#terminate(worker, error);
    });
    worker.on('exit', () => {
      this.#terminate(worker, new Error('The layout thread has exited'));
    });
    // Last, because a listener of messages keeps the process alive again.
    worker.unref();
    return worker;
  }

  #settle({ layout, why }: { layout?: ElkNode; why?: unknown }): void {
    const current = this.#take();
    if (layout === undefined) current?.reject(new Error(String(why)));
    else current?.resolve(layout);
    this.#next();
  }

  /** Terminates a thread and rejects its layout. The next graph gets a new thread. */
  #terminate(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#take()?.reject(error);
    void worker.terminate();
    this.#next();
  }

  #take(): PendingLayout | undefined {
    clearTimeout(this.#timer);
    const current = this.#current;
    this.#current = undefined;
    return current;
  }
}
