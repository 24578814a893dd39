import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactSecrets } from '../../src/core/secrets.ts';
import { cut, toPlain } from '../../src/inspect/plain.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nMIIBVg==\n-----END PRIVATE KEY-----\n';

/** An object that contains itself. */
function loop(): object {
  const self: { name: string; me?: object } = { name: 'loop' };
  self.me = self;
  return self;
}

/** A proxy that throws at every access. */
function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Objects nested to a depth. */
function nested(depth: number): object {
  let value: object = { bottom: true };
  for (let at = 0; at < depth; at += 1) value = { next: value };
  return value;
}

describe('a cyclic value', () => {
  it('is marked where the cycle closes', () => {
    expect(toPlain(loop())).toEqual({ name: 'loop', me: '[circular]' });
    const map = new Map<string, unknown>();
    map.set('self', map);
    expect(toPlain(map)).toEqual({ 'Map(1)': [['self', '[circular]']] });
  });

  it('is not a value that is only referenced twice', () => {
    const shared = { n: 1 };
    expect(toPlain([shared, { again: shared }])).toEqual([{ n: 1 }, { again: { n: 1 } }]);
  });

  it('can be cyclic by toJSON()', () => {
    const value = { toJSON: (): unknown => value };
    expect(toPlain(value)).toBe('[circular]');
    const endless = { toJSON: (): unknown => ({ ...endless }) };
    expect(toPlain(endless)).toBe('[too deep]');
  });
});

describe('a value that throws when it is read', () => {
  const thrower = () => {
    throw new Error('no');
  };

  it.each<[string, unknown, unknown]>([
    [
      'a getter',
      {
        get a() {
          return thrower();
        },
        b: 1,
      },
      { a: '[threw while it was read]', b: 1 },
    ],
    ['toJSON()', { toJSON: thrower }, '[threw while it was read]'],
    ['a revoked proxy', revoked({}), '[threw while it was read]'],
    ['a revoked proxy of a function', revoked(thrower), '[function]'],
    [
      'a function whose name throws',
      Object.defineProperty(() => 1, 'name', { get: thrower }),
      '[function]',
    ],
    ['the keys of a proxy', new Proxy({}, { ownKeys: thrower }), '[threw while it was read]'],
    [
      'an iterator',
      Object.assign(new Set([1]), { [Symbol.iterator]: thrower }),
      '[threw while it was read]',
    ],
  ])('is hidden without the values around it: %s', (_, value, expected) => {
    expect(toPlain(value)).toEqual(expected);
    expect(toPlain({ bad: value, good: 1 })).toEqual({ bad: expected, good: 1 });
    expect(toPlain([value, 1])).toEqual([expected, 1]);
  });
});

describe('a value that is too large', () => {
  it('is cut, with its length, when it is a text', () => {
    const plain = toPlain('x'.repeat(2 ** 20));
    expect(plain).toBe(`${'x'.repeat(16_384)}… (1048576 characters)`);
    expect(cut('abc', 2)).toBe('ab… (3 characters)');
    expect(cut('abc', 3)).toBe('abc');
  });

  it('is cut when it is a bigint', () => {
    expect(toPlain(10n ** 20_000n)).toMatch(/^1(?:0+)… \(20001 characters\)n$/);
    expect(toPlain(-(1n << 1_000_000n))).toBe('[a bigint of more than 131072 bits]');
  });

  it('is cut at a depth of 16', () => {
    const text = JSON.stringify(toPlain(nested(100)));
    expect(text).toBe(`${'{"next":'.repeat(16)}"[too deep]"${'}'.repeat(16)}`);
    expect(toPlain(nested(15))).toEqual(nested(15));
  });

  it.each<[string, () => unknown]>([
    ['an array of a million', () => Array.from({ length: 1e6 }, (_, at) => at)],
    ['an array of a million objects', () => Array.from({ length: 1e6 }, () => ({ a: [1] }))],
    [
      'an object of many properties',
      () => Object.fromEntries(Array.from({ length: 1e5 }, (_, at) => [`k${String(at)}`, at])),
    ],
    ['a Map of a million', () => new Map(Array.from({ length: 1e6 }, (_, at) => [at, at]))],
    ['a Set of a million', () => new Set(Array.from({ length: 1e6 }, (_, at) => at))],
    [
      'an iterator that never ends',
      () =>
        Object.assign(new Set(), {
          *[Symbol.iterator]() {
            for (;;) yield 1;
          },
        }),
    ],
    ['a tree', () => tree(8, 5)],
  ])('is cut after five thousand values: %s', (_, make) => {
    const value = make();
    const start = performance.now();
    const text = JSON.stringify(toPlain(value));
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(text).toContain('[too large]');
    expect(text.length).toBeGreaterThan(5_000);
    expect(text.length).toBeLessThan(200_000);
  });
});

