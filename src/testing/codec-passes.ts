/** The rules of decoding: whatever the chunks are, the same messages come out. */

import { describe } from '../core/describe.ts';
import {
  CodecCheckError,
  type CodecRule,
  shown,
  shownBytes,
  shownCut,
} from './codec-check-error.ts';
import {
  chunksOf,
  createDecoder,
  type Feed,
  type Finding,
  pass,
  REUSED,
  type Subject,
} from './codec-stream.ts';
import { someOf } from './codec-cuts.ts';

/** The bytes of the stream in chunks, and how the chunks are described. */
interface Cutting {
  /** The rule that is broken if only these chunks fail. */
  readonly rule: CodecRule;
  readonly cuts: readonly number[];
  readonly input: string;
  readonly feed?: Feed;
}

/** @throws {CodecCheckError} When the messages depend on the chunks. */
export function checkPasses(subject: Subject): void {
  checkFresh(subject);
  const each = { cuts: subject.starts, input: `${named(subject)}, each in a chunk of its own` };
  check(subject, { rule: 'round-trip', ...each });
  check(subject, { rule: 'several-messages', cuts: [], input: `${named(subject)}, in one chunk` });
  for (const cut of someOf(subject)) {
    const input = `two chunks, ${shownCut(subject.bytes, cut)}`;
    check(subject, { rule: 'split', cuts: [cut], input });
  }
  const bytewise = { cuts: someOf(subject, 4), input: 'the stream, byte by byte' };
  check(subject, { rule: 'split', ...bytewise });
  for (const size of [2, 3, 5, 7, 16]) {
    const cuts = someOf(subject, 4).filter((_, index) => index % size === 0);
    check(subject, { rule: 'split', cuts, input: `chunks of ${String(size)} bytes` });
  }
  const late = { ...REUSED, isReadEach: false };
  const lateInput = ', all of them written before the first read()';
  check(subject, { rule: 'late-read', ...each, input: each.input + lateInput, feed: late });
  check(subject, { rule: 'late-read', ...bytewise, input: bytewise.input + lateInput, feed: late });
  check(subject, { rule: 'chunk-type', ...each, feed: { ...REUSED, isBuffer: false } });
  check(subject, { rule: 'chunk-type', ...bytewise, feed: { ...REUSED, isBuffer: false } });
}

/** The bytes of the first message, and how many messages there are. */
const named = ({ frames, bytes }: Subject): string =>
  frames.length === 1
    ? `${frames[0]?.label ?? ''}, ${shownBytes(bytes)}`
    : `all ${String(frames.length)} samples, ${shownBytes(bytes)}`;

/** A decoder without bytes has no message, and two decoders are two objects. */
function checkFresh(subject: Subject): void {
  const decoders = [createDecoder(subject), createDecoder(subject)];
  for (const decoder of decoders) {
    const message = decoder.read();
    if (message === undefined) continue;
    const what = `Without bytes, read() returned ${shown(message)}.`;
    throw new CodecCheckError('decoder', what, { input: 'no bytes' });
  }
}

/** Gives the stream to a decoder in these chunks. */
function check(subject: Subject, cutting: Cutting): void {
  const { cuts, feed = REUSED } = cutting;
  const chunks = chunksOf(subject.bytes, cuts);
  const { finding } = pass(subject, chunks, feed);
  if (finding === undefined) return;
  const succeeds = (other: Partial<Feed>): boolean =>
    pass(subject, chunks, { ...feed, ...other }).finding === undefined;
  const rule = ruleOf(finding, cutting, succeeds);
  throw findingError(subject, { ...cutting, rule }, finding);
}

/** Names the rule: the same chunks may succeed if one condition is taken away. */
function ruleOf(
  finding: Finding,
  { rule }: Cutting,
  succeeds: (other: Partial<Feed>) => boolean,
): CodecRule {
  if (finding.kind === 'endless') return 'consume';
  if (finding.kind === 'changed') return 'message-memory';
  if (rule === 'chunk-type') return succeeds({ isBuffer: true }) ? rule : 'split';
  if (succeeds({ isReused: false })) return 'chunk-memory';
  return succeeds({ isReused: false, offset: 0 }) ? 'chunk-offset' : rule;
}

/** The error for a finding. */
export function findingError(
  subject: Subject,
  { rule, cuts, input }: Cutting,
  finding: Finding,
): CodecCheckError {
  const cause = finding.kind === 'threw' ? finding.error : undefined;
  const hint = rule === 'split' ? utf8Hint(subject, cuts) : undefined;
  return new CodecCheckError(rule, textOf(subject, finding), { input, hint, cause });
}

const UTF8_HINT =
  'A cut is within a character of UTF-8: look for the end of the message in the bytes, and decode ' +
  'text of complete messages only. ';

/** The byte after a cut is the continuation of a character. */
const utf8Hint = ({ bytes }: Subject, cuts: readonly number[]): string | undefined =>
  cuts.some((at) => ((bytes[at] ?? 0) & 0xc0) === 0x80) ? UTF8_HINT : undefined;

function textOf({ expected }: Subject, finding: Finding): string {
  const { index } = finding;
  const wanted = shown(expected[index]);
  const number = `message ${String(index)}`;
  switch (finding.kind) {
    case 'threw':
      return `The decoder threw before ${number}: ${describe(finding.error)}`;
    case 'missing':
      return `read() returned ${String(index)} of ${String(expected.length)} messages; ${wanted} is missing.`;
    case 'different':
      return `read() returned ${shown(finding.actual)} as ${number}, not ${wanted}.`;
    case 'changed':
      return `read() returned ${wanted} as ${number}, which later became ${shown(finding.actual)}.`;
    case 'extra':
      return `read() returned ${shown(finding.actual)} after all ${String(expected.length)} messages.`;
    case 'endless':
      return `read() returned ${shown(finding.actual)} again and again.`;
  }
}
