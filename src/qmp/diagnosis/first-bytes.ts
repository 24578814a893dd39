/** What arrives before the greeting, for the error text of a greeting that does not come. */

import type { Received } from './diagnosis.ts';

/** How many bytes are kept. */
const MAX_HEAD_BYTES = 64;

/** Keeps the first bytes of a stream, and counts the others. */
export class FirstBytes implements Received {
  readonly #head = new Uint8Array(MAX_HEAD_BYTES);
  #count = 0;

  get head(): Uint8Array {
    return this.#head.subarray(0, this.#count);
  }

  get count(): number {
    return this.#count;
  }

  /** To be called with each chunk that arrives. */
  add(chunk: Uint8Array): void {
    const room = Math.max(0, MAX_HEAD_BYTES - this.#count);
    if (room > 0) this.#head.set(chunk.subarray(0, room), this.#count);
    this.#count += chunk.length;
  }
}