/** Nested arrays of a width and depth. */
const tree = (width: number, depth: number): unknown =>
  depth === 0 ? 'leaf' : Array.from({ length: width }, () => tree(width, depth - 1));

describe('a value that contains much text', () => {
  it('is cut after half a million characters', () => {
    const texts = Array.from({ length: 4_000 }, () => 'x'.repeat(16_000));
    for (const value of [
      texts,
      Object.fromEntries(texts.map((text, at) => [`${text}${String(at)}`, 1])),
    ]) {
      const text = JSON.stringify(toPlain({ value, last: 1 }));
      expect(text).toContain('[too large]');
      expect(text.length).toBeGreaterThan(500_000);
      expect(text.length).toBeLessThan(600_000);
    }
  });
});

describe('a private key', () => {
  it.each<[string, unknown]>([
    ['as a text', KEY],
    ['as bytes', Buffer.from(KEY)],
    ['in a context', { tls: [{ key: `\n${KEY}` }] }],
    ['in a message of an error', new Error(`bad key ${KEY}`)],
    ['of a certain type', KEY.replaceAll('PRIVATE', 'RSA PRIVATE')],
  ])('is never shown: %s', (_, value) => {
    const text = JSON.stringify(toPlain(value));
    expect(text).not.toContain('MIIB');
    expect(text).not.toContain(Buffer.from('MIIB').toString('hex'));
  });
});

describe('sanitize', () => {
  it('is called for the whole value, and for every property in it', () => {
    const keys: string[] = [];
    toPlain({ a: [{ b: 1 }], c: new Map([['d', 2]]) }, (key, value) => {
      keys.push(key);
      return value;
    });
    // The key of the Map, and the value under it.
    expect(keys).toEqual(['', 'a', '0', 'b', 'c', '0', 'd']);
  });

  it('replaces values at any depth', () => {
    const value = { user: { password: 'hush', name: 'me' }, list: [{ password: { a: 1 } }] };
    const plain = toPlain(value, (key, one) => (key === 'password' ? '…' : one));
    expect(plain).toEqual({ user: { password: '…', name: 'me' }, list: [{ password: '…' }] });
  });

  it('can replace a whole value, and its result is converted in turn', () => {
    expect(toPlain({ a: 1 }, () => 'nothing to see')).toBe('nothing to see');
    expect(toPlain({ a: 1 }, (key, one) => (key === 'a' ? 5n : one))).toEqual({ a: '5n' });
  });

  it('gets a value before toJSON() is called, and its result', () => {
    const seen: unknown[] = [];
    const value = { toJSON: () => 'json' };
    toPlain({ value }, (key, one) => {
      if (key === 'value') seen.push(one);
      return one;
    });
    expect(seen).toEqual([value, 'json']);
  });

  it('hides the whole value when it throws', () => {
    const sanitize = (key: string, value: unknown) => {
      if (key === 'deep') throw new Error('oops');
      return value;
    };
    const hidden = '[hidden, because sanitize threw]';
    expect(toPlain({ password: 'hush', in: [{ deep: 1 }] }, sanitize)).toBe(hidden);
    expect(toPlain(new Error('x', { cause: { deep: 1 } }), sanitize)).toBe(hidden);
    expect(toPlain(new Map([['a', { deep: 1 }]]), sanitize)).toBe(hidden);
  });
});

describe('any value', () => {
  it('is converted to JSON, without an error', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const text = JSON.stringify(toPlain(value));
        // JSON values stay as they are, apart from secrets: a random member may be called `key`.
        expect(toPlain(JSON.parse(text))).toEqual(redactSecrets(JSON.parse(text)));
      }),
      { numRuns: 1_000 },
    );
  });
});
