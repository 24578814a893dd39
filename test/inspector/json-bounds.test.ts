/** The checks of what arrives, before it is parsed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundError, BOUNDS, checkStateValue, sizeOfJson } from '../../inspector/src/bounds.ts';
import { nestedSize, parseObject, parseRequest, timeIn } from '../../inspector/src/checks.ts';
import { checkedDefinition } from '../../inspector/src/definition.ts';
import { nested } from './hostile.ts';

const { depth, values } = BOUNDS.json;

/** The number of values that the commas and brackets outside of strings stand for. */
const naiveValues = (text: string): number =>
  1 + (text.replace(/"(?:[^"\\]|\\[^])*"/g, '').match(/[[{,]/g)?.length ?? 0);

describe('the size of a JSON text', () => {
  it('counts its characters and values, whatever its strings contain', () => {
    const string = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('"', '\\', '[', '{', ',', 'x', 'long '.repeat(10)))
        .map((parts) => parts.join('')),
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        string,
        fc.integer(),
        fc.array(tie('value')),
        fc.dictionary(string, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(value, (any) => {
        const text = JSON.stringify(any);
        // A JSON text within another one has backslashes before each quote.
        for (const each of [text, JSON.stringify([text, JSON.stringify(text)])])
          expect(sizeOfJson(each, 'it')).toBe(Math.max(each.length, 16 * naiveValues(each)));
      }),
    );
  });

  it('is that of any text, even if it is not JSON', () => {
    for (const text of [
      '',
      '"',
      '"\\',
      `"${'x'.repeat(100)}`,
      `"${'x'.repeat(100)}\\"`,
      ']]]',
      '}',
    ])
      expect(sizeOfJson(text, 'it')).toBe(Math.max(text.length, 16));
  });

  it('is refused where the text is nested too deeply', () => {
    expect(sizeOfJson(nested(depth), 'it')).toBeGreaterThan(0);
    expect(() => sizeOfJson(nested(depth + 1), "its 'state'")).toThrow(
      new BoundError(`its 'state' is nested more than ${String(depth)} levels deep`),
    );
  });

  it('is refused where the text has too many values', () => {
    const list = (count: number) => `[${'1,'.repeat(count - 1)}1]`;
    expect(sizeOfJson(list(values - 1), 'it')).toBeGreaterThan(0);
    for (const text of [list(values), '[],'.repeat(values), '['.repeat(values)])
      expect(() => sizeOfJson(text, 'it')).toThrow(BoundError);
  });
});

describe('an object', () => {
  it('is parsed within the bounds only', () => {
    expect(parseObject('{"a":[1]}')).toEqual({ a: [1] });
    expect(() => parseObject(nested(depth + 1))).toThrow(BoundError);
    const long = JSON.stringify({ text: 'x'.repeat(BOUNDS.requestCharacters) });
    expect(parseObject(long)).toBeDefined();
    expect(() => parseRequest(long)).toThrow('it has more than 1048576 characters');
  });

  it.each([undefined, null, 5, {}, ['[[]]']])('has no JSON text in a property: %j', (text) => {
    expect(() => nestedSize({ text }, 'text')).toThrow("its 'text' is not a string");
  });

  it.each([undefined, '5', Infinity, -Infinity, NaN, 8.65e15, -8.65e15])(
    'has now for a time that a clock cannot show: %s',
    (at) => {
      const before = Date.now();
      const time = timeIn({ at }, 'at');
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(Date.now());
    },
  );

  it.each([0, -1, 1.5, 8.64e15, -8.64e15])('has any other time: %s', (at) => {
    expect(timeIn({ at }, 'at')).toBe(at);
  });
});

describe('the value of a state', () => {
  const deep = (levels: number): unknown => JSON.parse(nested(levels));
  const wide = (count: number): unknown =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`s${String(at)}`, 'a']));

  it.each(['a', { a: 'b' }, { a: {}, b: { c: 'd' } }, null, 5, [['a']], deep(64), wide(5_000)])(
    'is accepted within the bounds',
    (value) => {
      expect(() => {
        checkStateValue(value);
      }).not.toThrow();
    },
  );

  it.each([
    [deep(65), 'its state value is nested more than 64 levels deep'],
    [wide(5_001), 'its state value has more than 5000 values'],
    [{ ['x'.repeat(65_537)]: 'a' }, 'its state value has more than 65536 characters'],
    [{ a: 'x'.repeat(65_537) }, 'its state value has more than 65536 characters'],
    [Array(5_001).fill('a'), 'its state value has more than 5000 values'],
  ])('is refused beyond them: %#', (value, message) => {
    expect(() => {
      checkStateValue(value);
    }).toThrow(message);
  });
});

describe('a definition', () => {
  const { transitions } = BOUNDS.definition;
  const machine = (more: object) => JSON.stringify({ id: 'm', ...more });

  it('within the bounds is parsed as it is', () => {
    const text = machine({
      states: { a: { on: { E: 'b', F: [{ target: 'b' }] }, invoke: { src: 'x' } }, b: {} },
    });
    expect(checkedDefinition(text)).toMatchObject({ text, parsable: text, why: undefined });
  });

  it.each([
    ['events', { on: { E: Array(transitions + 1).fill('a') } }],
    ['events in a list', { on: Array(transitions + 1).fill({ event: 'E', target: 'a' }) }],
    ['delays', { after: { 1: Array(transitions + 1).fill('a') } }],
    ['no event', { always: Array(transitions + 1).fill('a') }],
    ['its end', { onDone: Array(transitions + 1).fill('a') }],
    ['the end of an actor', { invoke: { src: 'x', onDone: Array(transitions + 1).fill('a') } }],
    [
      'the failure of an actor',
      { invoke: [{ src: 'x', onError: Array(transitions + 1).fill('a') }] },
    ],
  ])('with too many transitions by %s is not drawn', (_, more) => {
    const text = machine({ states: { a: more } });
    expect(checkedDefinition(text)).toMatchObject({
      text,
      parsable: '{"id":"m","predictableActionArguments":true}',
      why: 'the machine has more than 10000 transitions',
    });
  });

  it.each(['', 'x', 'null', '5', '[]', '"m"'])('that is not an object is refused: %j', (text) => {
    expect(() => checkedDefinition(text)).toThrow(/it is not (?:JSON|a JSON object)$/);
  });
});
