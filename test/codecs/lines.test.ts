import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines } from '../../src/codecs/lines.ts';
import { CodecError } from '../../src/core/errors.ts';
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

const text = fc
  .string({ unit: 'grapheme', maxLength: 60, size: 'max' })
  .filter((line) => !line.includes('\n') && !line.endsWith('\r'));

/** A naive decoder: takes the whole stream at once, line by line. */
function reference(stream: Buffer, limit: number): Outcome[] {
  const all: Outcome[] = [];
  let from = 0;
  for (let to = stream.indexOf('\n'); ; to = stream.indexOf('\n', from)) {
    const end = to === -1 ? stream.length : to;
    const line = stream.subarray(from, end > from && stream[end - 1] === 0x0d ? end - 1 : end);
    if (line.length > limit) return [...all, { error: `limit ${String(limit)}` }];
    if (to === -1) return from < end ? [...all, { error: 'ended after' }] : all;
    const message = line.toString();
    const valid = Buffer.from(message).equals(line);
    all.push(valid ? { message } : { error: 'UTF-8' });
    from = to + 1;
  }
}

describe('lines: decoding', () => {
  it('returns the lines that were encoded, for any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(text),
        sizes,
        fc.constantFrom('\n' as const, '\r\n' as const),
        (all, by, terminator) => {
          const codec = lines({ terminator });
          expect(outcomes(codec, cut(encodeAll(codec, all), ...by))).toEqual(messages(...all));
        },
      ),
    );
  });

  it('agrees with the naive decoder for any bytes, any chunks and any limit', () => {
    const stream = streamOf(
      'a',
      'bc',
      '\n',
      '\r\n',
      '\r',
      'é',
      '\xc3\xa9',
      '\xe2\x82\xac',
      '\xff',
      '\x00',
      '\xef\xbb\xbf',
    );
    fc.assert(
      fc.property(stream, sizes, fc.integer({ min: 1, max: 12 }), (bytes, by, limit) => {
        const limits = { maxMessageBytes: limit };
        const content = bytes.indexOf('\ufeff') === 0 ? bytes.subarray(3) : bytes;
        expect(outcomes(lines(), cut(bytes, ...by), limits)).toEqual(reference(content, limit));
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts both terminators, and returns blank lines', () => {
    for (const chunks of splits(bytesOf('a\r\n\n\r\nb\rc\n\r\r\n'))) {
      expect(outcomes(lines(), chunks)).toEqual(messages('a', '', '', 'b\rc', '\r'));
    }
  });

  it('joins characters that were split', () => {
    for (const chunks of splits(bytesOf('é€😀\n\ufeffx\ufffd\n'))) {
      expect(outcomes(lines(), chunks)).toEqual(messages('é€😀', '\ufeffx\ufffd'));
    }
  });

  it('returns what was written in several writes before the first read', () => {
    const decoder = lines().createDecoder({});
    decoder.write(bytesOf('a\nb'));
    decoder.write(bytesOf('c\n'));
    expect(decoder.read()).toBe('a');
    decoder.write(bytesOf('d\ne'));
    expect([decoder.read(), decoder.read(), decoder.read()]).toEqual(['bc', 'd', undefined]);
  });

  it('reports a line that is not UTF-8 with its bytes, in order', () => {
    const decoder = lines().createDecoder({});
    decoder.write(Buffer.from('a\n\xff\xfe\r\nb\n', 'latin1'));
    expect(decoder.read()).toBe('a');
    const error = codecErrorOf(() => decoder.read());
    expect([...error.raw]).toEqual([0xff, 0xfe]);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect([decoder.read(), decoder.read()]).toEqual(['b', undefined]);
  });

  it('reports a last line without a terminator when the stream ends', () => {
    const decoder = lines().createDecoder({});
    decoder.write(bytesOf('a\nbc'));
    expect([decoder.read(), decoder.read()]).toEqual(['a', undefined]);
    const error = codecErrorOf(() => {
      decoder.end();
    });
    expect(error.message).toContain('ended after');
    expect(Buffer.from(error.raw).toString()).toBe('bc');
  });

  it('ends cleanly after a terminator', () => {
    expect(outcomes(lines(), [bytesOf('a\n')])).toEqual(messages('a'));
    expect(outcomes(lines(), [])).toEqual([]);
  });
});

describe('lines: the limit', () => {
  const limits = { maxMessageBytes: 6 };

  it('accepts a line of exactly that size and none above, for any split', () => {
    for (const end of ['\n', '\r\n']) {
      for (const chunks of splits(bytesOf(`123456${end}€€${end}`))) {
        expect(outcomes(lines(), chunks, limits)).toEqual(messages('123456', '€€'));
      }
      for (const line of ['1234567', '€€1', '123456\r\r']) {
        for (const chunks of splits(bytesOf(`ok${end}${line}${end}x${end}`))) {
          expect(outcomes(lines(), chunks, limits)).toEqual([
            ...messages('ok'),
            { error: 'limit 6' },
          ]);
        }
      }
    }
  });

  it('applies to a line that is not UTF-8', () => {
    const stream = Buffer.from('\xff23456\n\xff234567\n', 'latin1');
    expect(outcomes(lines(), [stream], limits)).toEqual([{ error: 'UTF-8' }, { error: 'limit 6' }]);
  });

  it('throws the same error, with limit and size, again, and ignores further bytes', () => {
    const decoder = lines().createDecoder(limits);
    decoder.write(bytesOf('12345678\n'));
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 6, actual: 8, code: 'ERR_LIMIT' });
    decoder.write(bytesOf('ok\n'));
    expect(limitErrorOf(() => decoder.read())).toBe(error);
    expect(() => {
      decoder.end();
    }).not.toThrow();
  });

  it('rejects an endless line as soon as it is exceeded', () => {
    const decoder = lines().createDecoder({ maxMessageBytes: 10_000 });
    let written = 0;
    const feed = (): void => {
      while (written < 100_000) {
        decoder.write(Buffer.alloc(1000, 'a'));
        written += 1000;
        decoder.read();
      }
    };
    expect(limitErrorOf(feed).actual).toBe(11_000);
    expect(written).toBe(11_000);
  });
});

