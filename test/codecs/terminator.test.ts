/** Lines with a terminator of their own. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import { lines } from '../../src/codecs/lines.ts';
import { ArgumentError, CodecError } from '../../src/core/errors.ts';
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
  thrownBy,
} from './support.ts';
import type { Outcome } from './support.ts';

/** Some of them contain their own beginning again, so that a search must go back. */
const TERMINATORS = [';', '\0', '\r', 'aa', 'aba', 'abaab', '\r\n.\r\n', ';\n', '€', 'é;é', '\n\n'];
const terminators = fc.constantFrom(...TERMINATORS);
const tokens = ['a', 'b', 'aa', 'ab', ';', '\n', '\r', '\r\n', '.', '\0', '€', 'é'];

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/** A naive decoder: takes the whole stream at once, as text of which each character is a byte. */
function reference(stream: string, terminator: string, limit: number): Outcome[] {
  const all: Outcome[] = [];
  const parts = stream.split(terminator);
  const rest = parts.pop() ?? '';
  for (const line of parts) {
    if (line.length > limit) return [...all, { error: `limit ${String(limit)}` }];
    const message = Buffer.from(line, 'latin1').toString();
    all.push(latin1(message) === line ? { message } : { error: 'UTF-8' });
  }
  if (rest.length - sizeOfBeginning(rest, terminator) > limit)
    return [...all, { error: `limit ${String(limit)}` }];
  return rest === '' ? all : [...all, { error: 'ended after' }];
}

/** How many characters of a terminator a text ends with. */
function sizeOfBeginning(text: string, terminator: string): number {
  for (let size = terminator.length - 1; size > 0; size--)
    if (text.endsWith(terminator.slice(0, size))) return size;
  return 0;
}

