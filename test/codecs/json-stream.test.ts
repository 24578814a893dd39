import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonStream } from '../../src/codecs/json-stream.ts';
import type { JsonValue } from '../../src/codecs/json.ts';
import { CodecError } from '../../src/core/errors.ts';
import { BIG, big, everySplit, plain } from './json-support.ts';
import {
  MIB,
  bytesOf,
  cut,
  encodeAll,
  flood,
  messages,
  outcomes,
  sizes,
  streamOf,
} from './support.ts';

const codec = jsonStream();
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Cuts a stream into bytes: only then is no line complete before it is scanned. */
const inBytes = (stream: Buffer): Uint8Array[] => cut(stream, 1);

describe('jsonStream: decoding', () => {
  it('returns the objects that were encoded, for any chunks and any terminator', () => {
    const terminator = fc.constantFrom('' as const, '\n' as const, '\r\n' as const);
    fc.assert(
      fc.property(fc.array(plain.object), sizes, terminator, (all, by, end) => {
        const stream = encodeAll(jsonStream({ terminator: end }), all);
        expect(outcomes(codec, cut(stream, ...by))).toEqual(messages(...all));
      }),
    );
  });

  it('returns pretty-printed objects and arrays with any white space, for any chunks', () => {
    const options = { objects: false, integers: 'bigint' } as const;
    const item = fc.record({
      value: big.value.map((value): JsonValue => [value]),
      before: fc.constantFrom('', '\n', '\r\n \t', '\xff', '\x00\xff\n'),
      indent: fc.constantFrom(undefined, 1, '\t'),
    });
    fc.assert(
      fc.property(fc.array(item), sizes, (items, by) => {
        const write = jsonStream<JsonValue>({ ...options, terminator: '' });
        const parts = items.map(({ value, before, indent }) => {
          const compact = Buffer.from(write.encode(value));
          const text = /\d{16}/.test(compact.toString())
            ? compact
            : bytesOf(JSON.stringify(value, undefined, indent));
          return Buffer.concat([latin1(before), text]);
        });
        const chunks = cut(Buffer.concat(parts), ...by);
        const expected = messages(...items.map(({ value }) => value));
        expect(outcomes(jsonStream<JsonValue>(options), chunks)).toEqual(expected);
      }),
    );
  });

  it('returns the same for whole lines as for single bytes, for any stream', () => {
    const stream = streamOf(
      ...[
        '{',
        '}',
        '[',
        ']',
        '"',
        '\\',
        ':',
        ',',
        '\n',
        '\n',
        '\r\n',
        ' ',
        '\xff',
        '\x00',
        '1',
        'x',
      ],
      ...[
        '{"a":1}',
        '{"a":1}\n',
        '{"a":1}\r\n',
        '{"b":\n[2]}\n',
        '[{}]\n',
        '{"c":"}\\""}\n',
        '[[[]]]',
      ],
      ...[
        '{"\xc3\xa9":"\xe2\x82\xac"}\n',
        '\xc3\xa9',
        '\xc3',
        '{"d":"\n',
        '\xef\xbb\xbf',
        '9007199254740993',
      ],
    );
    const settings = fc.record({
      objects: fc.boolean(),
      integers: fc.constantFrom('number' as const, 'bigint' as const),
      maxDepth: fc.integer({ min: 1, max: 4 }),
      maxMessageBytes: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(1000)),
    });
    fc.assert(
      fc.property(stream, sizes, settings, (bytes, by, { maxMessageBytes, ...options }) => {
        const decoded = jsonStream(options);
        const expected = outcomes(decoded, inBytes(bytes), { maxMessageBytes });
        expect(outcomes(decoded, cut(bytes, ...by), { maxMessageBytes })).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('returns an object without waiting for what follows it', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('{"a":1}{"b"'));
    expect([decoder.read(), decoder.read()]).toEqual([{ a: 1 }, undefined]);
    decoder.write(bytesOf(':2}'));
    expect([decoder.read(), decoder.read()]).toEqual([{ b: 2 }, undefined]);
  });

  it('returns what was written in several writes before the first read', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('{"a":1}\n{"b":'));
    decoder.write(bytesOf('2}\n{"c":3}\n'));
    expect(decoder.read()).toEqual({ a: 1 });
    decoder.write(bytesOf('{"d":4}\n'));
    const rest = [decoder.read(), decoder.read(), decoder.read(), decoder.read()];
    expect(rest).toEqual([{ b: 2 }, { c: 3 }, { d: 4 }, undefined]);
  });

  it('is not misled by brackets, quotes and backslashes in strings', () => {
    const value = { '}{': '"}', '\\': '\\"]', '\\\\': '[{"' };
    const stream = bytesOf(`${JSON.stringify(value)} ${JSON.stringify(value, undefined, 2)}\n`);
    expect(everySplit(stream)).toEqual(messages(value, value));
  });

  it('decodes lines that are not ASCII before lines that are scanned', () => {
    const stream = bytesOf('{"é":"€"}\n{"😀":1}\r\n{"a":\n"é"}\n{"b":"€"}\n');
    expect(everySplit(stream)).toEqual(messages({ é: '€' }, { '😀': 1 }, { a: 'é' }, { b: '€' }));
  });

  it('decodes arrays only with objects: false', () => {
    expect(everySplit(bytesOf('[1,\n{"a":2}]\n[]{}'), { objects: false })).toEqual(
      messages([1, { a: 2 }], [], {}),
    );
    expect(outcomes(codec, [bytesOf('[1]\n{}\n')])).toEqual([
      { error: 'beginning' },
      ...messages({}),
    ]);
  });

  it('keeps big integers for whole lines and small chunks', () => {
    const text = '{"a":[9007199254740993,18446744073709551615,-9223372036854775808]}\n';
    const options = { integers: 'bigint' } as const;
    expect(everySplit(bytesOf(text + text), options)).toEqual(messages({ a: BIG }, { a: BIG }));
    expect(jsonStream(options).encode({ a: [...BIG] })).toBe(text);
  });

  it('decodes a member __proto__ as data', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('{"__proto__":{"polluted":1}}'));
    const value = decoder.read();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  });
});

