/** The rules of `maxMessageBytes`, and of bytes that are not a message. */

import { describe } from '../core/describe.ts';
import { isClosedError, isCodecError, isWirechartError } from '../core/errors.ts';
import { resolveLimits } from '../core/limits.ts';
import { CodecCheckError, shown, shownBytes } from './codec-check-error.ts';
import { someOf } from './codec-cuts.ts';
import { errorOf } from './codec-ends.ts';
import {
  chunksOf,
  createDecoder,
  type Finding,
  type Frame,
  pass,
  type Pass,
  REUSED,
  subjectOf,
  type Subject,
} from './codec-stream.ts';

/** How the size of a message is measured. */
export interface Measure {
  sizeOf?(message: unknown): number;
}

/** @throws {CodecCheckError} When the bound is not kept, or depends on the chunks. */
export function checkBound(subject: Subject, measure: Measure): void {
  const smallest = smallestLimit(subject);
  if (smallest === 1) {
    throw boundError(
      'Every message was decoded with maxMessageBytes: 1. Either the codec has no bound, or all samples are ' +
        'shorter than two bytes without their framing: then add a longer one.',
      subject,
    );
  }
  checkSize(subject, smallest, measure);
  for (const [name, cuts] of cuttings(subject)) {
    const chunks = chunksOf(subject.bytes, cuts);
    checkAllowed(subject, chunks, smallest, name);
    checkRefused(subject, chunks, smallest - 1, name);
  }
  checkEarly(subject, smallest);
}

const cuttings = (subject: Subject): [name: string, cuts: readonly number[]][] => [
  ['each sample in a chunk of its own', subject.starts],
  ['all samples in one chunk', []],
  ['the stream byte by byte', someOf(subject, 4)],
];

/** The least `maxMessageBytes` with which the stream is decoded. */
function smallestLimit(subject: Subject): number {
  const chunks = chunksOf(subject.bytes, subject.starts);
  let [tooSmall, enough] = [0, resolveLimits().maxMessageBytes];
  while (enough - tooSmall > 1) {
    const limit = Math.floor((tooSmall + enough) / 2);
    if (withLimit(subject, chunks, limit).finding === undefined) enough = limit;
    else tooSmall = limit;
  }
  return enough;
}

const withLimit = (subject: Subject, chunks: readonly Uint8Array[], limit: number): Pass =>
  pass(subject, chunks, REUSED, { maxMessageBytes: limit });

function checkSize(subject: Subject, smallest: number, measure: Measure): void {
  const sizes = measure.sizeOf && subject.expected.map((message) => measure.sizeOf?.(message) ?? 0);
  const largest = Math.max(...(sizes ?? subject.frames.map(({ bytes }) => bytes.length)));
  if (sizes === undefined ? smallest <= largest : smallest === largest) return;
  const known = sizes === undefined ? 'bytes with its framing' : 'bytes by sizeOf()';
  throw boundError(
    `The largest sample has ${String(largest)} ${known}, and the least maxMessageBytes with which all are ` +
      `decoded is ${String(smallest)}.`,
    subject,
  );
}

function checkAllowed(
  subject: Subject,
  chunks: readonly Uint8Array[],
  limit: number,
  name: string,
): void {
  const { finding } = withLimit(subject, chunks, limit);
  if (finding === undefined) return;
  throw boundError(
    `With maxMessageBytes: ${String(limit)}, all samples are decoded one by one, but ${name}: ` +
      `${outcomeOf(finding)}. The bound is that of one message, whatever the chunks are.`,
    subject,
    finding,
  );
}

function checkRefused(
  subject: Subject,
  chunks: readonly Uint8Array[],
  limit: number,
  name: string,
): void {
  const { finding, decoder } = withLimit(subject, chunks, limit);
  if (!isLimit(finding)) {
    throw boundError(
      `With maxMessageBytes: ${String(limit)}, a message is larger, but there was no LimitError (${name}): ` +
        `${outcomeOf(finding)}.`,
      subject,
      finding,
    );
  }
  const write = (): void => {
    decoder.write(Uint8Array.from(subject.bytes));
  };
  for (const [what, before] of [
    ['', undefined],
    [', after more bytes,', write],
  ] as const) {
    const error = errorOf(() => {
      before?.();
      const message = decoder.read();
      throw new Error(`read() returned ${shown(message)}`);
    });
    if (isLimitError(error)) continue;
    const found = `The next read()${what} threw no LimitError: ${describe(error)}`;
    throw new CodecCheckError('after-limit', found, {
      input: shownBytes(subject.bytes),
      cause: error,
    });
  }
}

