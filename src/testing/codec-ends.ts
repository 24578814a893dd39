/** The rules of decoders that share a codec, of the end of the stream, and of what a decoder holds. */

import { describe } from '../core/describe.ts';
import { isClosedError, isCodecError } from '../core/errors.ts';
import { memberOf } from '../core/shape.ts';
import { CodecCheckError, shown, shownCut } from './codec-check-error.ts';
import { someOf } from './codec-cuts.ts';
import { findingError } from './codec-passes.ts';
import { checkRest } from './codec-rest.ts';
import { chunksOf, createDecoder, joinBytes, pass, Reader, type Subject } from './codec-stream.ts';

/** @throws {CodecCheckError} When two decoders that are used in turn disturb each other. */
export function checkSharing(subject: Subject): void {
  const cuts = someOf(subject);
  const chunks = chunksOf(subject.bytes, cuts);
  const late = Math.ceil(chunks.length / 2);
  const [early, other] = [createDecoder(subject), createDecoder(subject)].map(
    (decoder) => new Reader(subject, decoder),
  );
  const give = (reader: Reader | undefined, chunk: Uint8Array | undefined): void => {
    if (chunk === undefined || reader?.finding !== undefined) return;
    reader?.write(Uint8Array.from(chunk));
    reader?.drain();
  };
  for (let at = 0; at < chunks.length + late; at += 1) {
    give(early, chunks[at]);
    give(other, chunks[at - late]);
  }
  const finding = early?.finish().finding ?? other?.finish().finding;
  if (finding === undefined) return;
  const input =
    'the stream for two decoders in turn, byte by byte, one half a stream after the other';
  throw findingError(subject, { rule: 'shared-state', cuts, input }, finding);
}

/** @throws {CodecCheckError} When `end()`, or `buffered`, is wrong at any byte of the stream. */
export function checkEnds(subject: Subject): void {
  const { bytes, starts } = subject;
  const cuts = someOf(subject);
  const { returnedAt } = pass(subject, chunksOf(bytes, someOf(subject, 4)));
  const ends = new Set([...starts, ...returnedAt]);
  for (const at of [0, ...cuts, bytes.length]) {
    const { decoder } = pass(subject, chunksOf(bytes.subarray(0, at), []));
    const { buffered } = decoder;
    const error = errorOf(() => {
      decoder.end();
      decoder.end();
    });
    if (starts.includes(at)) checkBoundary(subject, at, error);
    else if (!ends.has(at)) checkMiddle(subject, at, error, { ends, buffered });
  }
  checkBuffered(subject);
  checkRest(subject, [0, ...cuts, bytes.length], returnedAt);
}

function checkBoundary({ bytes }: Subject, at: number, error: unknown): void {
  if (error === undefined) return;
  const what = `Between two messages, end() threw: ${describe(error)}`;
  throw new CodecCheckError('end', what, { input: endInput(bytes, at), cause: error });
}

/** What is known about a place in the middle of a message. */
interface Middle {
  /** Where samples and messages end. */
  readonly ends: ReadonlySet<number>;
  readonly buffered: number | undefined;
}

function checkMiddle(subject: Subject, at: number, error: unknown, middle: Middle): void {
  const input = endInput(subject.bytes, at);
  if (isCodecError(error) && isClosedError(error.cause)) {
    if (middle.buffered !== 0 || isIgnorable(subject, at, middle.ends)) return;
    const what = 'In the middle of a message, `buffered` is 0.';
    throw new CodecCheckError('buffered', what, { input });
  }
  if (error === undefined && isIgnorable(subject, at, middle.ends)) return;
  throw new CodecCheckError('end', `In the middle of a message, end() ${faultOf(error)}`, {
    input,
    cause: error,
  });
}

function faultOf(error: unknown): string {
  if (error === undefined) return 'did not throw: a cut message would be lost without a word.';
  if (!isCodecError(error)) return `threw no CodecError: ${describe(error)}`;
  return `threw a CodecError whose cause is ${shown(error.cause)}, and not a ClosedError.`;
}

/**
 * Whether the bytes before a cut, back to the end of the last message, are none of a message, as white space
 * between two: without them, the stream has the same messages.
 */
function isIgnorable(subject: Subject, at: number, ends: ReadonlySet<number>): boolean {
  const { bytes, frames, starts } = subject;
  const index = starts.findLastIndex((start) => start <= at);
  if (frames[index]?.expected.length === 0) return true;
  const from = Math.max(...[...ends].filter((end) => end <= at));
  const rest = joinBytes([bytes.subarray(0, from), bytes.subarray(at)]);
  return pass(subject, [rest]).finding === undefined;
}

/** `buffered` is at most what was written since the last message. */
function checkBuffered(subject: Subject): void {
  const decoder = createDecoder(subject);
  const reader = new Reader(subject, decoder);
  let at = 0;
  for (const chunk of chunksOf(subject.bytes, someOf(subject, 4))) {
    reader.write(Uint8Array.from(chunk));
    reader.drain();
    at += chunk.length;
    checkHeld(subject, at, memberOf(decoder, 'buffered'), at - (reader.returnedAt.at(-1) ?? 0));
  }
}

function checkHeld({ bytes }: Subject, at: number, held: unknown, most: number): void {
  if (held === undefined || (typeof held === 'number' && held >= 0 && held <= most)) return;
  throw new CodecCheckError(
    'buffered',
    `${String(most)} bytes after the last message, \`buffered\` is ${shown(held)}.`,
    { input: shownCut(bytes, at) },
  );
}

const endInput = (bytes: Uint8Array, at: number): string =>
  `the stream, ended at the |: ${shownCut(bytes, at)}`;

/** What a function throws. */
export function errorOf(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error ?? new Error(`It threw ${String(error)}`);
  }
  return undefined;
}
