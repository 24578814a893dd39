import { expect, test } from 'vitest';
import { differenceOf, isEqual, textDifferenceOf } from '../../inspector/page/diff.ts';
import { pathText, valueAt } from '../../inspector/page/json-path.ts';
import { preview } from '../../inspector/page/json-preview.ts';
import type { Json } from '../../inspector/shared/view.ts';

/** The differences as short texts. */
const changes = (before: Json, after: Json) =>
  differenceOf(before, after).changes.map(
    ({ kind, path, before: old, after: now }) =>
      `${kind} ${pathText('', path)}: ${JSON.stringify(old)} → ${JSON.stringify(now)}`,
  );

test('properties are added, removed and changed at any depth', () => {
  expect(changes({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 3] }, d: null })).toEqual([
    'removed .a: 1 → undefined',
    'changed .b.c[1]: 2 → 3',
    'added .d: undefined → null',
  ]);
  expect(changes({ a: { b: 1 } }, { a: [1] })).toEqual(['changed .a: {"b":1} → [1]']);
  expect(changes({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
});

test('a list that grows or shrinks shows only the items that came or went', () => {
  expect(changes([1, 2, 3], [1, 9, 2, 3])).toEqual(['added [1]: undefined → 9']);
  expect(changes([{ id: 1 }, { id: 2 }], [{ id: 2 }])).toEqual([
    'removed [0]: {"id":1} → undefined',
  ]);
});

test('names of Object.prototype are properties like any other', () => {
  const before = JSON.parse('{"__proto__": 1}') as Json;
  expect(changes(before, { constructor: 2 })).toEqual([
    'removed .__proto__: 1 → undefined',
    'added .constructor: undefined → 2',
  ]);
});

test('more changes than are shown are left out, and said to be', () => {
  const [before, after] = [{}, Object.fromEntries(Array.from({ length: 500 }, (_, at) => [at, 1]))];
  const { changes: shown, isCut } = differenceOf(before, after);
  expect([shown.length, isCut]).toEqual([200, true]);
  expect(differenceOf([[1]], [[2]], { changes: 10, values: 1 })).toEqual({
    changes: [],
    isCut: true,
  });
});

test('values are equal when no value in them differs', () => {
  expect(isEqual({ a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] })).toBe(true);
  expect(isEqual({ a: [1, { b: 'x' }] }, { a: [1, { b: 'y' }] })).toBe(false);
  expect(isEqual(undefined, null)).toBe(false);
});

test('long texts are compared at the place where they differ', () => {
  expect(textDifferenceOf('abc-old-xyz', 'abc-new!-xyz')).toEqual({
    start: 4,
    end: 4,
    before: 'old',
    after: 'new!',
  });
  expect(textDifferenceOf('aaa', 'aa')).toEqual({ start: 2, end: 0, before: 'a', after: '' });
});

test('a path leads to own properties and items only', () => {
  const value = { users: [{ 'first name': 'Ada' }] };
  const path = ['users', 0, 'first name'] as const;
  expect(pathText('context', path)).toBe('context.users[0]["first name"]');
  expect(valueAt(value, path)).toBe('Ada');
  for (const wrong of [['users', 'length'], ['constructor'], ['users', 0, 'x', 'y']])
    expect(valueAt(value, wrong)).toBeUndefined();
});

test('the preview of a large value is short and reads only its beginning', () => {
  const many = Array.from({ length: 100_000 }, (_, at) => at);
  const value = new Proxy(many, {
    get: (target, key) => {
      if (Number(key) > 100) throw new Error('read too far');
      return Reflect.get(target, key) as unknown;
    },
  });
  expect(preview(value, 20)).toBe('[0,1,2,3,4,5,6,7,8,9…');
  expect(preview({ a: [[[[1]]]] })).toBe('{"a":[[[[…]]]]}'.replace('[[[[…]]]]', '[[[[…]]]]'));
});
