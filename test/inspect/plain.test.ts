import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { toPlain } from '../../src/inspect/plain.ts';

describe('a value that JSON has', () => {
  it.each([[null], [true], [0], [-1.5], ['text'], [[1, [2]]], [{ a: { b: 'c' } }], [{}], [[]]])(
    'is itself: %j',
    (value) => {
      expect(toPlain(value)).toEqual(value);
    },
  );

  it('is a copy, and not the value', () => {
    const value = { inner: { n: 1 } };
    const plain = toPlain(value);
    value.inner.n = 2;
    expect(plain).toEqual({ inner: { n: 1 } });
  });
});

describe('a value that JSON has not', () => {
  it.each<[string, unknown, unknown]>([
    ['NaN', NaN, 'NaN'],
    ['Infinity', -Infinity, '-Infinity'],
    ['a bigint', 2n ** 64n, '18446744073709551616n'],
    ['undefined', undefined, '[undefined]'],
    [
      'a function',
      function named() {
        return 1;
      },
      '[function named]',
    ],
    [
      'an anonymous function',
      (
        () => () =>
          1
      )(),
      '[function]',
    ],
    [
      'a class',
      class Named {
        readonly a = 1;
      },
      '[function Named]',
    ],
    ['a symbol', Symbol('mine'), '[Symbol(mine)]'],
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a URL', new URL('http://a/b'), 'http://a/b'],
    ['a Map', new Map([['k', new Set([1])]]), { 'Map(1)': [['k', { 'Set(1)': [1] }]] }],
    ['a Set', new Set(['a', 'b']), { 'Set(2)': ['a', 'b'] }],
    ['a Buffer', Buffer.from('hi'), '[2 bytes 6869]'],
    ['a part of a Buffer', Buffer.from('xhix').subarray(1, 3), '[2 bytes 6869]'],
    ['a typed array', Uint16Array.of(258), '[2 bytes 0201]'],
    ['a DataView', new DataView(new ArrayBuffer(3)), '[3 bytes 000000]'],
    ['a long Buffer', Buffer.alloc(100), `[100 bytes ${'00'.repeat(64)}…]`],
    ['an EventEmitter', new EventEmitter(), '[EventEmitter]'],
    ['its subclass', new (class Radio extends EventEmitter {})(), '[Radio]'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a sparse array', Array(2), ['[undefined]', '[undefined]']],
    ['what toJSON() gives', { secret: 1, toJSON: () => ({ shown: 2n }) }, { shown: '2n' }],
  ])('is said in words: %s', (_, value, expected) => {
    expect(toPlain(value)).toEqual(expected);
    expect(toPlain({ inside: value })).toEqual(value === undefined ? {} : { inside: expected });
  });

  it('is its own enumerable properties where it is an instance of a class', () => {
    class Account {
      readonly owner = 'me';
      readonly #pin = 1234;
      get balance() {
        return this.#pin;
      }
    }
    expect(toPlain(new Account())).toEqual({ owner: 'me' });
  });

  it('is named where it is an actor, which is not looked into', () => {
    const actor = createActor(createMachine({ context: { secret: 'hush' } }), { id: 'keeper' });
    const plain = toPlain({ ref: actor });
    expect(plain).toEqual({ ref: `[actor keeper ${actor.sessionId}]` });
  });

  it('may have a property that is called __proto__', () => {
    const plain = toPlain(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'));
    expect(JSON.stringify(plain)).toBe('{"__proto__":{"admin":true},"a":1}');
    expect(plain).not.toHaveProperty('admin');
  });
});

describe('an error', () => {
  it('is its name, message, code, stack and own properties', () => {
    const error = Object.assign(new TypeError('bad'), { code: 'E_BAD', detail: { n: 1 } });
    expect(toPlain(error)).toEqual({
      name: 'TypeError',
      message: 'bad',
      code: 'E_BAD',
      stack: error.stack,
      detail: { n: 1 },
    });
  });

  it('has its causes with it', () => {
    const error = new Error('outer', { cause: new Error('inner', { cause: 'root' }) });
    expect(toPlain(error)).toMatchObject({ cause: { message: 'inner', cause: 'root' } });
  });

  it('has the errors that it collects with it', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'all');
    expect(toPlain(error)).toMatchObject({ message: 'all', errors: [{ message: 'one' }, 'two'] });
  });

  it('may be its own cause', () => {
    const error = new Error('snake');
    error.cause = error;
    expect(toPlain(error)).toMatchObject({ message: 'snake', cause: '[circular]' });
  });

  it('may have a stack that throws', () => {
    const error = new Error('shy');
    Object.defineProperty(error, 'stack', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(toPlain(error)).toMatchObject({ message: 'shy', stack: '[threw when it was read]' });
  });
});
