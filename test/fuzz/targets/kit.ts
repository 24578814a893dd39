/** The decoders that authors of protocols choose the framing of: `framed()`, and lines with any terminator. */

import { framed, type TypedFrameOptions } from '../../../src/codecs/framed.ts';
import { jsonLines } from '../../../src/codecs/json-lines.ts';
import { stringifyJson } from '../../../src/codecs/json.ts';
import { lines } from '../../../src/codecs/lines.ts';
import type { Target } from '../engine/target.ts';
import { framedReference, type Layout } from '../reference/framed.ts';
import { jsonLinesReference, linesReference } from '../reference/lines.ts';
import { bit, JSON_WORDS, jsonRoundTrip, skipUntilOf, target } from './codecs.ts';
import type { Subject } from './decoding.ts';

/** As latin1. Some contain their own beginning again; the last one is not UTF-8. */
const TERMINATORS = [
  ';',
  '\x00',
  'aa',
  'abaab',
  '\r\n.\r\n',
  '\xc3\xa9;\xc3\xa9',
  '\r',
  '\xff\xfe',
];

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

function linesSubject(options: number, limit: number): Subject {
  const latin1 = TERMINATORS[options % 8] ?? ';';
  const skipUntil = skipUntilOf(options, 'xx');
  const isText = options % 8 < 7;
  const terminator = Buffer.from(latin1, 'latin1').toString();
  return {
    codec: isText
      ? lines({ terminator, skipUntil })
      : lines({ terminator: bytesOf(latin1), skipUntil }),
    reference: linesReference(limit, skipUntil, latin1),
    limit,
    framing: latin1.length,
    roundTrip: (message) =>
      skipUntil === undefined && typeof message === 'string' && isKept(message, terminator)
        ? message
        : undefined,
  };
}

/** Whether a line arrives as it is, also as the first one. */
const isKept = (line: string, terminator: string) =>
  !line.startsWith('\ufeff') && (line + terminator).indexOf(terminator) === line.length;

function jsonSubject(options: number, limit: number): Subject {
  const latin1 = [...TERMINATORS.slice(0, 7), '\x1e'][options % 8] ?? ';';
  const terminator = Buffer.from(latin1, 'latin1').toString();
  const skipUntil = skipUntilOf(options, '{"');
  const exact = bit(options, 4);
  const roundTrip = jsonRoundTrip(exact, skipUntil);
  return {
    codec: jsonLines<unknown>({ terminator, skipUntil, integers: exact ? 'bigint' : 'number' }),
    reference: jsonLinesReference(limit, { exact, objects: false }, skipUntil, latin1),
    limit,
    framing: latin1.length,
    roundTrip: (message) => {
      const expected = roundTrip(message);
      const isSent = expected !== undefined && isKept(stringifyJson(message), terminator);
      return isSent ? expected : undefined;
    },
  };
}

const terminators = target(
  'terminators',
  (options, limit) =>
    bit(options, 3) ? jsonSubject(options, limit) : linesSubject(options, limit),
  [...TERMINATORS, 'a', 'b', 'x', 'xxxxxxxx', '\n', ' ', ...JSON_WORDS],
);

interface Form {
  readonly codec: Subject['codec'];
  readonly layout: Layout;
}

const typed = (options: TypedFrameOptions, layout: Omit<Layout, 'type'>): Form => ({
  codec: framed(options),
  layout: { type: options.type, ...layout },
});

const FORMS: readonly Form[] = [
  typed({ type: 'before', includes: 'length' }, { size: 4, format: 'big', counted: 4 }),
  typed({ type: 'before', varint: 4 }, { size: 4, format: 'varint', counted: 0 }),
  { codec: framed({ size: 2 }), layout: { size: 2, format: 'big', counted: 0 } },
  typed(
    { type: 'after', size: 3, endian: 'little', includes: 'header' },
    { size: 3, format: 'little', counted: 4 },
  ),
  typed({ type: 'after', varint: 2, includes: 'type' }, { size: 2, format: 'varint', counted: 1 }),
  {
    codec: framed({ size: 8, includes: 'length' }),
    layout: { size: 8, format: 'big', counted: 8 },
  },
  { codec: framed({ varint: 8 }), layout: { size: 8, format: 'varint', counted: 0 } },
  { codec: framed({ size: 1 }), layout: { size: 1, format: 'big', counted: 0 } },
];

const framedTarget = target(
  'framed',
  (options, limit) => {
    const { codec, layout } = FORMS[options % FORMS.length] ?? { codec: framed(), layout: PLAIN };
    return {
      codec,
      reference: framedReference(limit, layout),
      limit,
      framing: 9,
      roundTrip: (message) => message,
    };
  },
  [
    '\x00',
    '\x01',
    '\x05',
    '\x7f',
    '\x80',
    '\xff',
    '\x00\x00\x00\x05',
    '\x80\x80\x00',
    'xxxxx',
    'Q',
  ],
);

const PLAIN: Layout = { size: 4, format: 'big', counted: 0 };

/** The decoders of the kit. */
export const KIT: readonly Target[] = [terminators, framedTarget];
