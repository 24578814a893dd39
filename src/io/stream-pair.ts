/** An in-memory pair of connected byte streams, for tests and for peers in one process. */

import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';

/**
 * Creates two connected streams: what is written to one is read from the other, with backpressure.
 * They behave as the two ends of a socket: `end()` ends the other's readable side and leaves the
 * opposite direction open. Destroying one ends the other's readable side too or, if it was
 * destroyed with an error, destroys the other with an `ECONNRESET`. Writing to a destroyed peer
 * fails with `EPIPE`.
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
  /** The callback of this end's write that waits until the peer reads. */
  #pendingWrite: (() => void) | undefined;

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
      this.#pendingWrite = callback;
    }
  }

  override _final(callback: () => void): void {
    this.peer?.give(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const { peer } = this;
    // As with a kernel, the other end notices later, never in the stack of this call.
    setImmediate(() => {
      if (peer === undefined || peer.destroyed) return;
      if (error === null) peer.give(null);
      else peer.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      peer.release();
    });
    this.release();
    callback(error);
  }

  /** Takes bytes, or `null` for the end, from the peer. Returns whether the peer may write more. */
  give(chunk: Buffer | null): boolean {
    if (this.#ended) return true;
    this.#ended = chunk === null;
    return this.push(chunk);
  }

  /** Completes the write that waits. */
  release(): void {
    const written = this.#pendingWrite;
    this.#pendingWrite = undefined;
    written?.();
  }
}
