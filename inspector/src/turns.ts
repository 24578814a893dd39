/** Divides long work into turns of the event loop, so that other tasks get theirs in between. */

/** A turn ends after this time, or after this much work, whichever is first. */
const MAX_TURN_MS = 10;
const MAX_TURN_CHARACTERS = 256 * 1024;

/** The turns of one long task that reads a text. */
export class Turns {
  #ends = performance.now() + MAX_TURN_MS;
  #left = MAX_TURN_CHARACTERS;

  /** Whether the turn is over after this work; if so, `next()` must be awaited. */
  isOverAfter(characters: number): boolean {
    this.#left -= characters;
    return this.#left <= 0 || performance.now() >= this.#ends;
  }

  /** Resolves in the next turn. */
  async next(): Promise<void> {
    await new Promise(setImmediate);
    this.#left = MAX_TURN_CHARACTERS;
    this.#ends = performance.now() + MAX_TURN_MS;
  }
}
