/**
 * No single message holds the event loop for long, or takes much more memory than its own size (S3, P2): one
 * of 15.5 MB with five million empty objects and one big integer was parsed twice, in 3 to 11 seconds, into
 * 564 MB.
 */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { AsyncProtocol, jsonLines, streamPair } from '../../src/index.ts';
import { contentLength, jsonStream } from '../../src/codecs/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';
import { cpuOf, decode, JSON_CODECS, relativeCost, replyOf } from './heavy.ts';

expectIdleAfterEach();
afterEach(() => {
  vi.restoreAllMocks();
});

const EXACT = { integers: 'bigint' } as const;
const BIG = '12345678901234567890';
/** Many have more values than a message may have from here on. */
const SIZE = 6_000_000;
/** The message with which this was found. */
const FOUND = replyOf('{}', 15_500_000, BIG);
const MAX_VALUES = 262_144;
const TOO_MANY = {
  error: expect.stringContaining(`has more than ${String(MAX_VALUES)} values`) as string,
};

/** A member with a name of its own costs the parser the most. */
const manyNames = (size: number): string => {
  const members = Array.from({ length: size / 16 }, (_, at) => `"k${String(1e9 + at)}":1`);
  return `{"return":{${members.join(',')}}}`;
};

const HEAVY: readonly (readonly [what: string, text: string])[] = [
  ['empty objects', replyOf('{}', SIZE)],
  ['empty objects and a big integer', FOUND],
  ['empty arrays and a big integer', replyOf('[]', SIZE, BIG)],
  ['short numbers', replyOf('1', SIZE)],
  ['short texts', replyOf('"a"', SIZE)],
  ['texts with escapes', replyOf('"\\u0041"', SIZE)],
  ['big integers', replyOf(BIG, SIZE)],
  ['exponents', replyOf('1e9', SIZE)],
  ['members called __proto__', replyOf('{"__proto__":{}}', SIZE, BIG)],
  ['members with different names', manyNames(SIZE)],
  ['nesting of 1000 levels', replyOf('['.repeat(1000) + ']'.repeat(1000), SIZE)],
  ['blanks between values', replyOf('{}  ', SIZE)],
];

describe.each(JSON_CODECS)('%s', (_, framed) => {
  it.each(HEAVY)('refuses a large message of %s, and reads on', (_what, text) => {
    expect(decode(framed, EXACT, text, '{}')).toEqual([TOO_MANY, { message: {} }]);
    expect(relativeCost(framed, EXACT, text)).toBeLessThan(20);
  });

  it('counts the values exactly, with the names of members', () => {
    // The reply, its name, the list, and what is in it.
    const list = (values: number) => `{"return":[${'1,'.repeat(values - 4)}1]}`;
    const members = (values: number) => `{"return":{${'"a":1,'.repeat((values - 5) / 2)}"a":[]}}`;
    expect(decode(framed, {}, list(MAX_VALUES))).not.toContainEqual(TOO_MANY);
    expect(decode(framed, {}, members(MAX_VALUES - 1))).not.toContainEqual(TOO_MANY);
    expect(decode(framed, {}, list(MAX_VALUES + 1))).toEqual([TOO_MANY]);
    expect(decode(framed, {}, members(MAX_VALUES + 1))).toEqual([TOO_MANY]);
  });

  it('does not count what is in texts', () => {
    const text = `{"return":"${'[{,:'.repeat(MAX_VALUES)}\\"${'[{,:'.repeat(MAX_VALUES)}"}`;
    expect(decode(framed, {}, text)).not.toContainEqual(TOO_MANY);
  });

  it('parses a text with big integers once', () => {
    const text = replyOf('{}', 300_000, BIG);
    const parse = vi.spyOn(JSON, 'parse');
    const [outcome] = decode(framed, EXACT, text);
    const parsed = parse.mock.calls.reduce((sum, [part]) => sum + part.length, 0);
    expect(outcome).toHaveProperty('message.return.length', 99_990);
    // It takes long strings only.
    expect(parsed).toBeLessThan(100);
  });

  it('takes little more memory than the size of what it refuses', () => {
    const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const chunks = framed.frame(FOUND);
    const before = used();
    const decoder = framed.codecOf(EXACT).createDecoder({});
    decoder.write(chunks);
    expect(() => decoder.read()).toThrow();
    expect(used() - before).toBeLessThan(4 * chunks.length);
  });

  it('bounds the nesting by maxDepth, 1024 by default, and reads on', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const tooDeep = { error: 'too deep' };
    for (const integers of ['number', 'bigint'] as const) {
      const last = integers === 'bigint' ? `,${BIG}` : '';
      const inList = (levels: number) => `{"b":[${nested(levels - 2)}${last}]}`;
      expect(decode(framed, { integers }, nested(1024), inList(1024))).not.toContainEqual(tooDeep);
      expect(decode(framed, { integers }, nested(1025), inList(1025), '{}')).toEqual([
        ...[tooDeep, tooDeep, { message: {} }],
      ]);
    }
    expect(decode(framed, { maxDepth: 2 }, nested(2), nested(3), '{}')).toEqual([
      ...[{ message: { a: [] } }, tooDeep, { message: {} }],
    ]);
    // Brackets in a text nest nothing.
    const text = `{"a":"${'['.repeat(5000)}\\"${'{'.repeat(5000)}"}`;
    expect(decode(framed, {}, text)).not.toContainEqual(tooDeep);
  });

  it('refuses millions of levels without building them', () => {
    const text = `{"a":${'['.repeat(4_000_000)}${']'.repeat(4_000_000)}}`;
    expect(relativeCost(framed, {}, text)).toBeLessThan(20);
    expect(decode(framed, {}, text)[0]).toHaveProperty('error');
  });

  it('reads escapes, quotes and blanks in about the time of any text', () => {
    for (const part of ['\\u0041', '\\"', '\\\\', '€'])
      expect(
        relativeCost(framed, EXACT, `{"a":"${part.repeat(1_000_000)}","b":${BIG}}`),
      ).toBeLessThan(20);
    const blanks = ' '.repeat(4_000_000);
    expect(relativeCost(framed, EXACT, `${blanks}{"a":${blanks}${BIG}}`)).toBeLessThan(20);
  });
});