describe('jsonStream: encoding', () => {
  it('rejects what the decoder would not accept', () => {
    const any = jsonStream<unknown>();
    for (const value of [1, 'a', null, [], undefined, 5n, new Date(0)]) {
      expect(() => any.encode(value)).toThrow(CodecError);
    }
    expect(jsonStream<unknown>({ objects: false }).encode([1n])).toBe('[1]\n');
    expect(() => jsonStream<unknown>({ objects: false }).encode(1)).toThrow(CodecError);
  });
});

describe('jsonStream: long streams', () => {
  it('decodes an object of 64 MiB in chunks of 64 KiB', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: 65 * MIB });
    decoder.write(bytesOf('{"a":"'));
    const [value] = flood(decoder, Buffer.alloc(64 * 1024, 'a'), 1024, bytesOf('"}'));
    expect(JSON.stringify(value)).toHaveLength(64 * MIB + 8);
  });

  it('decodes 1 MiB of objects, and one of that size, in chunks of 1, 7 and 65536 bytes', () => {
    const small = `${JSON.stringify({ a: ['x'.repeat(100)] }, undefined, 1)}\n`;
    const stream = bytesOf(small.repeat(Math.ceil(MIB / small.length)));
    const large = bytesOf(JSON.stringify({ a: 'x'.repeat(MIB) }));
    for (const size of [1, 7, 65_536]) {
      expect(outcomes(codec, cut(stream, size))).toHaveLength(stream.length / small.length);
      expect(outcomes(codec, cut(large, size))).toHaveLength(1);
    }
  });
});
