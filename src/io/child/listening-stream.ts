/** The connection to a child that listens at an address, as a stream that is dialed when it is opened. */

import type { Duplex } from 'node:stream';
import { Stopper } from '../../async/stop-signal.ts';
import { describe } from '../../core/errors.ts';
import { lastWords } from '../../core/process-error.ts';
import { printable, printableLines } from '../../core/printable.ts';
import { codeOf, isError } from '../../core/shape.ts';
import { dial, pause } from '../dial.ts';
import { type DialOptions, type LateStream, OPEN } from '../late-stream.ts';
import { noteChild } from '../remote.ts';
import { isSocket } from '../socket.ts';
import type { Child } from './process.ts';
import { ChildStream } from './stream.ts';
import { isOwnEcho, type ListenedTarget, nameOf } from './vacancy.ts';

/** Finds out where the child listens; `undefined` when that is not known yet. */
export type Locate = (child: Child) => Promise<ListenedTarget | undefined>;

/** The pauses between two attempts: each twice as long as the one before. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** How an address answers where nothing listens yet. */
const NOT_YET = /* @__PURE__ */ new Set(['ECONNREFUSED', 'ENOENT']);

/**
 * Dials the child until it listens, has ended, or the stream is destroyed. Afterwards it is the stream of the
 * child, whose end does not wait for the child to exit by itself once the connection has ended.
 */
export class ListeningStream extends ChildStream implements LateStream {
  protected override readonly exitsAtEnd = false;
  readonly #child: Child;
  readonly #locate: Locate;
  readonly #stopper = new Stopper();
  #isOpened = false;

  constructor(child: Child, locate: Locate) {
    super(child, undefined);
    this.#child = child;
    this.#locate = locate;
    void Promise.race([child.left, child.ended]).then(() => {
      this.#stopper.stop();
    });
  }

  [OPEN](options: DialOptions): void {
    if (this.#isOpened) return;
    this.#isOpened = true;
    void this.#open(options);
  }

  override _read(): void {
    this[OPEN]({});
    super._read();
  }

  override _write(...args: Parameters<ChildStream['_write']>): void {
    this[OPEN]({});
    super._write(...args);
  }

  override _destroy(...args: Parameters<ChildStream['_destroy']>): void {
    this.#stopper.stop();
    super._destroy(...args);
  }

  async #open(options: DialOptions): Promise<void> {
    try {
      await this.#child.started;
      this.#connect(...(await this.#dial(options)));
    } catch (error) {
      // When the child has ended, its end is reported, with the reason.
      if (this.#stopper.aborted) return;
      this.#child.abort();
      this.destroy(isError(error) ? error : new Error(describe(error)));
    }
  }

  #connect(socket: Duplex, target: ListenedTarget): void {
    const { pid } = this.#child;
    if (this.#stopper.aborted || pid === undefined || !isSocket(socket)) {
      socket.destroy();
      return;
    }
    noteChild(this, socket, target, pid);
    this.connected({ source: socket, sink: socket });
  }

  async #dial(options: DialOptions): Promise<[Duplex, ListenedTarget]> {
    for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(LONGEST_PAUSE_MS, 2 * ms)) {
      const reached = await this.#tryToDial(options);
      if (Array.isArray(reached)) return reached;
      options.onObstacle?.(this.#obstacle(reached));
      await pause(ms, this.#stopper, options.clock);
      this.#stopper.throwIfAborted();
    }
  }

  /** Resolves with the connection, or with what the child has not done yet. */
  async #tryToDial(options: DialOptions): Promise<[Duplex, ListenedTarget] | string> {
    let where;
    try {
      where = await this.#locate(this.#child);
      if (where === undefined) return 'has no address yet (listens() has returned undefined)';
      const socket = await dial(where, this.#stopper, options);
      if (!isSocket(socket) || !isOwnEcho(socket)) return [socket, where];
      socket.destroy();
      return `does not listen at ${printable(nameOf(where))} yet`;
    } catch (error) {
      if (this.#stopper.aborted || !NOT_YET.has(codeOf(error) ?? '')) throw error;
      return where === undefined
        ? `has no address yet (listens() has thrown: ${describe(error)})`
        : `does not listen at ${printable(nameOf(where))} yet (${describe(error)})`;
    }
  }

  #obstacle(fact: string): Error {
    const words = lastWords(this.#child.stderr);
    const said = words === '' ? '' : `; it has said: ${printableLines(words)}`;
    return new Error(`${printable(this.#child.command)} runs, but ${fact}${said}`);
  }
}