describe('lines with another terminator: decoding', () => {
  it('agrees with the naive decoder for any terminator, bytes, chunks and limit', () => {
    const stream = streamOf(...tokens.map(latin1), ...TERMINATORS.map(latin1), '\xe2', '\xff');
    fc.assert(
      fc.property(
        terminators,
        stream.filter((bytes) => bytes.indexOf('\ufeff') !== 0),
        sizes,
        fc.integer({ min: 1, max: 12 }),
        (terminator, bytes, by, limit) => {
          const limits = { maxMessageBytes: limit };
          expect(outcomes(lines({ terminator }), cut(bytes, ...by), limits)).toEqual(
            reference(bytes.toString('latin1'), latin1(terminator), limit),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each(TERMINATORS)('returns what was encoded or refuses to encode it: %j', (terminator) => {
    const codec = lines({ terminator });
    const text = fc
      .array(fc.constantFrom(terminator, ...tokens), { maxLength: 6 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(text), sizes, (all, by) => {
        const sent = all.filter((line) => {
          const error = thrownBy(() => codec.encode(line));
          if (error === undefined) return true;
          expect(error).toBeInstanceOf(CodecError);
          return false;
        });
        expect(outcomes(codec, cut(encodeAll(codec, sent), ...by))).toEqual(messages(...sent));
      }),
    );
    expect(codec.encode('x.y')).toBe(`x.y${terminator}`);
    expect(thrownBy(() => codec.encode(`x${terminator}`))).toBeInstanceOf(CodecError);
  });

  it('takes line ends for content, and returns blank lines, wherever the stream is split', () => {
    for (const chunks of splits(bytesOf('a\r\nb\n;;\r;x')))
      expect(outcomes(lines({ terminator: ';' }), chunks)).toEqual([
        ...messages('a\r\nb\n', '', '\r'),
        { error: 'ended after' },
      ]);
    for (const chunks of splits(bytesOf('a\r\n.b\r\n.\r\n\r\n.\r\n.\r\n.\r\n')))
      expect(outcomes(lines({ terminator: '\r\n.\r\n' }), chunks)).toEqual([
        ...messages('a\r\n.b', '', '.'),
      ]);
  });

  it('does not let two terminators share bytes', () => {
    for (const chunks of splits(bytesOf('aaaaa'))) {
      expect(outcomes(lines({ terminator: 'aa' }), chunks)).toEqual([
        ...messages('', ''),
        { error: 'ended after' },
      ]);
    }
  });

  it('accepts both line ends for either of them, also when they are given as bytes', () => {
    for (const terminator of ['\n', '\r\n']) {
      const stream = bytesOf('a\r\nb\n');
      expect(outcomes(lines({ terminator }), [stream])).toEqual(messages('a', 'b'));
      const codec = lines({ terminator: bytesOf(terminator) });
      expect(outcomes(codec, [stream])).toEqual(messages('a', 'b'));
      expect(Buffer.from(codec.encode('é')).toString()).toBe(`é${terminator}`);
      for (const line of ['a\nb', 'a\r']) expect(() => codec.encode(line)).toThrow(CodecError);
    }
  });

  it('drops a banner, whose lines end in a line feed', () => {
    const codec = lines({ terminator: '\0', skipUntil: '{' });
    expect(outcomes(codec, [bytesOf('banner\n{"a":1}\0{\n\0')])).toEqual(
      messages('{"a":1}', '{\n'),
    );
  });
});

describe('lines with a terminator of bytes', () => {
  const marked = lines({ terminator: Uint8Array.of(0xff, 0xfe) });

  it('need not be UTF-8', () => {
    const stream = Buffer.from('a\xff\xfe\xc3\xa9\xff\xfe\xff\xff\xfe\xff\xfe', 'latin1');
    for (const chunks of splits(stream)) {
      expect(outcomes(marked, chunks)).toEqual([
        ...messages('a', 'é'),
        { error: 'UTF-8' },
        ...messages(''),
      ]);
    }
    expect([...marked.encode('é')]).toEqual([0xc3, 0xa9, 0xff, 0xfe]);
  });

  it('refuse a line that contains them within a character', () => {
    const codec = lines({ terminator: Uint8Array.of(0xa9) });
    expect(codecErrorOf(() => codec.encode('é')).message).toContain(
      "contains its terminator, '\\xa9'",
    );
    expect([...codec.encode('a')]).toEqual([0x61, 0xa9]);
  });

  it('may be changed after the codec was created', () => {
    const terminator = Uint8Array.of(0x3b);
    const codec = lines({ terminator });
    terminator.fill(0);
    expect(outcomes(codec, [codec.encode('a')])).toEqual(messages('a'));
  });
});

describe('lines with another terminator: the limit', () => {
  const limits = { maxMessageBytes: 6 };

  it('does not count what may be the beginning of a terminator', () => {
    const codec = lines({ terminator: '\r\n.\r\n' });
    for (const chunks of splits(bytesOf('123456\r\n.\r\n€€\r\n.\r\n'))) {
      expect(outcomes(codec, chunks, limits)).toEqual(messages('123456', '€€'));
    }
    for (const line of ['1234567', '€€1', '123456\r\n.\r']) {
      for (const chunks of splits(bytesOf(`ok\r\n.\r\n${line}\r\n.\r\nx\r\n.\r\n`))) {
        expect(outcomes(codec, chunks, limits)).toEqual([...messages('ok'), { error: 'limit 6' }]);
      }
    }
  });

  it('is exceeded by the first byte that no terminator can follow', () => {
    const decoder = lines({ terminator: '\r\n.\r\n' }).createDecoder(limits);
    decoder.write(bytesOf('123456\r\n.\r'));
    expect(decoder.read()).toBeUndefined();
    decoder.write(bytesOf('\r'));
    expect(limitErrorOf(() => decoder.read())).toMatchObject({ limit: 6, actual: 10 });
  });
});

describe('lines with another terminator: long streams', () => {
  const aaaab = `${'a'.repeat(127)}b`;

  it('decodes 1 MiB of almost-terminators, in chunks of 1 byte and of 64 KiB', () => {
    const codec = lines({ terminator: aaaab });
    for (const size of [1, 64 * 1024]) {
      const stream = Buffer.alloc(MIB, 'a');
      const decoder = codec.createDecoder({});
      const [line] = flood(decoder, stream.subarray(0, size), MIB / size, bytesOf('b'));
      expect(String(line)).toHaveLength(MIB - 127);
    }
  });

  it('decodes a million lines of which each is split within its terminator', () => {
    const decoder = lines({ terminator: ';;' }).createDecoder({});
    expect(flood(decoder, bytesOf(';a;'), MIB, bytesOf(';'))).toHaveLength(MIB);
  });

  it('decodes a million lines that must be decoded one by one', () => {
    const decoder = lines({ terminator: Uint8Array.of(0xff) }).createDecoder({});
    const chunk = Buffer.alloc(64 * 1024, Buffer.from('a\xff', 'latin1'));
    expect(flood(decoder, chunk, 31, chunk)).toHaveLength(MIB);
  });
});

describe('jsonLines with another terminator', () => {
  it('ends messages with NUL in both directions, as the pipe of Chromium does', () => {
    const codec = jsonLines({ terminator: '\0', objects: true, integers: 'bigint' });
    expect(codec.encode({ id: 1, text: 'a\0\n' })).toBe('{"id":1,"text":"a\\u0000\\n"}\0');
    for (const chunks of splits(
      bytesOf('{"id":1}\0{\n  "id": 9007199254740993\r\n}\0\n\0[]\0{}'),
    )) {
      expect(outcomes(codec, chunks)).toEqual([
        ...messages({ id: 1 }, { id: 9007199254740993n }),
        { error: 'not an object' },
        { error: 'ended after' },
      ]);
    }
  });

  it('skips blank lines for any terminator, also at the end of the stream', () => {
    for (const end of ['\x1e', ';', '--', ';\n', ' ', '\t\t', '\r']) {
      const stream = bytesOf(`1${end} \n${end}${end}[2]${end}\t`);
      for (const chunks of splits(stream)) {
        expect(outcomes(jsonLines({ terminator: end }), chunks)).toEqual(messages(1, [2]));
      }
    }
  });

  it('keeps its checks: depth, values, size and invalid texts', () => {
    const codec = jsonLines({ terminator: '\x1e', maxDepth: 1, maxValues: 3 });
    const stream = bytesOf('[1]\x1e[[1]]\x1e[1,2,3]\x1e{"a"\x1e1234567890\x1e');
    expect(outcomes(codec, [stream], { maxMessageBytes: 9 })).toEqual([
      ...messages([1]),
      { error: 'too deep' },
      {
        error:
          'The message has more than 3 values. Raise the bound with the option maxValues of the codec, or with limits.maxMessageBytes.',
      },
      { error: 'not JSON' },
      { error: 'limit 9' },
    ]);
  });

  it('refuses a message whose text contains the terminator', () => {
    const codec = jsonLines<unknown>({ terminator: ';' });
    expect(codec.encode(['a'])).toBe('["a"];');
    expect(codecErrorOf(() => codec.encode([';'])).message).toContain("its terminator, ';'");
    const sharing = jsonLines<unknown>({ terminator: '11' });
    expect(() => sharing.encode(1)).toThrow(CodecError);
    expect(sharing.encode(2)).toBe('211');
    expect(jsonLines({ terminator: '\r\n' }).encode(1)).toBe('1\r\n');
  });
});

describe('a terminator', () => {
  const make = { lines, jsonLines } as Record<string, (options: unknown) => unknown>;

  it.each([
    ['lines', 'an empty text', ''],
    ['lines', 'a text of 129 bytes', 'x'.repeat(129)],
    ['lines', 'half a surrogate pair', '\ud800'],
    ['lines', 'no byte', new Uint8Array()],
    ['lines', '129 bytes', new Uint8Array(129)],
    ['lines', 'a number', 10],
    ['lines', 'null', null],
    ['lines', 'an array', [10]],
    ['jsonLines', 'an empty text', ''],
    ['jsonLines', 'bytes', bytesOf('\n')],
  ])('of %s() cannot be %s', (name, _, terminator) => {
    const error = thrownBy(() => make[name]?.({ terminator }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toContain(`terminator of ${name}() must be a`);
  });

  it('may have 128 bytes', () => {
    const terminator = 'é'.repeat(64);
    expect(outcomes(lines({ terminator }), [bytesOf(`a${terminator}`)])).toEqual(messages('a'));
  });
});
