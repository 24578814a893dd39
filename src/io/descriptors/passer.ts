/** Passes the descriptor of the next message, when nothing else is on the way to the kernel. */

import type { Duplex } from 'node:stream';
import type { Outbound } from '../outbound.ts';

/**
 * What is sent while the stream is busy: bytes without a meaning between two messages, of which the stream says when
 * the kernel has them.
 */
const FILLER = ' ';

/** The writer of a session has one. */
export class Passer {
  readonly #stream: Duplex;
  readonly #outgoing: Outbound;
  readonly #resume: () => void;
  #isWaiting = false;

  /** @param resume - Called when `passNext()` may succeed again. */
  constructor(stream: Duplex, outgoing: Outbound, resume: () => void) {
    this.#stream = stream;
    this.#outgoing = outgoing;
    this.#resume = resume;
  }

  /**
   * Passes the descriptor of the next batch, which must then be written at once. A batch whose descriptor was
   * dropped is taken out.
   *
   * @returns Whether the next batch can be written. If not, `resume` is called when to try again.
   */
  passNext(): boolean {
    for (let passing; (passing = this.#outgoing.passing);) {
      // What a stream holds back would come between the descriptor and its message.
      const stage = this.#isBusy && passing.stage === 'queued' ? 'queued' : passing.pass();
      if (stage === 'passed') return true;
      if (stage === 'queued') {
        this.#wait();
        return false;
      }
      this.#outgoing.drop();
    }
    return true;
  }

  get #isBusy(): boolean {
    return this.#isWaiting || this.#stream.writableLength > 0;
  }

  /** Waits until the kernel takes bytes again. */
  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#stream.write(FILLER, () => {
      this.#isWaiting = false;
      this.#resume();
    });
  }
}
