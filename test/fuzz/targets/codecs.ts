/**
 * The decoders. The first three bytes of an input select the codec's options, its limit, and how
 * the stream is cut (they are letters and digits in the corpus). The rest is the stream.
 */

import { contentLength } from '../../../src/codecs/content-length.ts';
import { jsonLines } from '../../../src/codecs/json-lines.ts';
import { jsonStream } from '../../../src/codecs/json-stream.ts';
import { lengthPrefixed } from '../../../src/codecs/length-prefixed.ts';
import { lines } from '../../../src/codecs/lines.ts';
import type { Target } from '../engine/target.ts';
import { contentLengthReference, lengthPrefixedReference } from '../reference/framed.ts';
import { roundTrip } from '../reference/json.ts';
import { jsonLinesReference, linesReference } from '../reference/lines.ts';
import { streamReference } from '../reference/stream.ts';
import { decodingBudget } from './decoding-cost.ts';
import { checkDecoding, type Subject } from './decoding.ts';

/** Creates a subject from its options, as bits, and its limit. */
type SubjectOf = (options: number, limit: number) => Subject;

const LIMITS = [1000, 1, 2, 5, 10, 20, 64, 1_000_000] as const;

/** Creates the target of a codec. */
export const target = (
  name: string,
  subjectOf: SubjectOf,
  dictionary: readonly string[],
  maxSize = 2000,
): Target => ({
  name,
  dictionary,
  maxSize,
  budget: decodingBudget((options) => subjectOf(options, LIMITS[0]).codec),
  run: (input) => {
    const [options = 0, limit = 0, seed = 0] = input;
    const subject = subjectOf(options, LIMITS[limit % LIMITS.length] ?? 1000);
    checkDecoding(subject, input.subarray(3), seed);
  },
});

export const JSON_WORDS = [
  ...['{', '}', '[', ']', '"', '\\', ':', ',', '\n', '\r\n', '\r', ' ', '\t', '\xff', '\x00'],
  ...['{"a":1}\n', '{"a":{"b":[]}}\r\n', '[1,2]\n', '"x"\n', 'null\n', '-0', '1.5e3', '1e999'],
  ...['9007199254740993', '-9223372036854775808', '18446744073709551615', '"\\u0001n"', '\\"'],
  ...['1'.repeat(500), '[[]]', '[[[]]]', '{"a":{"b":{}}}', '[1,2,3]', '{"a":1,"b":2}', '[ ]'],
  ...['{"__proto__":1}\n', '"12345678901234567890\\u0001n"', '\\ud800', '\xc3\xa9', '\xe2\x82\xac'],
  ...[
    '\xc3',
    '\xed\xa0\x80',
    '\xf0\x9f\x98\x80',
    '\xef\xbb\xbf',
    '\xc0\x80',
    '{"b":"\n',
    '{"a":\n1}',
  ],
];

export const bit = (options: number, at: number): boolean => ((options >> at) & 1) === 1;

/** The option `skipUntil`: of one that is set, no message is encoded, because it may begin differently. */
export const skipUntilOf = (options: number, text: string) => (bit(options, 7) ? text : undefined);

/** The bounds of a message, of which most inputs have the default ones. */
const boundsOf = (options: number, depths: readonly number[]) => ({
  maxDepth: depths[(options >> 2) % 4],
  maxValues: [undefined, 3, undefined, undefined][(options >> 4) % 4],
});
const SELDOM_SHALLOW = [1024, 1024, 2, 1024] as const;

const integersOf = (exact: boolean) => (exact ? 'bigint' : 'number');

/** JSON cannot encode a number that is not finite; within a value such a number becomes `null`. */
export const jsonRoundTrip = (exact: boolean, skipUntil?: string) => (message: unknown) =>
  skipUntil !== undefined || (typeof message === 'number' && !Number.isFinite(message))
    ? undefined
    : roundTrip(message, exact);

/** Whether a line arrives as it is, also as the first one. */
const isKept = (line: string) => !line.endsWith('\r') && !line.startsWith('\ufeff');

