/** Messages are compared as a peer would compare them. */

import { describe, expect, test } from 'vitest';
import { copyOf, isSame } from '../../src/testing/same-value.ts';

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}
const cycle = (): object => {
  const object: { self?: object } = {};
  object.self = object;
  return object;
};

describe('isSame()', () => {
  test.each([
    [Buffer.from('ab'), Uint8Array.from([97, 98])],
    [{ data: Buffer.from('ab') }, { data: Uint8Array.from([97, 98]) }],
    [Object.assign(Object.create(null) as object, { a: 1 }), { a: 1 }],
    [new Map([['a', [1]]]), new Map([['a', [1]]])],
    [new Set([1]), new Set([1])],
    [new Point(1), new Point(1)],
    [new Error('a'), new Error('a')],
    [new Date(1), new Date(1)],
    [NaN, NaN],
    [cycle(), cycle()],
    [JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')],
  ])('takes %o and %o for equal', (one: unknown, other: unknown) => {
    expect(isSame(one, other)).toBe(true);
  });

  test.each([
    [{ a: undefined }, {}],
    [0, -0],
    [1, 1n],
    ['1', 1],
    [null, {}],
    [[], {}],
    [new Point(1), { x: 1 }],
    [new Point(1), new Point(2)],
    [new Error('a'), new Error('b')],
    [new Map([['a', [1]]]), new Map([['a', [2]]])],
    [Buffer.from('ab'), Buffer.from('ac')],
    [{ data: Uint8Array.of(1) }, { data: Uint8Array.of(2) }],
    [JSON.parse('{"__proto__": 1}'), {}],
  ])('takes %o and %o for different', (one: unknown, other: unknown) => {
    expect(isSame(one, other)).toBe(false);
  });
});

test('copyOf() returns a value that later changes do not reach', () => {
  const value = { bytes: Uint8Array.of(1), list: [{ a: 1 }], map: new Map([[1, { b: 2 }]]) };
  const copy = copyOf(value);
  value.bytes[0] = 9;
  value.list.push({ a: 9 });
  value.map.set(2, { b: 9 });
  expect(copy).toEqual({
    bytes: Uint8Array.of(1),
    list: [{ a: 1 }],
    map: new Map([[1, { b: 2 }]]),
  });
});
