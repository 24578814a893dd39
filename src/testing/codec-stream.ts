/** The stream of bytes that a codec is checked with, and one pass of a decoder over it. */

import type { Codec, Decoder, Limits } from '../core/codec.ts';
import { checkDecoder } from '../core/encoded.ts';
import { resolveLimits } from '../core/limits.ts';
import { describe } from '../core/describe.ts';
import { CodecCheckError } from './codec-check-error.ts';
import { isSame } from './same-value.ts';

/** Some bytes of the stream, and the messages that they stand for. */
export interface Frame {
  /** Where the frame comes from: `messages[0]`. */
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly expected: readonly unknown[];
}

/** What is checked. */
export interface Subject {
  readonly codec: Codec<unknown, unknown>;
  readonly frames: readonly Frame[];
  /** All frames, one after the other. */
  readonly bytes: Uint8Array;
  /** Where the frames begin, and the end of the stream. */
  readonly starts: readonly number[];
  /** The messages of all frames. */
  readonly expected: readonly unknown[];
  equals(received: unknown, expected: unknown): boolean;
}

/** How a decoder is given its bytes. */
export interface Feed {
  /** Whether the memory of a chunk is overwritten when read() has returned undefined. */
  readonly isReused: boolean;
  /** Where the chunks begin in their ArrayBuffer. */
  readonly offset: number;
  /** Whether chunks are Buffers, as those of the engine, or plain Uint8Arrays. */
  readonly isBuffer: boolean;
  /** Whether read() is called after each chunk, or only after the last one. */
  readonly isReadEach: boolean;
}

/** How the engine does it, with memory that is reused. */
export const REUSED: Feed = { isReused: true, offset: 8, isBuffer: true, isReadEach: true };

/** What came out of one pass. */
export interface Pass {
  /** For each message that was read: how many bytes had been written by then. */
  readonly returnedAt: readonly number[];
  /** What is wrong; `undefined` when all messages came as expected. */
  readonly finding: Finding | undefined;
  readonly decoder: Decoder<unknown>;
}

/** The first thing that is wrong in a pass. */
export type Finding =
  | { readonly kind: 'threw'; readonly error: unknown; readonly index: number; readonly at: number }
  | { readonly kind: 'missing'; readonly index: number }
  | {
      readonly kind: 'different' | 'changed' | 'extra' | 'endless';
      readonly index: number;
      readonly actual: unknown;
    };

/** An unexpected message that is read so many times more is returned without end. */
const MAX_EXTRA = 64;

/** Makes the subject of a check. */
export function subjectOf(
  codec: Codec<unknown, unknown>,
  frames: readonly Frame[],
  comparison: Pick<Subject, 'equals'>,
): Subject {
  let at = 0;
  const starts = [0, ...frames.map(({ bytes }) => (at += bytes.length))];
  return {
    codec,
    frames,
    bytes: joinBytes(frames.map(({ bytes }) => bytes)),
    starts,
    expected: frames.flatMap(({ expected }) => expected),
    equals: (received, expected) => comparison.equals(received, expected),
  };
}

/** Joins bytes in memory of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Cuts bytes at ascending positions. */
export function chunksOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const inner = cuts.filter((at) => at > 0 && at < bytes.length);
  return [0, ...inner].map((from, index) => bytes.subarray(from, inner[index] ?? bytes.length));
}

/** Creates a decoder with the limits that the engine would pass. */
export function createDecoder(
  { codec }: Pick<Subject, 'codec'>,
  limits: Limits = {},
): Decoder<unknown> {
  try {
    return checkDecoder(codec.createDecoder(resolveLimits(limits)));
  } catch (cause) {
    throw new CodecCheckError('decoder', describe(cause), { input: 'createDecoder()', cause });
  }
}

/** Gives the chunks to a new decoder, and compares what it returns. */
export function pass(
  subject: Subject,
  chunks: readonly Uint8Array[],
  feed: Feed = REUSED,
  limits: Limits = {},
): Pass {
  const reader = new Reader(subject, createDecoder(subject, limits));
  const memory = new Memory(feed, chunks);
  for (const [index, chunk] of chunks.entries()) {
    reader.write(memory.chunk(chunk));
    if (feed.isReadEach || index === chunks.length - 1) {
      reader.drain();
      memory.reuse();
    }
    if (reader.finding !== undefined) break;
  }
  return reader.finish();
}

