/** Two byte streams in memory, joined end to end, for tests and for peers in one process. */

import { Duplex } from 'node:stream';

/**
 * Two joined streams: what is written to one is read from the other, with backpressure. They behave
 * as the two ends of a socket do: `end()` is the other's end-of-file and leaves the other direction
 * open, and a destroyed end is an end-of-file too, or a failure if it was destroyed with an error.
 */
export function streamPair(): [Duplex, Duplex] {
  const left = new PairEnd();
  const right = new PairEnd();
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class PairEnd extends Duplex {
  peer: PairEnd | undefined;
  #ended = false;
  /** The write that waits until the other end reads. */
  #taken: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    this.peer?.release();
  }

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error) => void): void {
    const { peer } = this;
    if (peer === undefined || peer.destroyed) {
      callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }));
    } else if (peer.give(chunk)) {
      callback();
    } else {
      this.#taken = callback;
    }
  }

  override _final(callback: () => void): void {
    this.peer?.give(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { peer } = this;
    // As a kernel does, in its own time: never from within the other end's stack.
    setImmediate(() => {
      if (peer === undefined || peer.destroyed) return;
      if (error === null) peer.give(null);
      else peer.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      peer.release();
    });
    this.release();
    callback(error);
  }

  /** Takes bytes, or the end, from the other end; false when it should wait for `release()`. */
  give(chunk: Buffer | null): boolean {
    if (this.#ended) return true;
    this.#ended = chunk === null;
    return this.push(chunk);
  }

  /** Lets the write that waits go on. */
  release(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }
}
