import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { innerOf, jsonOf, nameText, timeText } from '../../src/inspect/json-text.ts';
import { printableJson } from '../../src/core/printable.ts';
import type { Json } from '../../src/inspect/wire.ts';

/** Texts with all that JSON and terminals need escapes for. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', '\\', '\n', '\x7f', '\u202e', '\ud800', '😀', '__proto__'),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, -0, 1e21, 5e-324),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.array(tie('value')),
    fc.dictionary(text, tie('value')),
  ),
}));

describe('a JSON text', () => {
  it('is that of JSON.stringify(), safe to show in a terminal', () => {
    fc.assert(
      fc.property(value, (json) => {
        expect(jsonOf(json)).toBe(printableJson(JSON.stringify(json)));
      }),
    );
  });

  it('can stand in a string of another one', () => {
    fc.assert(
      fc.property(value, (json) => {
        const nested = printableJson(JSON.stringify(JSON.stringify(json)));
        expect(`"${innerOf(json)}"`).toBe(nested);
      }),
    );
  });

  it('of a name is the same each time', () => {
    fc.assert(
      fc.property(text, (name) => {
        for (const { json, inner } of [nameText(name), nameText(name)])
          expect([json, inner]).toEqual([jsonOf(name), innerOf(name)]);
      }),
    );
  });

  it.each([
    [1_796_053_810_559.574, '1796053810559.574'],
    [1_796_053_810_000.001, '1796053810000.001'],
    [1_796_053_810_999.999_8, '1796053810999.999'],
    [1_796_053_811_000, '1796053811000.000'],
    [0, '0'],
    [999.5, '999.5'],
    [-5, '-5'],
  ])('of a time has its microseconds: %s', (at, expected) => {
    expect(timeText(at)).toBe(expected);
  });
});