/** The memory of the chunks of one pass. */
class Memory {
  readonly #feed: Feed;
  /** One memory for all chunks, as far as that is allowed. */
  readonly #shared: ArrayBuffer | undefined;
  #given: Uint8Array[] = [];

  constructor(feed: Feed, chunks: readonly Uint8Array[]) {
    this.#feed = feed;
    if (!feed.isReused || !feed.isReadEach) return;
    const largest = chunks.reduce((size, chunk) => Math.max(size, chunk.length), 0);
    this.#shared = new ArrayBuffer(feed.offset + largest);
  }

  /** Returns a chunk with these bytes. */
  chunk(bytes: Uint8Array): Uint8Array {
    const { offset, isBuffer } = this.#feed;
    const memory = this.#shared ?? new ArrayBuffer(offset + bytes.length);
    const chunk = isBuffer
      ? Buffer.from(memory, offset, bytes.length)
      : new Uint8Array(memory, offset, bytes.length);
    chunk.set(bytes);
    this.#given.push(chunk);
    return chunk;
  }

  /** Overwrites the chunks, each byte with another one. */
  reuse(): void {
    const given = this.#given.splice(0);
    if (!this.#feed.isReused) return;
    for (const chunk of given) {
      for (let at = 0; at < chunk.length; at += 1) chunk[at] = ~(chunk[at] ?? 0);
    }
  }
}

/** Reads one decoder, and keeps the messages, to compare them again at the end. */
export class Reader {
  finding: Finding | undefined;
  readonly #subject: Subject;
  readonly #decoder: Decoder<unknown>;
  /** For each message that was read: how many bytes had been written by then. */
  readonly returnedAt: number[] = [];
  readonly #messages: unknown[] = [];
  #written = 0;

  constructor(subject: Subject, decoder: Decoder<unknown>) {
    this.#subject = subject;
    this.#decoder = decoder;
  }

  write(chunk: Uint8Array): void {
    this.#try(() => {
      this.#decoder.write(chunk);
    });
    this.#written += chunk.length;
  }

  /** Reads until `undefined`, or until something is wrong. */
  drain(): void {
    while (this.finding === undefined) {
      const message = this.#read();
      if (message === undefined) return;
      this.#keep(message);
    }
  }

  finish(): Pass {
    const index = this.#messages.length;
    this.finding ??= this.#changed();
    if (index < this.#subject.expected.length) this.finding ??= { kind: 'missing', index };
    return { returnedAt: this.returnedAt, finding: this.finding, decoder: this.#decoder };
  }

  #read(): unknown {
    return this.#try(() => this.#decoder.read());
  }

  #keep(message: unknown): void {
    const { expected } = this.#subject;
    const index = this.#messages.push(message) - 1;
    this.returnedAt.push(this.#written);
    if (index < expected.length && this.#subject.equals(message, expected[index])) return;
    const kind = this.#isRepeating(message)
      ? 'endless'
      : index < expected.length
        ? 'different'
        : 'extra';
    this.finding = { kind, index, actual: message };
  }

  /** Whether the decoder returns this message, which is not expected, again and again. */
  #isRepeating(message: unknown): boolean {
    for (let count = 0; count < MAX_EXTRA; count += 1) {
      if (!isSame(this.#read(), message)) return false;
    }
    return true;
  }

  #changed(): Finding | undefined {
    const { expected } = this.#subject;
    const isChanged = (message: unknown, at: number): boolean =>
      at < expected.length && !this.#subject.equals(message, expected[at]);
    const index = this.#messages.findIndex(isChanged);
    return index < 0 ? undefined : { kind: 'changed', index, actual: this.#messages[index] };
  }

  #try<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.finding ??= { kind: 'threw', error, index: this.#messages.length, at: this.#written };
      return undefined;
    }
  }
}
