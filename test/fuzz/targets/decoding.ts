/** Whether a decoder does with a stream what its reference does, wherever the stream is cut. */

import { isDeepStrictEqual } from 'node:util';
import { ByteBuffer } from '../../../src/codecs/byte-buffer.ts';
import { CodecError, LimitError } from '../../../src/core/errors.ts';
import type { Codec, Decoder } from '../../../src/core/types.ts';
import { Random } from '../engine/random.ts';
import { Disagreement } from '../engine/target.ts';
import { type Complaint, type Outcome, type Reference, tooLarge } from '../reference/outcome.ts';

/** A codec, and what is known of it. */
export interface Subject {
  readonly codec: Codec<unknown, never>;
  readonly reference: Reference;
  readonly limit: number;
  /** How many bytes more than the limit a message may take, with its framing. */
  readonly framing: number;
  /** What a message is when it was encoded and decoded again; `undefined` when it cannot be. */
  readonly rewritten: (message: unknown) => unknown;
}

/** One way to cut a stream: the sizes of its chunks, again and again. */
type Cut = readonly number[];

/** @throws {Disagreement} When the decoder, or the encoder, is not as it must be. */
export function checkDecoding(subject: Subject, stream: Buffer, seed: number): void {
  const known = remembering(subject);
  const random = new Random(seed);
  const some = (most: number): Cut => Array.from({ length: 5 }, () => 1 + random.below(most));
  const few = 4 + Math.ceil(stream.length / 100);
  const cuts: Cut[] = [[stream.length], some(few), some(10 * few), some(700)];
  if (stream.length <= 256) cuts.push([1]);
  for (const cut of cuts) checkCut(known, stream, cut);
  const all = known.reference({ bytes: stream.toString('latin1'), ended: true });
  for (const outcome of all) if ('message' in outcome) checkEncoding(subject, outcome.message);
}

/** The reference starts anew each time it is asked; the cuts have many of their borders in common. */
function remembering(subject: Subject): Subject {
  const known = new Map<string, Outcome[]>();
  const reference: Reference = (received) => {
    const key = `${String(received.ended)} ${String(received.bytes.length)}`;
    const outcomes = known.get(key) ?? subject.reference(received);
    known.set(key, outcomes);
    return outcomes;
  };
  return { ...subject, reference };
}

/** Looks at what has come after each chunk, so that nothing may come later than it can. */
function checkCut(subject: Subject, stream: Buffer, cut: Cut): void {
  const decoder = subject.codec.createDecoder({ maxMessageBytes: subject.limit });
  const bytes = stream.toString('latin1');
  const all: Outcome[] = [];
  // A long stream is looked at now and then.
  const step = Math.ceil(stream.length / 64);
  let at = 0;
  for (let turn = 0; at < stream.length; turn += 1) {
    const size = cut[turn % cut.length] ?? 1;
    const lent = Buffer.from(stream.subarray(at, at + size));
    decoder.write(lent);
    at = Math.min(stream.length, at + size);
    drain(decoder, all);
    lent.fill('x');
    if (turn % step === 0) expectSame(subject, { bytes: bytes.slice(0, at), ended: false }, all);
    expectBounded(subject, decoder, size);
  }
  const error = thrownBy(() => {
    decoder.end();
  });
  if (error !== undefined) all.push(complaintOf(error));
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
  throw new Disagreement(`After ${when} the decoder has given something else`, expected, all);
}

/** Reads until `undefined`, or until the decoder is dead; a dead one must stay so. */
function drain(decoder: Decoder<unknown>, all: Outcome[]): void {
  for (;;) {
    let message: unknown;
    const error = thrownBy(() => (message = decoder.read()));
    if (error === undefined && message === undefined) return;
    const outcome = error === undefined ? { message } : complaintOf(error);
    if (!('fatal' in outcome)) all.push(outcome);
    else {
      if (!isDeepStrictEqual(all.at(-1), outcome)) all.push(outcome);
      const again = thrownBy(() => decoder.read());
      if (again !== error) throw new Disagreement('A dead decoder changed', error, again);
      return;
    }
  }
}

const COMPLAINTS: readonly (readonly [RegExp, Complaint])[] = [
  [/not UTF-8/, 'not UTF-8'],
  [/is not JSON/, 'not JSON'],
  [/not an object/, 'not an object'],
  [/not the beginning/, 'no beginning'],
  [/holds a line end/, 'line end'],
  [/too deep/, 'too deep'],
  [/was cut after/, 'cut'],
];

function complaintOf(thrown: unknown): Outcome {
  if (thrown instanceof LimitError && thrown.actual > thrown.limit) {
    return tooLarge(thrown.limit);
  }
  if (!(thrown instanceof CodecError)) throw thrown;
  const { message, raw } = thrown;
  if (message.startsWith('The header of a message is wrong')) return { fatal: 'header' };
  const error = COMPLAINTS.find(([form]) => form.test(message))?.[1];
  if (error === undefined) throw thrown;
  return error === 'no beginning' ? { error } : { error, raw: Buffer.from(raw).toString('latin1') };
}

/** What is held is less than a message; its memory, no more than what the buffer says of itself. */
function expectBounded(
  { limit, framing }: Subject,
  decoder: Decoder<unknown>,
  chunk: number,
): void {
  const buffer: unknown = Reflect.get(decoder, 'buffer');
  if (!(buffer instanceof ByteBuffer)) throw new TypeError('The decoder has another buffer now');
  const { length, capacity } = buffer;
  if (length > limit + framing) throw new Disagreement('Too much is held', limit + framing, length);
  const most = Math.max(256 * 1024, 4 * (limit + framing + chunk));
  if (capacity > most) throw new Disagreement('Too much memory is held', most, capacity);
}

function checkEncoding({ codec, rewritten }: Subject, message: unknown): void {
  const expected = rewritten(message);
  if (expected === undefined) return;
  const encoded = Buffer.from((codec.encode as (message: unknown) => string | Uint8Array)(message));
  const decoder = codec.createDecoder({});
  decoder.write(encoded);
  const all: Outcome[] = [];
  drain(decoder, all);
  decoder.end();
  if (!isDeepStrictEqual(all, [{ message: expected }])) {
    throw new Disagreement('A message changed on its way', [{ message: expected }], all);
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
