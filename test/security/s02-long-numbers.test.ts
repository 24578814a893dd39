/**
 * The length of numbers is bounded (S2, P2): a number of sixteen million digits held the event loop for ten
 * seconds, because its conversion takes time with the square of its length.
 */

import { describe, expect, it } from 'vitest';
import { ExecInterruptedError } from '../../src/qmp/index.ts';
import { CodecError, jsonLines, parseJson, stringifyJson } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';
import { decode, JSON_CODECS, relativeCost } from './heavy.ts';

expectIdleAfterEach();

const EXACT = { integers: 'bigint' } as const;
const REFUSED = { error: 'The message has a number with more than 1000 digits' };
const LONGEST = '9'.repeat(1000);
const TOO_LONG = [
  '9'.repeat(1001),
  `-${'9'.repeat(1001)}`,
  `0.${'1'.repeat(1000)}`,
  `1e${'0'.repeat(1000)}`,
];

/** Long enough to tell a square from a line. Before, it took a hundred times as long as a plain text. */
const HUGE = `{"return":${'7'.repeat(15_000_000)}}`;

describe.each(JSON_CODECS)('%s with bigints', (_, framed) => {
  it('reads a number of 1000 digits', () => {
    const decoded = [
      { message: { return: BigInt(LONGEST) } },
      { message: { return: -BigInt(LONGEST) } },
    ];
    const texts = [`{"return":${LONGEST}}`, `{"return":-${LONGEST}}`];
    expect(decode(framed, EXACT, ...texts)).toEqual(decoded);
  });

  it.each(TOO_LONG)('refuses a longer one of any form, and reads on: %.3s', (number) => {
    const texts = [`{"a":[1,${number}]}`, '{}'];
    expect(decode(framed, EXACT, ...texts)).toEqual([REFUSED, { message: {} }]);
  });

  it('refuses a huge one in about the time of any text of its size', () => {
    expect(decode(framed, EXACT, HUGE)).toEqual([REFUSED]);
    expect(relativeCost(framed, EXACT, HUGE)).toBeLessThan(20);
  });
});

it.each(JSON_CODECS)('%s without bigints reads any number as JSON.parse does', (_, framed) => {
  const texts = TOO_LONG.map((number) => `{"a":${number}}`);
  const messages = texts.map((text) => ({ message: JSON.parse(text) as unknown }));
  expect(decode(framed, {}, ...texts)).toEqual(messages);
});

it('a text that is not JSON is reported as such, whatever its numbers', () => {
  expect(() => parseJson(`[${LONGEST}9,]`)).toThrow('is not JSON');
  expect(() => parseJson(`[${LONGEST}9]`)).toThrow(REFUSED.error);
  expect(() => parseJson(`"${LONGEST}9"`)).not.toThrow();
});

it('bigints with more digits are not written either', () => {
  expect(stringifyJson(BigInt(LONGEST))).toBe(LONGEST);
  expect(stringifyJson(-BigInt(LONGEST))).toBe(`-${LONGEST}`);
  for (const value of [10n ** 1000n, -(10n ** 1000n)]) {
    expect(() => stringifyJson({ a: [value] })).toThrow(CodecError);
    expect(() => jsonLines<unknown>().encode(value)).toThrow('more than 1000 digits');
  }
});

it('a QMP server that replies with a huge number ends its session, and only that', async () => {
  const { client, monitor } = await session();
  const reply = rejection(client.execute('query-status'));
  await monitor.take();
  monitor.send(`{"return":{"size":${'7'.repeat(3_000_000)}}}\r\n`);
  const error = await reply;
  expect(error).toBeInstanceOf(ExecInterruptedError);
  expect(error).toMatchObject({ cause: { code: 'ERR_CODEC', message: REFUSED.error } });
  expect(client.runstate).toBe('IDLE');
});
