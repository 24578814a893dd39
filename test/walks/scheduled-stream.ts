/**
 * A pair of joined streams, each of whose operations completes later, in an order that a scheduler
 * chooses.
 */

import { Duplex } from 'node:stream';

/** Schedules a function to run later, in any order relative to others. */
export type Later = (label: string, run: () => void) => void;

/**
 * One end. Bytes arrive in order; everything else (writes, ends, closes) completes in any order.
 */
export class ScheduledStream extends Duplex {
  peer: ScheduledStream | undefined;
  readonly #name: string;
  readonly #later: Later;
  /** The chunks on their way to this end; `null` is the end of the stream. */
  readonly #inFlight: (Buffer | null)[] = [];
  #hasEnded = false;

  constructor(name: string, later: Later) {
    super({ allowHalfOpen: true });
    this.#name = name;
    this.#later = later;
    // A connect() that is refused does not adopt it, and so does not handle its errors.
    this.on('error', () => undefined);
  }

  override _read(): void {
    // Bytes are pushed when they arrive.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#later(`${this.#name} has written`, () => {
      if (!this.destroyed) this.peer?.deliverLater(chunk);
      done();
    });
  }

  override _final(done: () => void): void {
    this.#later(`${this.#name} has ended`, () => {
      this.peer?.deliverLater(null);
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#later(`${this.#name} is closed`, () => {
      this.peer?.deliverLater(null);
      done(error);
    });
  }

  /** Schedules the arrival of a chunk, or of the end. */
  deliverLater(chunk: Buffer | null): void {
    this.#inFlight.push(chunk);
    this.#later(`${this.#name} is reached by ${chunk === null ? 'the end' : 'bytes'}`, () => {
      const next = this.#inFlight.shift();
      if (next === undefined || this.#hasEnded || this.destroyed) return;
      this.#hasEnded = next === null;
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
