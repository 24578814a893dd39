/** The rule of `rest()`, which decoders may have: another decoder can continue with what it returns. */

import { isBytes, memberOf } from '../core/shape.ts';
import type { Decoder } from '../core/codec.ts';
import { describe } from '../core/describe.ts';
import { CodecCheckError, shown, shownBytes, shownCut } from './codec-check-error.ts';
import { chunksOf, createDecoder, joinBytes, pass, type Subject } from './codec-stream.ts';

/** So many messages are left unread, one after the other. */
const MAX_UNREAD = 32;

/**
 * @param cuts - How many bytes the decoder is given.
 * @param returnedAt - Where the messages end.
 * @throws {CodecCheckError} When the rest is wrong.
 */
export function checkRest(
  subject: Subject,
  cuts: readonly number[],
  returnedAt: readonly number[],
): void {
  if (typeof memberOf(createDecoder(subject), 'rest') !== 'function') return;
  const endOf = (messages: number): number => returnedAt[messages - 1] ?? 0;
  for (const at of cuts) {
    const done = pass(subject, chunksOf(subject.bytes.subarray(0, at), []));
    const given = `all messages read from the bytes before the |: ${shownCut(subject.bytes, at)}`;
    compare(subject, restOf(done.decoder, given), {
      at,
      end: endOf(done.returnedAt.length),
      given,
    });
  }
  for (let read = 0; read <= Math.min(returnedAt.length, MAX_UNREAD); read += 1) {
    const given = `${String(read)} messages read from all of ${shownBytes(subject.bytes)}`;
    const rest = restAfter(subject, read, given);
    compare(subject, rest, { at: subject.bytes.length, end: endOf(read), given });
  }
}

/** What a decoder has returned and was given when `rest()` was called. */
interface Place {
  /** So many bytes were written. */
  readonly at: number;
  /** Where the last message that was read ends. */
  readonly end: number;
  readonly given: string;
}

/** The rest when so many messages were read, and the memory of the chunk is used for something else. */
function restAfter(subject: Subject, messages: number, given: string): Uint8Array {
  const decoder = createDecoder(subject);
  const chunk = Uint8Array.from(subject.bytes);
  decoder.write(chunk);
  for (let read = 0; read < messages; read += 1) decoder.read();
  const rest = restOf(decoder, given);
  chunk.forEach((byte, at) => (chunk[at] = ~byte));
  return rest;
}

function restOf(decoder: Decoder<unknown>, input: string): Uint8Array {
  let what: string;
  try {
    const call = memberOf(decoder, 'rest');
    const rest: unknown = typeof call === 'function' ? Reflect.apply(call, decoder, []) : undefined;
    if (isBytes(rest)) return rest;
    what = `It returned ${shown(rest)}.`;
  } catch (error) {
    what = `It threw: ${describe(error)}`;
  }
  throw new CodecCheckError('rest', what, { input });
}

/** Bytes between the end of a message and the rest may be missing only if they have no meaning. */
function compare(subject: Subject, rest: Uint8Array, { at, end, given }: Place): void {
  const { bytes } = subject;
  const joined = joinBytes([bytes.subarray(0, end), rest, bytes.subarray(at)]);
  if (rest.length <= at - end && pass(subject, [joined]).finding === undefined) return;
  const wanted = shownBytes(bytes.subarray(end, at));
  throw new CodecCheckError('rest', `It returned ${shownBytes(rest)}, not ${wanted}.`, {
    input: given,
  });
}
