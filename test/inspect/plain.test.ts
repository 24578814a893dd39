import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { toPlain } from '../../src/inspect/plain.ts';

describe('a JSON value', () => {
  it.each([[null], [true], [0], [-1.5], ['text'], [[1, [2]]], [{ a: { b: 'c' } }], [{}], [[]]])(
    'stays as it is: %j',
    (value) => {
      expect(toPlain(value)).toEqual(value);
    },
  );

  it('is copied', () => {
    const value = { inner: { n: 1 } };
    const plain = toPlain(value);
    value.inner.n = 2;
    expect(plain).toEqual({ inner: { n: 1 } });
  });
});

describe('a value that JSON cannot represent', () => {
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
    ['the result of toJSON()', { secret: 1, toJSON: () => ({ shown: 2n }) }, { shown: '2n' }],
  ])('is shown as text or JSON: %s', (_, value, expected) => {
    expect(toPlain(value)).toEqual(expected);
    expect(toPlain({ inside: value })).toEqual(value === undefined ? {} : { inside: expected });
  });

  it('is shown by its own enumerable properties when it is an instance of a class', () => {
    class Account {
      readonly owner = 'me';
      readonly #pin = 1234;
      get balance() {
        return this.#pin;
      }
    }
    expect(toPlain(new Account())).toEqual({ owner: 'me' });
  });

  it('is shown by its id when it is an actor', () => {
    const actor = createActor(createMachine({ context: { secret: 'hush' } }), { id: 'keeper' });
    const plain = toPlain({ ref: actor });
    expect(plain).toEqual({ ref: `[actor keeper ${actor.sessionId}]` });
  });

  it('can have a property named __proto__', () => {
    const plain = toPlain(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'));
    expect(JSON.stringify(plain)).toBe('{"__proto__":{"admin":true},"a":1}');
    expect(plain).not.toHaveProperty('admin');
  });
});

describe('an error', () => {
  it('is shown by its name, message, code, stack and own properties', () => {
    const error = Object.assign(new TypeError('bad'), { code: 'E_BAD', detail: { n: 1 } });
    expect(toPlain(error)).toEqual({
      name: 'TypeError',
      message: 'bad',
      code: 'E_BAD',
      stack: error.stack,
      detail: { n: 1 },
    });
  });

  it('includes its causes', () => {
    const error = new Error('outer', { cause: new Error('inner', { cause: 'root' }) });
    expect(toPlain(error)).toMatchObject({ cause: { message: 'inner', cause: 'root' } });
  });

  it('includes the errors of an AggregateError', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'all');
    expect(toPlain(error)).toMatchObject({ message: 'all', errors: [{ message: 'one' }, 'two'] });
  });

  it('can be its own cause', () => {
    const error = new Error('snake');
    error.cause = error;
    expect(toPlain(error)).toMatchObject({ message: 'snake', cause: '[circular]' });
  });

  it('can have a stack that throws', () => {
    const error = new Error('shy');
    Object.defineProperty(error, 'stack', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(toPlain(error)).toMatchObject({ message: 'shy', stack: '[threw while it was read]' });
  });
});
