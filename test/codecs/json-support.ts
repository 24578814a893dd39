/** JSON messages for the tests of the JSON codecs. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { jsonStream } from '../../src/codecs/json-stream.ts';
import type { JsonStreamOptions } from '../../src/codecs/json-stream.ts';
import type { JsonObject, JsonValue } from '../../src/codecs/json.ts';
import { outcomes, splits } from './support.ts';
import type { Outcome } from './support.ts';

/** 2^53+1, 2^64-1, -2^63: the first integer that a number cannot hold, and the bounds of 64 bits. */
export const BIG = [9007199254740993n, 18446744073709551615n, -9223372036854775808n] as const;

// Strings with the characters that the codecs scan for, and the marks of the lossless writer.
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc
    .array(
      fc.constantFrom(
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        '\n',
        '\r',
        '12345678901234567890',
        '\u0001n',
        '-',
        '€',
        ':',
      ),
      {
        maxLength: 6,
      },
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('__proto__', '9007199254740993\u0001n', '-9007199254740993\u0001nn'),
);

// Without `-0`, which JSON.stringify writes as 0, and the floats that it writes like big integers.
const number = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => Math.abs(value) >= 1e21 || Math.abs(value) < 2 ** 53)
  .map((value) => (value === 0 ? 0 : value));

const scalar = fc.oneof(fc.constant(null), fc.boolean(), number, fc.maxSafeInteger(), text);

const bigInteger = fc.oneof(
  fc.constantFrom(...BIG),
  fc.bigInt().filter((value) => !Number.isSafeInteger(Number(value))),
);

function tree(leaf: fc.Arbitrary<JsonValue>): {
  value: fc.Arbitrary<JsonValue>;
  object: fc.Arbitrary<JsonObject>;
} {
  const { value, object } = fc.letrec<{ value: JsonValue; array: JsonValue[]; object: JsonObject }>(
    (tie) => ({
      value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie('array'), tie('object')),
      array: fc.array(tie('value'), { maxLength: 5 }),
      object: fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map(ownMembers),
    }),
  );
  return { value, object };
}

/** As `Object.fromEntries()`, for which `__proto__` is a member like any other. */
const ownMembers = (members: readonly (readonly [string, JsonValue])[]): JsonObject =>
  Object.fromEntries(members);

/** Values that `JSON` preserves. */
export const plain = tree(scalar);
/** Values with integers that need a bigint. */
export const big = tree(fc.oneof(scalar, bigInteger));

export const deepArray = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
export const deepObject = (depth: number): string =>
  '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1);

/** Decodes a stream, and asserts that every cut into two chunks has the same outcomes. */
export function everySplit(
  stream: Buffer,
  options?: JsonStreamOptions,
  maxMessageBytes?: number,
): Outcome[] {
  const decoded = jsonStream(options);
  const whole = outcomes(decoded, [stream], { maxMessageBytes });
  for (const chunks of splits(stream)) {
    expect(outcomes(decoded, chunks, { maxMessageBytes })).toEqual(whole);
  }
  return whole;
}
