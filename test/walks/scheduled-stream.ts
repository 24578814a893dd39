/** Joined streams of which each move waits for its turn, in an order that is not theirs to choose. */

import { Duplex } from 'node:stream';

/** Has something done later, in some order with all else that is to be done later. */
export type Later = (label: string, run: () => void) => void;

/** One end. Bytes arrive in order, and all else in any: writes, ends and closings take their time. */
export class ScheduledStream extends Duplex {
  peer: ScheduledStream | undefined;
  readonly #name: string;
  readonly #later: Later;
  /** What is on its way to here; `null` is the end. */
  readonly #coming: (Buffer | null)[] = [];
  #isOver = false;

  constructor(name: string, later: Later) {
    super({ allowHalfOpen: true });
    this.#name = name;
    this.#later = later;
    // Nobody need adopt it: a connect() that is refused does not.
    this.on('error', () => undefined);
  }

  override _read(): void {
    // Bytes come when they come.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#later(`${this.#name} has written`, () => {
      if (!this.destroyed) this.peer?.expect(chunk);
      done();
    });
  }

  override _final(done: () => void): void {
    this.#later(`${this.#name} has ended`, () => {
      this.peer?.expect(null);
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#later(`${this.#name} is closed`, () => {
      this.peer?.expect(null);
      done(error);
    });
  }

  /** Is sent something, which has a way to go. */
  expect(chunk: Buffer | null): void {
    this.#coming.push(chunk);
    this.#later(`${this.#name} is reached by ${chunk === null ? 'the end' : 'bytes'}`, () => {
      const next = this.#coming.shift();
      if (next === undefined || this.#isOver || this.destroyed) return;
      this.#isOver = next === null;
      this.push(next);
    });
  }
}

/** Two joined ends. */
export function scheduledPair(
  names: readonly [string, string],
  later: Later,
): readonly [ScheduledStream, ScheduledStream] {
  const pair = [
    new ScheduledStream(names[0], later),
    new ScheduledStream(names[1], later),
  ] as const;
  [pair[0].peer, pair[1].peer] = [pair[1], pair[0]];
  return pair;
}