describe('lines: encoding', () => {
  it('appends the terminator', () => {
    expect(lines().encode('é')).toBe('é\n');
    expect(lines({ terminator: '\r\n' }).encode('')).toBe('\r\n');
  });

  it('rejects what is not a string, and says what it is', () => {
    const any: { encode(message: unknown): string } = lines();
    expect(codecErrorOf(() => any.encode(5)).message).toBe('The line must be a string, not 5');
    expect(codecErrorOf(() => any.encode(Buffer.of(1))).message).toContain(
      'not an object (Uint8Array)',
    );
  });

  it('rejects a line that would not be decoded as it is', () => {
    for (const line of ['a\nb', '\n', 'a\r', '\r', '\ud800', 'a\udc00b']) {
      expect(() => lines().encode(line)).toThrow(CodecError);
    }
  });
});

describe('lines: long streams', () => {
  it('decodes a line of 64 MiB in chunks of 64 KiB', () => {
    const decoder = lines().createDecoder({ maxMessageBytes: 64 * MIB });
    const [line] = flood(decoder, Buffer.alloc(64 * 1024, 'a'), 1024, bytesOf('\n'));
    expect(String(line)).toHaveLength(64 * MIB);
  });

  it('decodes a line of 1 MiB in single bytes', () => {
    const [line] = flood(lines().createDecoder({}), bytesOf('a'), MIB, bytesOf('\n'));
    expect(String(line)).toHaveLength(MIB);
  });

  it('decodes a million lines of which each is split', () => {
    const all = flood(lines().createDecoder({}), bytesOf('a\nb'), MIB, bytesOf('\n'));
    expect(all).toHaveLength(MIB + 1);
  });
});
