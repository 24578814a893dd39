import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import { CodecError } from '../../src/core/errors.ts';
import { big, deepArray, plain } from './json-support.ts';
import {
  MIB,
  bytesOf,
  codecErrorOf,
  cut,
  encodeAll,
  flood,
  limitErrorOf,
  messages,
  outcomes,
  sizes,
  splits,
  streamOf,
} from './support.ts';
import type { Outcome } from './support.ts';

const codec = jsonLines();

/** A naive decoder, for ASCII streams below the limit. */
function reference(stream: Buffer): Outcome[] {
  const all = stream.toString('latin1').split('\n');
  const tail = all.pop() ?? '';
  const read = (line: string): Outcome => {
    try {
      return { message: JSON.parse(line) as unknown };
    } catch {
      return { error: 'not JSON' };
    }
  };
  const ended = all.filter((line) => line.trim() !== '').map(read);
  return tail.trim() === '' ? ended : [...ended, { error: 'ended after' }];
}

describe('jsonLines: decoding', () => {
  it('returns the values that were encoded, for any chunks', () => {
    fc.assert(
      fc.property(fc.array(plain.value), sizes, (all, by) => {
        expect(outcomes(codec, cut(encodeAll(codec, all), ...by))).toEqual(messages(...all));
      }),
    );
  });

  it('returns bigints if requested, for any chunks', () => {
    const lossless = jsonLines({ integers: 'bigint' });
    fc.assert(
      fc.property(fc.array(big.value), sizes, (all, by) => {
        const chunks = cut(encodeAll(lossless, all), ...by);
        expect(outcomes(lossless, chunks)).toEqual(messages(...all));
      }),
    );
  });

  it('agrees with the naive decoder for any text and any chunks', () => {
    const stream = streamOf(
      '{',
      '}',
      '[',
      ']',
      '1',
      '"a"',
      ',',
      '\n',
      '\r\n',
      '\r',
      ' ',
      '{"a":1}\n',
      '[1]\r\n',
      '\x00',
    );
    fc.assert(
      fc.property(stream, sizes, (bytes, by) => {
        expect(outcomes(codec, cut(bytes, ...by))).toEqual(reference(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it('delivers any JSON value, and skips blank lines', () => {
    const stream = bytesOf('\n1\r\n\r\n"é"\n  \t\nnull\n[1, 2]\r\n true \n{}\n \t\r');
    for (const chunks of splits(stream)) {
      expect(outcomes(codec, chunks)).toEqual(messages(1, 'é', null, [1, 2], true, {}));
    }
  });

  it('does not accept a value that spans two lines', () => {
    expect(outcomes(codec, [bytesOf('[1\n,2]\n[3]\n')])).toEqual([
      { error: 'not JSON' },
      { error: 'not JSON' },
      { message: [3] },
    ]);
  });

  it('reports invalid lines in order, with their bytes, and continues', () => {
    const decoder = codec.createDecoder({});
    decoder.write(Buffer.from('1\n{"a":\n"\xff"\n"\xc3\xa9"\n', 'latin1'));
    expect(decoder.read()).toBe(1);
    const notUtf8OrJson = [codecErrorOf(() => decoder.read()), codecErrorOf(() => decoder.read())];
    expect(notUtf8OrJson.map(({ raw }) => Buffer.from(raw).toString('latin1'))).toEqual([
      '{"a":',
      '"\xff"',
    ]);
    expect(notUtf8OrJson[0]?.cause).toBeInstanceOf(SyntaxError);
    expect([decoder.read(), decoder.read()]).toEqual(['é', undefined]);
  });

  it('keeps big integers on the lines around a line that is not UTF-8', () => {
    const stream = Buffer.from('9007199254740993\n"\xff"\n[18446744073709551615]\n', 'latin1');
    expect(outcomes(jsonLines({ integers: 'bigint' }), [stream])).toEqual([
      { message: 9007199254740993n },
      { error: 'UTF-8' },
      { message: [18446744073709551615n] },
    ]);
  });

  it('refuses to encode a promise, which JSON writes as an empty object', () => {
    const any = jsonLines<unknown>();
    expect(() => any.encode(Promise.resolve(1))).toThrow(
      'is a promise: await it before you send it',
    );
    expect(any.encode({})).toBe('{}\n');
  });

  it('rejects a byte order mark after the start of the stream', () => {
    const stream = bytesOf('\ufeff1\n\ufeff2\n');
    expect(outcomes(codec, [stream])).toEqual([...messages(1), { error: 'not JSON' }]);
  });

  it('decodes deep nesting, or throws a CodecError', () => {
    expect(outcomes(codec, [bytesOf(`${deepArray(1000)}\n`)])[0]).toHaveProperty('message');
    for (const outcome of outcomes(codec, [bytesOf(`${'['.repeat(500_000)}\n`)])) {
      expect(outcome).toEqual({ error: 'not JSON' });
    }
  });

  it('decodes a member __proto__ as data', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('{"__proto__":{"polluted":1}}\n'));
    const value = decoder.read();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  });

  it('reports a last line without a terminator when the stream ends', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('1\n {"a"'));
    expect([decoder.read(), decoder.read()]).toEqual([1, undefined]);
    const error = codecErrorOf(() => {
      decoder.end();
    });
    expect(error.message).toContain('ended after');
    expect(Buffer.from(error.raw).toString()).toBe(' {"a"');
  });
});

describe('jsonLines: objects only', () => {
  const objects = jsonLines({ objects: true });

  it('rejects every other value in both directions', () => {
    const stream = bytesOf('1\n[{}]\nnull\n"{"\n{"a":[1]}\n');
    const rejected = { error: 'not an object' };
    expect(outcomes(objects, [stream])).toEqual([
      rejected,
      rejected,
      rejected,
      rejected,
      ...messages({ a: [1] }),
    ]);
    for (const value of [1, [{}], null, '{', 5n])
      expect(() => objects.encode(value)).toThrow(CodecError);
    expect(() => jsonLines<Date>({ objects: true }).encode(new Date(0))).toThrow(CodecError);
    expect(objects.encode({ a: [1n] })).toBe('{"a":[1]}\n');
  });
});

describe('jsonLines: the limit', () => {
  const limits = { maxMessageBytes: 8 };

  it('accepts a line of exactly that size and none above, for any split', () => {
    for (const end of ['\n', '\r\n']) {
      for (const chunks of splits(bytesOf(`{"a":12}${end}"€€"${end}`))) {
        expect(outcomes(codec, chunks, limits)).toEqual(messages({ a: 12 }, '€€'));
      }
      for (const line of ['{"a":123}', '"€€1"', '{"a":12} ']) {
        for (const chunks of splits(bytesOf(`0${end}${line}${end}1${end}`))) {
          expect(outcomes(codec, chunks, limits)).toEqual([...messages(0), { error: 'limit 8' }]);
        }
      }
    }
  });

  it('throws the same error again, and ignores further bytes', () => {
    const decoder = codec.createDecoder(limits);
    decoder.write(bytesOf('"2345678'));
    expect(decoder.read()).toBeUndefined();
    decoder.write(bytesOf('9'));
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 8, actual: 9 });
    decoder.write(bytesOf('"\n1\n'));
    expect(limitErrorOf(() => decoder.read())).toBe(error);
  });
});

describe('jsonLines: long streams', () => {
  it('decodes a text of 64 MiB in chunks of 64 KiB', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: 65 * MIB });
    decoder.write(bytesOf('"'));
    const [value] = flood(decoder, Buffer.alloc(64 * 1024, 'a'), 1024, bytesOf('"\n'));
    expect(String(value)).toHaveLength(64 * MIB);
  });

  it('decodes a text of 1 MiB in chunks of 1 and of 7 bytes', () => {
    const stream = bytesOf(`${JSON.stringify('a'.repeat(MIB))}\n`);
    for (const size of [1, 7]) expect(outcomes(codec, cut(stream, size))).toHaveLength(1);
  });
});
