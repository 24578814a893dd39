/**
 * A pair of joined streams in memory that misbehave by chance, and always in the same way for the same
 * seed: they split and merge chunks, let writes and ends take their time, and break at a chosen byte.
 */

import { Duplex } from 'node:stream';

/** How a direction breaks when so many bytes have passed. */
export type Breakage =
  /** The sink fails the write. */
  | 'fail'
  /** The sink never confirms a write again. */
  | 'stall'
  /** The writer's stream is destroyed, with and without an error. */
  | 'destroy'
  | 'error'
  /** The reader sees the end, or its own stream destroyed, with and without an error. */
  | 'end'
  | 'vanish'
  | 'break';

export const BREAKAGES: readonly Breakage[] = [
  ...(['fail', 'stall', 'destroy', 'error'] as const),
  ...(['end', 'vanish', 'break'] as const),
];

/** Those of which the writer is not told, unless the other end says so. */
const UNTOLD = new Set<Breakage | undefined>(['end', 'vanish', 'break']);

/** Where and how one direction breaks. */
export interface Break {
  readonly at: number;
  readonly how: Breakage;
}

/** What a pair does by chance. */
export interface Chaos {
  readonly seed: number;
  /** From the left to the right, and back. */
  readonly right?: Break | undefined;
  readonly left?: Break | undefined;
}

/** Numbers from 0 to 1 (mulberry32). */
function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The error with which a stream breaks; of the system, as far as anybody can tell. */
const BROKEN = Object.assign(new Error('chaos'), { code: 'ECONNRESET' });

/** One end. */
export class ChaosStream extends Duplex {
  /** All bytes that the other end was given, in order, as text. */
  passed = '';
  /** All that it was told to be written, as by a kernel, whose word is not that of the other end. */
  taken = '';
  peer: ChaosStream | undefined;
  readonly #random: () => number;
  #break: Break | undefined;
  /** What has come and was not pushed yet. */
  #waiting = Buffer.alloc(0);
  #ending = false;
  #wanted = false;
  #pushing = false;

  constructor(random: () => number, breaks: Break | undefined) {
    super({ allowHalfOpen: true, readableHighWaterMark: 1 + Math.floor(random() * 4096) });
    this.#random = random;
    this.#break = breaks;
  }

  override _read(): void {
    this.#wanted = true;
    this.#push();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    const left = (this.#break?.at ?? Infinity) - this.passed.length;
    const whole = chunk.length < left;
    this.#give(whole ? chunk : chunk.subarray(0, left));
    const isLost = UNTOLD.has(this.#break?.how);
    if (whole || isLost) this.taken += chunk.toString('latin1');
    if (whole) this.#later(done);
    else this.#breakDown(done);
  }

  override _final(done: () => void): void {
    this.#later(() => {
      this.peer?.receiveEnd();
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#later(() => {
      this.peer?.receiveEnd();
    });
    this.#later(() => {
      done(error);
    });
  }

  /** Takes bytes from the other end. */
  receive(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    this.#push();
  }

  /** Takes the end from it. */
  receiveEnd(): void {
    this.#ending = true;
    this.#push();
  }

  #give(bytes: Buffer): void {
    this.passed += bytes.toString('latin1');
    this.peer?.receive(bytes);
  }

  #breakDown(done: (error?: Error | null) => void): void {
    const how = this.#break?.how;
    this.#break = { at: this.passed.length, how: how ?? 'fail' };
    const { peer } = this;
    if (how === 'stall') return;
    if (how === 'fail')
      this.#later(() => {
        done(BROKEN);
      });
    else if (how === 'destroy') this.destroy();
    else if (how === 'error') this.destroy(BROKEN);
    else if (how === 'end') peer?.receiveEnd();
    else if (how === 'vanish') peer?.destroy();
    else peer?.destroy(BROKEN);
    // Whoever is written to by somebody who has left is not told so.
    if (UNTOLD.has(how)) this.#later(done);
  }

  /** Pushes a piece of what waits, in some later turn, as long as it is wanted. */
  #push(): void {
    if (this.#pushing || !this.#wanted || this.destroyed || this.readableEnded) return;
    if (this.#waiting.length === 0 && !this.#ending) return;
    this.#pushing = true;
    this.#later(() => {
      this.#pushing = false;
      if (this.destroyed) return;
      const size = 1 + Math.floor(this.#random() * this.#waiting.length);
      const piece = this.#waiting.subarray(0, size);
      this.#waiting = this.#waiting.subarray(size);
      if (piece.length > 0) this.#wanted = this.push(Buffer.from(piece));
      else {
        this.#wanted = false;
        this.push(null);
        return;
      }
      this.#push();
    });
  }

  /** Now, in the same turn, or some turns later. */
  #later(run: () => void): void {
    const kind = this.#random();
    if (kind < 0.25) run();
    else if (kind < 0.5) process.nextTick(run);
    else if (kind < 0.75) queueMicrotask(run);
    else
      setImmediate(() => {
        if (kind < 0.9) run();
        else setImmediate(run);
      });
  }
}

/** Two joined ends. */
export function chaosPair({ seed, right, left }: Chaos): readonly [ChaosStream, ChaosStream] {
  const random = chance(seed);
  const pair = [new ChaosStream(random, right), new ChaosStream(random, left)] as const;
  [pair[0].peer, pair[1].peer] = [pair[1], pair[0]];
  for (const end of pair) end.on('error', () => undefined);
  return pair;
}
