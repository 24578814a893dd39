/** A conformance test for codecs: what the engine expects of them, checked in one call. */

import type { Codec, Encoded } from '../core/codec.ts';
import { checkCodec as checkShape } from '../core/definition.ts';
import { ArgumentError } from '../core/errors.ts';
import { checkKinds, checkNames, type Names } from '../core/options.ts';
import { show } from '../core/shape.ts';
import { checkBound, checkInvalid, type Measure } from './codec-bounds.ts';
import { checkEnds, checkSharing } from './codec-ends.ts';
import { bytesOf, framesOf } from './codec-frames.ts';
import { checkPasses } from './codec-passes.ts';
import { type Frame, type Subject, subjectOf } from './codec-stream.ts';
import { isSame } from './same-value.ts';

/** Bytes of a peer, and the messages that they stand for. */
export interface CodecSample<In> {
  /** The bytes; text stands for its UTF-8. */
  readonly bytes: Encoded;
  /** The messages, in order; none for bytes that are read over, such as a comment. */
  readonly messages: readonly In[];
}

/** What `checkCodec()` checks a codec with. */
export interface CheckCodecOptions<In, Out = In> {
  /**
   * Messages that are encoded and decoded again: short and long ones, empty ones, and some with the bytes
   * that your framing uses. They must be as the decoder returns them; see `received`.
   */
  readonly messages?: readonly Out[] | undefined;
  /** What each of `messages` is decoded to. Default: the message itself. */
  readonly received?: readonly In[] | undefined;
  /** Messages that are only encoded: for a codec that sends other messages than it receives. */
  readonly sent?: readonly Out[] | undefined;
  /**
   * Bytes with their messages, which are only decoded: for messages that the codec does not send, and for
   * other forms of them than its own.
   */
  readonly samples?: readonly CodecSample<In>[] | undefined;
  /** Bytes that are no message: each must be a `CodecError`. */
  readonly invalid?: readonly Encoded[] | undefined;
  /** Returns the size of a message that `maxMessageBytes` bounds. With it, the bound is checked exactly. */
  sizeOf?(message: In): number;
  /** Whether two messages are equal. Default: deeply; the same bytes are equal in any class. */
  equals?(received: In, expected: In): boolean;
  /** Whether the codec keeps `maxMessageBytes` itself. Default `true`; `false` leaves it to the engine. */
  readonly bounded?: boolean | undefined;
}

const OPTIONS: Names<CheckCodecOptions<never>> = {
  messages: true,
  received: true,
  sent: true,
  samples: true,
  invalid: true,
  sizeOf: true,
  equals: true,
  bounded: true,
};

/**
 * Checks that a codec does what the engine expects of it. Call it in a test of any test runner. It returns
 * when all is well, after some tenths of a second at most if the samples have a few kilobytes together.
 *
 * `messages` and `samples` are decoded as one stream, in this order: in one chunk, byte by byte, cut in two
 * at each byte (in a stream of more than 2 048 bytes, at about as many chosen ones), with memory that is
 * overwritten when `read()` has returned `undefined`, with several writes before a read, by two decoders in
 * turn, ended at each byte, and with bounds of exactly the size of the largest message and of a byte less.
 *
 * @example
 * checkCodec(netstrings(), { messages: ['', 'hello', 'grüß dich'], invalid: ['5;hello,'] });
 *
 * @throws {CodecCheckError} At the first rule that the codec breaks. Its message says which one, with which
 *   input, and how to repair it.
 * @throws {ArgumentError} When an option is invalid, or there is nothing to decode.
 */
export function checkCodec<In, Out = In>(
  codec: Codec<In, Out>,
  options: CheckCodecOptions<In, Out>,
): void {
  const subject = makeSubject(codec, options);
  checkPasses(subject);
  checkSharing(subject);
  checkEnds(subject);
  const measure: Measure = options;
  if (options.bounded !== false) checkBound(subject, measure);
  for (const [index, bytes] of (options.invalid ?? []).entries()) {
    checkInvalid(subject, `invalid[${String(index)}]`, bytesOf(bytes));
  }
}

function makeSubject<In, Out>(codec: Codec<In, Out>, options: CheckCodecOptions<In, Out>): Subject {
  checkOptions(codec, options);
  // The codec is called with what the options have for it.
  const untyped: Codec<unknown, unknown> = codec;
  const { messages = [], received = messages, samples = [], sent = [] } = options;
  framesOf({ codec: untyped }, 'sent', sent);
  const frames: Frame[] = [
    ...framesOf({ codec: untyped }, 'messages', messages, received),
    ...samples.map(({ bytes, messages: expected }, index) => ({
      label: `samples[${String(index)}]`,
      bytes: bytesOf(bytes),
      expected,
    })),
  ];
  const comparison: Partial<Pick<Subject, 'equals'>> = options;
  return subjectOf(untyped, frames, {
    equals: (one, other) => comparison.equals?.(one, other) ?? isSame(one, other),
  });
}

function checkOptions(codec: unknown, options: CheckCodecOptions<unknown, unknown>): void {
  const owner = 'checkCodec()';
  checkShape(owner, codec);
  checkNames(owner, options, OPTIONS);
  checkKinds(owner, options, { sizeOf: 'function', equals: 'function', bounded: 'boolean' });
  const { messages = [], received = messages, samples = [] } = options;
  for (const name of ['messages', 'received', 'sent', 'samples', 'invalid'] as const) {
    const value: unknown = options[name];
    if (value === undefined || Array.isArray(value)) continue;
    throw new ArgumentError(`${name} of ${owner} must be an array, not ${show(value)}`);
  }
  if (received.length !== messages.length) {
    const counts = `${String(received.length)} and ${String(messages.length)}`;
    throw new ArgumentError(
      `received of ${owner} must have one message for each of messages, not ${counts}`,
    );
  }
  if (messages.length > 0 || samples.some((sample) => sample.messages.length > 0)) return;
  throw new ArgumentError(`${owner} needs messages, or samples with messages`);
}
