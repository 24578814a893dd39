/**
 * A pair of connected in-memory streams that misbehave at random, reproducibly by a seed: they
 * split and merge chunks, delay writes and ends, and break at a given byte.
 */

import { Duplex } from 'node:stream';

/** How a direction breaks. */
export type Breakage =
  /** The write fails. */
  | 'fail'
  /** No write completes any more. */
  | 'stall'
  /** The writer's stream is destroyed, without and with an error. */
  | 'destroy'
  | 'error'
  /** The reader's stream ends, or is destroyed without or with an error. */
  | 'end'
  | 'vanish'
  | 'break';

export const BREAKAGES: readonly Breakage[] = [
  ...(['fail', 'stall', 'destroy', 'error'] as const),
  ...(['end', 'vanish', 'break'] as const),
];

/** The breakages that the writer does not notice at once. */
const UNNOTICED = new Set<Breakage | undefined>(['end', 'vanish', 'break']);

/** Where and how one direction breaks. */
export interface Break {
  /** How many bytes are delivered before. */
  readonly at: number;
  readonly how: Breakage;
}

/** The settings of a pair. */
export interface Chaos {
  readonly seed: number;
  /** How the directions to the right and to the left break. Default: not at all. */
  readonly right?: Break | undefined;
  readonly left?: Break | undefined;
}

/** A generator of random numbers from 0 to 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The error of a broken stream, which looks like an error of the system. */
const BROKEN = Object.assign(new Error('chaos'), { code: 'ECONNRESET' });

/** One end of the pair. */
export class ChaosStream extends Duplex {
  /** The bytes that were delivered to the other end, as latin1. */
  delivered = '';
  /** The bytes whose write has completed, as a kernel reports it: some may not be delivered. */
  written = '';
  peer: ChaosStream | undefined;
  readonly #random: () => number;
  #break: Break | undefined;
  /** What was received and not pushed yet. */
  #received = Buffer.alloc(0);
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
    const left = (this.#break?.at ?? Infinity) - this.delivered.length;
    const whole = chunk.length < left;
    this.#deliver(whole ? chunk : chunk.subarray(0, left));
    const isLost = UNNOTICED.has(this.#break?.how);
    if (whole || isLost) this.written += chunk.toString('latin1');
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

  /** Called by the other end, with bytes. */
  receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    this.#push();
  }

  /** Called by the other end when it has ended. */
  receiveEnd(): void {
    this.#ending = true;
    this.#push();
  }

  #deliver(bytes: Buffer): void {
    this.delivered += bytes.toString('latin1');
    this.peer?.receive(bytes);
  }

  #breakDown(done: (error?: Error | null) => void): void {
    const how = this.#break?.how;
    this.#break = { at: this.delivered.length, how: how ?? 'fail' };
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
    // The writer does not notice that the other end is gone: its write completes.
    if (UNNOTICED.has(how)) this.#later(done);
  }

  /** Pushes pieces of what was received, possibly in a later turn, while the reader wants more. */
  #push(): void {
    if (this.#pushing || !this.#wanted || this.destroyed || this.readableEnded) return;
    if (this.#received.length === 0 && !this.#ending) return;
    this.#pushing = true;
    this.#later(() => {
      this.#pushing = false;
      if (this.destroyed) return;
      const size = 1 + Math.floor(this.#random() * this.#received.length);
      const piece = this.#received.subarray(0, size);
      this.#received = this.#received.subarray(size);
      if (piece.length > 0) this.#wanted = this.push(Buffer.from(piece));
      else {
        this.#wanted = false;
        this.push(null);
        return;
      }
      this.#push();
    });
  }

  /** Calls `run` at once, later in this turn, or some turns later. */
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

/** Creates the two ends of a pair. */
export function chaosPair({ seed, right, left }: Chaos): readonly [ChaosStream, ChaosStream] {
  const random = randomOf(seed);
  const pair = [new ChaosStream(random, right), new ChaosStream(random, left)] as const;
  [pair[0].peer, pair[1].peer] = [pair[1], pair[0]];
  for (const end of pair) end.on('error', () => undefined);
  return pair;
}
