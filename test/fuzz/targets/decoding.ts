/** Compares a decoder with its reference, for a stream that is cut in several ways. */

import { isDeepStrictEqual } from 'node:util';
import { ByteBuffer } from '../../../src/codecs/byte-buffer.ts';
import { CodecError, LimitError } from '../../../src/core/errors.ts';
import type { Codec, Decoder } from '../../../src/core/types.ts';
import { Random } from '../engine/random.ts';
import { Mismatch } from '../engine/target.ts';
import { type ErrorKind, type Outcome, type Reference, tooLarge } from '../reference/outcome.ts';

/** A codec, and what it is compared with. */
export interface Subject {
  readonly codec: Codec<unknown, never>;
  readonly reference: Reference;
  readonly limit: number;
  /** The largest framing of a message, in bytes. */
  readonly framing: number;
  /**
   * Returns a message as it is after encoding and decoding; `undefined` if it cannot be encoded.
   */
  readonly roundTrip: (message: unknown) => unknown;
}

/** The sizes of the chunks of a stream, repeated as needed. */
type Cut = readonly number[];

/** @throws {Mismatch} When the decoder or the encoder behaves wrongly. */
export function checkDecoding(subject: Subject, stream: Buffer, seed: number): void {
  const cached = withCache(subject);
  const random = new Random(seed);
  const randomCut = (maxSize: number): Cut =>
    Array.from({ length: 5 }, () => 1 + random.below(maxSize));
  const small = 4 + Math.ceil(stream.length / 100);
  const cuts: Cut[] = [[stream.length], randomCut(small), randomCut(10 * small), randomCut(700)];
  if (stream.length <= 256) cuts.push([1]);
  for (const cut of cuts) checkCut(cached, stream, cut);
  const all = cached.reference({ bytes: stream.toString('latin1'), ended: true });
  for (const outcome of all) if ('message' in outcome) checkEncoding(subject, outcome.message);
}

/** Caches the reference's outcomes: it decodes from the start each time, and cuts share borders. */
function withCache(subject: Subject): Subject {
  const cache = new Map<string, Outcome[]>();
  const reference: Reference = (received) => {
    const key = `${String(received.ended)} ${String(received.bytes.length)}`;
    const outcomes = cache.get(key) ?? subject.reference(received);
    cache.set(key, outcomes);
    return outcomes;
  };
  return { ...subject, reference };
}

/** Compares after each chunk, so that a message that is returned late is noticed. */
function checkCut(subject: Subject, stream: Buffer, cut: Cut): void {
  const decoder = subject.codec.createDecoder({ maxMessageBytes: subject.limit });
  const bytes = stream.toString('latin1');
  const all: Outcome[] = [];
  // A long stream is compared after some of the chunks.
  const step = Math.ceil(stream.length / 64);
  let at = 0;
  for (let turn = 0; at < stream.length; turn += 1) {
    const size = cut[turn % cut.length] ?? 1;
    const reused = Buffer.from(stream.subarray(at, at + size));
    decoder.write(reused);
    at = Math.min(stream.length, at + size);
    drain(decoder, all);
    reused.fill('x');
    if (turn % step === 0) expectSame(subject, { bytes: bytes.slice(0, at), ended: false }, all);
    expectBounded(subject, decoder, size);
  }
  const error = thrownBy(() => {
    decoder.end();
  });
  if (error !== undefined) all.push(outcomeOf(error));
  expectSame(subject, { bytes, ended: true }, all);
}

function expectSame(
  { reference }: Subject,
  received: Parameters<Reference>[0],
  all: Outcome[],
): void {
  const expected = reference(received);
  if (isDeepStrictEqual(all, expected)) return;
  const when = received.ended ? 'the end' : `${String(received.bytes.length)} bytes`;
  throw new Mismatch(`After ${when} the decoder has returned something else`, expected, all);
}

/** Reads until `undefined`, or until a fatal error, which the decoder must throw again. */
function drain(decoder: Decoder<unknown>, all: Outcome[]): void {
  for (;;) {
    let message: unknown;
    const error = thrownBy(() => (message = decoder.read()));
    if (error === undefined && message === undefined) return;
    const outcome = error === undefined ? { message } : outcomeOf(error);
    if (!('fatal' in outcome)) all.push(outcome);
    else {
      if (!isDeepStrictEqual(all.at(-1), outcome)) all.push(outcome);
      const again = thrownBy(() => decoder.read());
      if (again !== error)
        throw new Mismatch('The decoder did not throw its fatal error again', error, again);
      return;
    }
  }
}

const ERROR_KINDS: readonly (readonly [RegExp, ErrorKind])[] = [
  [/not UTF-8/, 'not UTF-8'],
  [/is not JSON/, 'not JSON'],
  [/not an object/, 'not an object'],
  [/not the beginning/, 'no beginning'],
  [/contains a line end/, 'line end'],
  [/too deep/, 'too deep'],
  [/has more than \d+ values/, 'too many values'],
  [/has a number with more than 1000 digits/, 'long number'],
  [/ended (after|before)/, 'cut'],
];

function outcomeOf(thrown: unknown): Outcome {
  if (thrown instanceof LimitError && thrown.actual > thrown.limit) {
    return tooLarge(thrown.limit);
  }
  if (!(thrown instanceof CodecError)) throw thrown;
  const { message, raw } = thrown;
  if (/^The header of a (message|frame) is invalid/.test(message)) return { fatal: 'header' };
  const error = ERROR_KINDS.find(([form]) => form.test(message))?.[1];
  if (error === undefined) throw thrown;
  return error === 'no beginning' ? { error } : { error, raw: Buffer.from(raw).toString('latin1') };
}

/** Asserts that the decoder buffers less than a message, in memory of bounded size. */
function expectBounded(
  { limit, framing }: Subject,
  decoder: Decoder<unknown>,
  chunk: number,
): void {
  const buffer: unknown = Reflect.get(decoder, 'buffer');
  if (!(buffer instanceof ByteBuffer))
    throw new TypeError('The decoder does not have a ByteBuffer');
  const { length, capacity } = buffer;
  if (length > limit + framing)
    throw new Mismatch('Too many bytes are buffered', limit + framing, length);
  const maxCapacity = Math.max(256 * 1024, 4 * (limit + framing + chunk));
  if (capacity > maxCapacity)
    throw new Mismatch('Too much memory is allocated', maxCapacity, capacity);
}

function checkEncoding({ codec, roundTrip }: Subject, message: unknown): void {
  const expected = roundTrip(message);
  if (expected === undefined) return;
  const encoded = Buffer.from((codec.encode as (message: unknown) => string | Uint8Array)(message));
  const decoder = codec.createDecoder({});
  decoder.write(encoded);
  const all: Outcome[] = [];
  drain(decoder, all);
  decoder.end();
  if (!isDeepStrictEqual(all, [{ message: expected }])) {
    throw new Mismatch('Encoding and decoding changed a message', [{ message: expected }], all);
  }
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error ?? new Error('Nothing was thrown');
  }
}
