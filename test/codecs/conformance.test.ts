/** What codecs do that authors choose the framing of: what the engine expects of any codec. */

import { expect, it } from 'vitest';
import { framed } from '../../src/codecs/framed.ts';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import { lines } from '../../src/codecs/lines.ts';
import type { Codec } from '../../src/core/codec.ts';
import { checkCodec } from '../../src/testing/index.ts';
import { bytesOf } from './support.ts';

const TEXTS = ['', 'hello', 'grüß dich €😀', 'a\tb', 'x'.repeat(130)];
const PAYLOADS = TEXTS.map((text) => new Uint8Array(bytesOf(text)));
const FRAMES = PAYLOADS.map((payload, type) => ({ type: type * 50, payload }));
const VALUES = ['', 'grüß dich €😀', { all: [null, true, -0.5, { '}': '{\n' }] }];

it.each(['\n', '\r\n', ';', '\0', 'abab', '\r\n.\r\n', 'é;é'])(
  'lines() with the terminator %j does',
  (terminator) => {
    const sizeOf = (line: string) => Buffer.byteLength(line);
    const invalid = [Buffer.concat([bytesOf('a'), Uint8Array.of(0xff), bytesOf(terminator)])];
    checkCodec(lines({ terminator }), { messages: TEXTS, invalid, sizeOf });
  },
);

it('lines() with a terminator of bytes does', () => {
  const codec = lines({ terminator: Uint8Array.of(0xff, 0xfe) });
  const invalid = [Uint8Array.of(0xfe, 0xff, 0xfe)];
  checkCodec(codec, { messages: TEXTS, invalid, sizeOf: (line) => Buffer.byteLength(line) });
});

it.each([
  ["jsonLines({ terminator: '\\0' })", jsonLines<unknown>({ terminator: '\0' })],
  ["jsonLines({ terminator: ';;' })", jsonLines<unknown>({ terminator: ';;' })],
] as const)('%s does', (_, codec) => {
  const invalid = [codec.encode({ a: 1 }).replace('"a"', 'nil')];
  checkCodec(codec, {
    messages: VALUES,
    invalid,
    sizeOf: (value) => Buffer.byteLength(JSON.stringify(value)),
  });
});

it.each([
  ['framed()', framed()],
  ["framed({ size: 2, includes: 'length' })", framed({ size: 2, includes: 'length' })],
  ["framed({ size: 8, endian: 'little' })", framed({ size: 8, endian: 'little' })],
  ['framed({ varint: 2 })', framed({ varint: 2 })],
] satisfies [string, Codec<Uint8Array>][])('%s does', (_, codec) => {
  checkCodec(codec, { messages: PAYLOADS, sizeOf: (payload) => payload.length });
});

it.each([
  ['before', { type: 'before', includes: 'length' }],
  ['after', { type: 'after', size: 3, endian: 'little', includes: 'header' }],
  ['before a varint', { type: 'before', varint: 4 }],
] as const)('framed() with a type %s does', (_, options) => {
  const codec = framed(options);
  const invalid =
    'varint' in options ? [new Uint8Array(5).fill(0xff)] : [Uint8Array.of(0, 0, 0, 0, 0)];
  checkCodec(codec, { messages: FRAMES, invalid, sizeOf: ({ payload }) => payload.length });
  expect(codec.encode({ type: null, payload: '' })).toHaveLength(
    'varint' in options ? 1 : options.type === 'after' ? 3 : 4,
  );
});