const linesTarget = target(
  'lines',
  (options, limit) => {
    const skipUntil = skipUntilOf(options, 'xx');
    return {
      codec: lines({ terminator: bit(options, 0) ? '\r\n' : '\n', skipUntil }),
      reference: linesReference(limit, skipUntil),
      limit,
      framing: 1,
      roundTrip: (message) =>
        skipUntil === undefined && typeof message === 'string' && isKept(message)
          ? message
          : undefined,
    };
  },
  [
    '\n',
    '\r\n',
    '\r',
    '',
    'x',
    'xxxxxxxx',
    '\xff',
    '\x00',
    '\xc3\xa9',
    '\xe2\x82\xac',
    '\xed\xa0\x80',
    '\xef\xbb\xbf',
  ],
);

const jsonLinesTarget = target(
  'json-lines',
  (options, limit) => {
    const [exact, objects] = [bit(options, 0), bit(options, 1)];
    const bounds = boundsOf(options, SELDOM_SHALLOW);
    const skipUntil = skipUntilOf(options, '{"');
    return {
      codec: jsonLines<unknown>({ integers: integersOf(exact), objects, skipUntil, ...bounds }),
      reference: jsonLinesReference(limit, { exact, objects, ...bounds }, skipUntil),
      limit,
      framing: 1,
      roundTrip: jsonRoundTrip(exact, skipUntil),
    };
  },
  JSON_WORDS,
);

const jsonStreamTarget = target(
  'json-stream',
  (options, limit) => {
    const [exact, objects] = [bit(options, 0), bit(options, 1)];
    const { maxDepth = 1024, maxValues } = boundsOf(options, [1024, 1, 2, 4]);
    const skipUntil = skipUntilOf(options, '{"');
    return {
      codec: jsonStream<unknown>({
        ...{ integers: integersOf(exact), objects, maxDepth, maxValues, skipUntil },
      }),
      reference: streamReference({ limit, maxDepth, maxValues, objects, exact, skipUntil }),
      limit,
      framing: 0,
      roundTrip: jsonRoundTrip(exact, skipUntil),
    };
  },
  JSON_WORDS,
);

const contentLengthTarget = target(
  'content-length',
  (options, limit) => {
    const [exact, objects] = [bit(options, 0), bit(options, 1)];
    const bounds = boundsOf(options, SELDOM_SHALLOW);
    const skipUntil = skipUntilOf(options, 'Con');
    return {
      codec: contentLength<unknown>({ integers: integersOf(exact), objects, skipUntil, ...bounds }),
      reference: contentLengthReference(limit, { exact, objects, ...bounds }, skipUntil),
      limit,
      framing: 8192,
      roundTrip: jsonRoundTrip(exact, skipUntil),
    };
  },
  [
    ...['Content-Length: ', 'content-length:', '\r\n\r\n', '\r\n', '\n', ':', ' ', '\t', '0', '1'],
    ...[
      'Content-Length: 2\r\n\r\n{}',
      'Content-Length: 7\r\n\r\n{"a":1}',
      'X: y\r\n',
      '\xef\xbb\xbf',
      'banner\n',
      '99999999999',
    ],
    ...['Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n', '; charset=latin1', 'utf8'],
    ...[
      'x'.repeat(4096),
      '{"a":9007199254740993}',
      '\xff',
      '\xc3\xa9',
      '\xa0',
      '-1',
      '0x1',
      '1e3',
      '+5',
    ],
  ],
  10_000,
);

const lengthPrefixedTarget = target(
  'length-prefixed',
  (options, limit) => {
    const size = ([1, 2, 4] as const)[options % 3] ?? 4;
    const isLittle = bit(options, 3);
    return {
      codec: lengthPrefixed({ size, endian: isLittle ? 'little' : 'big' }),
      reference: lengthPrefixedReference(limit, size, isLittle),
      limit,
      framing: 4,
      roundTrip: (message) => message,
    };
  },
  [
    '\x00',
    '\x01',
    '\x02',
    '\x05',
    '\xff',
    '\x00\x05',
    '\x05\x00',
    '\x00\x00\x00\x05',
    'xxxxx',
    '\x00\x00',
  ],
);

/** All decoders. */
export const CODECS: readonly Target[] = [
  ...[linesTarget, jsonLinesTarget, jsonStreamTarget, contentLengthTarget, lengthPrefixedTarget],
];