/** The error comes as soon as the size is exceeded, and not when the message is complete. */
function checkEarly(subject: Subject, smallest: number): void {
  const frame = largestFrame(subject, smallest);
  const { bytes } = frame;
  // Shorter messages may be complete when the decoder sees what follows; longer ones are compressed.
  if (smallest < MIN_EARLY_BYTES || smallest > bytes.length) return;
  const alone = subjectOf(subject.codec, [frame], subject);
  const chunks = chunksOf(bytes, someOf(alone, 4));
  const { finding, returnedAt } = pass(alone, chunks);
  // It may not be decodable alone: the protocol has phases.
  if (finding !== undefined) return;
  const refused = withLimit(alone, chunks, 1).finding;
  if (isLimit(refused) && refused.at < (returnedAt.at(-1) ?? 0)) return;
  throw boundError(
    `With maxMessageBytes: 1, ${frame.label} of ${String(bytes.length)} bytes was refused only when it was ` +
      'complete: until then, the decoder would hold any number of bytes.',
    subject,
    refused,
  );
}

const MIN_EARLY_BYTES = 4;

function largestFrame(subject: Subject, smallest: number): Frame {
  const chunks = chunksOf(subject.bytes, subject.starts);
  const index = withLimit(subject, chunks, smallest - 1).finding?.index ?? 0;
  let count = 0;
  const found = subject.frames.find(({ expected }) => (count += expected.length) > index);
  return found ?? { label: 'the stream', bytes: subject.bytes, expected: subject.expected };
}

const isLimitError = (error: unknown): boolean =>
  isWirechartError(error) && error.code === 'ERR_LIMIT';

const isLimit = (finding: Finding | undefined): finding is Finding & { readonly kind: 'threw' } =>
  finding?.kind === 'threw' && isLimitError(finding.error);

const outcomeOf = (finding: Finding | undefined): string => {
  if (finding === undefined) return 'all messages were decoded';
  return finding.kind === 'threw' ? describe(finding.error) : `a message is ${finding.kind}`;
};

const boundError = (what: string, { bytes }: Subject, finding?: Finding): CodecCheckError =>
  new CodecCheckError('bound', what, {
    input: shownBytes(bytes),
    cause: finding?.kind === 'threw' ? finding.error : undefined,
  });

/** @throws {CodecCheckError} When some of the bytes are decoded, or throw anything but a `CodecError`. */
export function checkInvalid(subject: Subject, label: string, bytes: Uint8Array): void {
  const nothing = subjectOf(subject.codec, [{ label, bytes, expected: [] }], subject);
  for (const cuts of [[], someOf(nothing, 4)]) {
    const messages: unknown[] = [];
    const error = errorOf(() => {
      decodeInto(messages, nothing, chunksOf(bytes, cuts));
    });
    if (isCodecError(error) && !isClosedError(error.cause)) continue;
    const input = `${label}, ${shownBytes(bytes)}${cuts.length === 0 ? '' : ', byte by byte'}`;
    throw new CodecCheckError('invalid', invalidText(error, messages), { input, cause: error });
  }
}

function decodeInto(messages: unknown[], subject: Subject, chunks: readonly Uint8Array[]): void {
  const decoder = createDecoder(subject);
  for (const chunk of chunks) {
    decoder.write(Uint8Array.from(chunk));
    for (let message; (message = decoder.read()) !== undefined;) {
      messages.push(message);
      if (messages.length > MAX_MESSAGES) return;
    }
  }
  decoder.end();
}

/** More messages than that are without end. */
const MAX_MESSAGES = 10_000;

function invalidText(error: unknown, messages: readonly unknown[]): string {
  if (isCodecError(error))
    return 'The decoder waits for more bytes: these are only the beginning of a message.';
  if (error !== undefined) return `The decoder threw no CodecError: ${describe(error)}`;
  return messages.length === 0
    ? 'The decoder dropped the bytes.'
    : `read() returned ${shown(messages.slice(0, 3))}.`;
}