it('more values are accepted where maxValues or maxMessageBytes is larger', () => {
  const text = Buffer.from(`${replyOf('1', 2 * MAX_VALUES + 100)}\n`);
  const read = (maxValues: number | undefined, maxMessageBytes: number): unknown => {
    const decoder = jsonLines({ maxValues }).createDecoder({ maxMessageBytes });
    decoder.write(text);
    return decoder.read();
  };
  const MIB = 1024 * 1024;
  expect(() => read(undefined, 16 * MIB)).toThrow('values');
  expect(() => read(MAX_VALUES - 1, 32 * MIB)).toThrow(
    `more than ${String(MAX_VALUES - 1)} values`,
  );
  expect(read(undefined, 32 * MIB)).toHaveProperty('return');
  expect(read(Infinity, 16 * MIB)).toHaveProperty('return');
  // A smaller bound of bytes bounds the values by itself.
  expect(() => read(undefined, MIB)).toThrow('values');
});

it.each([
  ['jsonLines', jsonLines],
  ['jsonStream', jsonStream],
  ['contentLength', contentLength],
])('%s() refuses bounds that are no numbers above 0', (_, codec) => {
  for (const name of ['maxDepth', 'maxValues']) {
    for (const value of [0, -1, NaN, '5', null])
      expect(() => codec({ [name]: value })).toThrow(`${name} must be a number above 0`);
    for (const value of [undefined, 1, Infinity])
      expect(() => codec({ [name]: value })).not.toThrow();
  }
});

it('blanks at the end of a stream cost no regular expression each', () => {
  const decoder = jsonLines().createDecoder({});
  decoder.write(Buffer.from(`{}\n${' '.repeat(100_000)}`));
  expect([decoder.read(), decoder.read()]).toEqual([{}, undefined]);
  const test = vi.spyOn(RegExp.prototype, 'test');
  decoder.end();
  expect(test.mock.calls.length).toBeLessThan(10);
});

it.each([
  ['blank lines', undefined],
  ['a banner of line ends', '{'],
])('%s cost about as much as the bytes of a message', (_, skipUntil) => {
  const cost = (text: string) => {
    const decoder = jsonLines({ skipUntil }).createDecoder({});
    const bytes = Buffer.from(text);
    return cpuOf(() => {
      for (let at = 0; at < bytes.length; at += 65_536) {
        decoder.write(bytes.subarray(at, at + 65_536));
        while (decoder.read() !== undefined);
      }
    });
  };
  const plain = `${JSON.stringify({ a: 'x'.repeat(8_000_000) })}\n`;
  cost(plain);
  expect(cost('\n'.repeat(8_000_000)) / cost(plain)).toBeLessThan(20);
});

it('a peer that sends a heavy message ends its own session only', async () => {
  const received: unknown[] = [];
  const definition = {
    codec: jsonLines(),
    onMessage: (message: unknown) => void received.push(message),
  };
  const [one, hostile] = streamPair();
  const [two, honest] = streamPair();
  const attacked = new AsyncProtocol(definition);
  const other = new AsyncProtocol(definition);
  await Promise.all([attacked.connect({ stream: one }), other.connect({ stream: two })]);
  hostile.end(`${replyOf('{}', 2_000_000)}\n`);
  expect(await attacked.closed).toMatchObject({ cause: { code: 'ERR_CODEC' } });
  honest.write('1\n');
  await vi.waitFor(() => {
    expect(received).toEqual([1]);
  });
  await other.disconnect({ force: true });
});

it('a QMP server that sends a heavy reply ends its own session only', async () => {
  const { client, monitor } = await session();
  const reply = rejection(client.execute('query-block'));
  await monitor.take();
  monitor.send(`${replyOf('{}', 2_000_000, BIG)}\r\n`);
  expect(await reply).toMatchObject({ cause: { code: 'ERR_CODEC' } });
});
