import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayHoldBigInteger } from '../../src/codecs/big-integers.ts';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import type { JsonValue } from '../../src/codecs/json.ts';
import { CodecError } from '../../src/core/errors.ts';
import { BIG, big, deepArray, plain } from './json-support.ts';
import { bytesOf, codecErrorOf, thrownBy } from './support.ts';

const lossless = jsonLines({ integers: 'bigint' });

function decode(text: string, codec = lossless): JsonValue | undefined {
  const decoder = codec.createDecoder({});
  decoder.write(bytesOf(`${text}\n`));
  return decoder.read();
}

describe('integers: "bigint"', () => {
  it('keeps 2^53+1, 2^64-1 and -2^63 in both directions', () => {
    const text = '[9007199254740993,18446744073709551615,-9223372036854775808]';
    expect(decode(text)).toEqual(BIG);
    expect(lossless.encode([...BIG])).toBe(`${text}\n`);
    expect(decode('18446744073709551615')).toBe(BIG[1]);
    expect(lossless.encode(BIG[2])).toBe('-9223372036854775808\n');
  });

  it('returns a bigint only for integers that are not safe', () => {
    const text =
      '[9007199254740991,-9007199254740991,9007199254740992,-0,1.00000000000000000001,12345678901234567890.5,1e3,12345678901234567890e1,0.12345678901234567890]';
    expect(decode(text)).toStrictEqual([
      9007199254740991,
      -9007199254740991,
      9007199254740992n,
      -0,
      1,
      12345678901234567890.5,
      1000,
      12345678901234567890e1,
      0.1234567890123456789,
    ]);
  });

  it('returns any value, also with strings and names that look like its marks', () => {
    fc.assert(
      fc.property(big.value, (value) => {
        expect(decode(lossless.encode(value).trimEnd())).toStrictEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with JSON.parse without big integers, also on white space and escapes', () => {
    fc.assert(
      fc.property(plain.value, fc.constantFrom('', ' ', '\t'), (value, indent) => {
        const text = JSON.stringify(
          [value, '\u2028\\"', 1234567890123456],
          undefined,
          indent,
        ).replaceAll('\n', '\r');
        expect(decode(text)).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the last of several members with one name, in the order of JSON.parse', () => {
    const text = '{"b":1,"2":2,"b":12345678901234567890,"1":3,"\\u0062":12345678901234567891}';
    const value = decode(text);
    expect(value).toStrictEqual({ b: 12345678901234567891n, 2: 2, 1: 3 });
    expect(Object.keys(value ?? {})).toEqual(['1', '2', 'b']);
  });

  it('decodes a member __proto__ as data', () => {
    const value = decode('{"__proto__":{"polluted":12345678901234567890},"a":{"__proto__":null}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value ?? {})[0]).toEqual([
      '__proto__',
      { polluted: 12345678901234567890n },
    ]);
    expect('polluted' in {}).toBe(false);
  });

  it('reports invalid JSON as it would without big integers', () => {
    const error = codecErrorOf(() => decode('[12345678901234567890,]'));
    expect(error.cause).toBeInstanceOf(SyntaxError);
    expect(Buffer.from(error.raw).toString()).toBe('[12345678901234567890,]');
  });

  it('throws a CodecError for nesting too deep for the stack', () => {
    const text = `[12345678901234567890,${deepArray(200_000)}]`;
    expect(codecErrorOf(() => decode(text)).cause).toBeInstanceOf(RangeError);
  });
});

describe('integers: "number"', () => {
  it('rounds decoded integers, and still encodes bigints', () => {
    const codec = jsonLines();
    expect(decode('9007199254740993', codec)).toBe(9007199254740992);
    expect(codec.encode({ a: 9007199254740993n, b: [1n] })).toBe(
      '{"a":9007199254740993,"b":[1]}\n',
    );
  });
});

describe('the search for big integers', () => {
  it('finds 16 digits in a row wherever they are, and no fewer', () => {
    for (let before = 0; before < 40; before++) {
      for (let after = 0; after < 40; after++) {
        const around = (digits: string): string => 'a'.repeat(before) + digits + '/'.repeat(after);
        expect(mayHoldBigInteger(around('0123456789012345'))).toBe(true);
        expect(mayHoldBigInteger(around('012345678901234'))).toBe(false);
      }
    }
  });

  it('agrees with a regular expression', () => {
    const text = fc.array(fc.constantFrom('1', '12345678', '90', ',', ':'), {
      maxLength: 20,
      size: 'max',
    });
    fc.assert(
      fc.property(text, (parts) => {
        expect(mayHoldBigInteger(parts.join(''))).toBe(/\d{16}/.test(parts.join('')));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('JSON: encoding', () => {
  const codec = jsonLines<unknown>();
  const cycle: unknown[] = [];
  cycle.push(cycle);

  it('rejects a value without JSON text', () => {
    for (const value of [undefined, () => 1, Symbol('a'), NaN, Infinity, -Infinity]) {
      expect(() => codec.encode(value)).toThrow(CodecError);
    }
  });

  it('keeps the cause of a failure', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200_000; i++) deep = [deep];
    const thrown = new Error('from toJSON');
    const throwing = {
      toJSON: () => {
        throw thrown;
      },
    };
    expect(codecErrorOf(() => codec.encode(cycle)).cause).toBeInstanceOf(TypeError);
    expect(codecErrorOf(() => codec.encode([1n, cycle])).cause).toBeInstanceOf(TypeError);
    // Without a bigint, JSON.stringify writes any nesting from Node 26 on.
    const nested = thrownBy(() => JSON.stringify(deep)) === undefined ? [1n, deep] : deep;
    expect(codecErrorOf(() => codec.encode(nested)).cause).toBeInstanceOf(RangeError);
    expect(codecErrorOf(() => codec.encode(throwing)).cause).toBe(thrown);
  });

  it('encodes nested NaN and undefined as JSON.stringify does', () => {
    expect(codec.encode({ a: NaN, b: undefined, c: [undefined] })).toBe('{"a":null,"c":[null]}\n');
    expect(codec.encode({ a: NaN, b: undefined, c: [undefined, 1n] })).toBe(
      '{"a":null,"c":[null,1]}\n',
    );
  });
});
