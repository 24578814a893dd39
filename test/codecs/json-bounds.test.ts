import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countMarks, hasMoreValues } from '../../src/codecs/json-bounds.ts';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import { jsonStream } from '../../src/codecs/json-stream.ts';
import { endOfString } from '../../src/codecs/json-strings.ts';
import { parseLossless } from '../../src/codecs/lossless-reader.ts';
import { big, plain } from './json-support.ts';
import { bytesOf, cut, messages, outcomes, sizes, thrownBy } from './support.ts';

/** Counts a value, what is in it, and the names of its members. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  const names = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, each) => sum + valuesIn(each), 1 + names);
}

describe('the number of values in a text', () => {
  it('is exact for any JSON, also with blanks', () => {
    fc.assert(
      fc.property(plain.value, fc.constantFrom('', ' ', '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const count = valuesIn(value);
        expect(hasMoreValues(text, count)).toBe(false);
        expect(hasMoreValues(text, count - 1)).toBe(true);
        expect(countMarks(bytesOf(text))).toBeGreaterThanOrEqual(count - 1);
      }),
      { numRuns: 500 },
    );
  });

  it('is bounded by the marks of its bytes, wherever these are in memory', () => {
    const bytes = fc.uint8Array({ maxLength: 3000, size: 'max' });
    fc.assert(
      fc.property(bytes, fc.nat(7), (random, offset) => {
        const memory = new Uint8Array(random.length + offset);
        memory.set(random, offset);
        const marks = random.filter((byte) => ',:[{'.includes(String.fromCharCode(byte)));
        expect(countMarks(memory.subarray(offset))).toBe(marks.length);
      }),
    );
    expect(countMarks(bytesOf(','.repeat(5000)))).toBe(5000);
  });

  it('is bounded by maxValues in the same way for any chunks', () => {
    fc.assert(
      fc.property(plain.object, fc.integer({ min: 1, max: 12 }), sizes, (value, maxValues, by) => {
        const stream = bytesOf(`${JSON.stringify(value)}\n{}\n`);
        const isTooMany = valuesIn(value) > maxValues;
        for (const codec of [jsonLines({ maxValues }), jsonStream({ maxValues })]) {
          const [first, ...rest] = outcomes(codec, cut(stream, ...by));
          expect(rest).toEqual(messages({}));
          if (isTooMany) expect(first).toHaveProperty('error');
          else expect([first]).toEqual(messages(JSON.parse(JSON.stringify(value))));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the end of a string', () => {
  it.each([
    ['""', 2],
    ['"a"b"', 3],
    [String.raw`"\""`, 4],
    [String.raw`"\\"x"`, 4],
    [String.raw`"a\\\"b"c`, 8],
    [String.raw`"a\"`, 4],
    ['"\\', 2],
    ['"a', 2],
  ])('of %s is at %i', (text, end) => {
    expect(endOfString(text, 0)).toBe(end);
  });
});

describe('the reader of exact numbers', () => {
  /** The value; an error as its class. */
  const read = (parse: () => unknown): unknown => {
    let value: unknown;
    const error = thrownBy(() => (value = parse()));
    return error === undefined ? { value } : { error: (error as Error).constructor };
  };

  it('agrees with JSON.parse about any text', () => {
    const token = fc.constantFrom(
      ...['{', '}', '[', ']', '"', ',', ':', ' ', '\n', '\t', '\v', '\u00a0', '\\', '\\u0041'],
      ...[
        '0',
        '1',
        '12',
        '-',
        '-0',
        '.',
        '.5',
        'e',
        'E',
        '+',
        '1e5',
        '01',
        '1.',
        '1e',
        '123456789',
      ],
      ...[
        'true',
        'false',
        'null',
        'nul',
        '"a"',
        '"a":',
        '"a long string of text"',
        '"\u0001"',
        '"\\x"',
      ],
      ...['"__proto__":', '"1":', '[]', '{}'],
    );
    const text = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          plain.value.map((value) => JSON.stringify(value)),
        ),
        (any) => {
          const expected = read(() => JSON.parse(any) as unknown);
          const exact = read(() => parseLossless(any, Infinity));
          // Only a number that is not exact may differ.
          if (!/\d{16}/.test(any)) expect(exact).toStrictEqual(expected);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each(['0', '-0', '9007199254740991', '-9007199254740991', '1.5', '-1e-7', '5E+3', '1e999'])(
    'reads %s as JSON.parse does',
    (text) => {
      expect(parseLossless(text, 1)).toBe(JSON.parse(text));
    },
  );

  it.each(['9007199254740992', '-9007199254740993', '1'.repeat(17), '9'.repeat(100)])(
    'reads an integer that is not safe as a bigint: %s',
    (text) => {
      expect(parseLossless(` ${text} `, 1)).toBe(BigInt(text));
    },
  );

  it('reads every other value as JSON.parse does', () => {
    fc.assert(
      fc.property(big.value, (value) => {
        const text = JSON.stringify(value, (_, each: unknown) =>
          typeof each === 'bigint' ? String(each) : each,
        );
        expect(parseLossless(text, Infinity)).toStrictEqual(JSON.parse(text));
      }),
    );
  });
});
