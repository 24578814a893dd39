import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentLength } from '../../src/codecs/content-length.ts';
import { CodecError } from '../../src/core/errors.ts';
import { BIG, big } from './json-support.ts';
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

const codec = contentLength();
const framed = (body: string, ...fields: string[]): string =>
  [...fields, `Content-Length: ${String(Buffer.byteLength(body))}`, '', body].join('\r\n');

describe('contentLength: decoding', () => {
  it('returns the values that were encoded, for any chunks', () => {
    const lossless = contentLength({ integers: 'bigint' });
    fc.assert(
      fc.property(fc.array(big.value), sizes, (all, by) => {
        const chunks = cut(encodeAll(lossless, all), ...by);
        expect(outcomes(lossless, chunks)).toEqual(messages(...all));
      }),
    );
  });

  it('returns the same messages and errors for any chunks of any stream', () => {
    const stream = streamOf(
      ...[
        'Content-Length: 2\r\n',
        'content-LENGTH:4\r\n',
        'Content-Length: x\r\n',
        'A: b\r\n',
        ': \r\n',
        '\n',
      ],
      ...[
        '\r\n',
        '\r\n',
        '\r\n{}',
        '\r\n[1]\n',
        '\r\n"\xff"\x20',
        '\r\n{}[]',
        '{}',
        'Content-Length: 9\r\n',
      ],
      ...[
        'Content-Length: 2\r\n\r\n{}',
        'Content-Length: 2\r\n\r\n{]',
        'Content-Type: a; charset=b\r\n',
      ],
    );
    fc.assert(
      fc.property(stream, sizes, (bytes, by) => {
        const limits = { maxMessageBytes: 8 };
        expect(outcomes(codec, cut(bytes, ...by), limits)).toEqual(
          outcomes(codec, [bytes], limits),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('decodes what an editor sends, for any split', () => {
    const type = 'Content-Type: application/vscode-jsonrpc; charset=utf-8';
    const stream = bytesOf(
      framed('{"a":"é€😀"}', type) +
        framed('[1]', 'X-Other:  a:b ') +
        framed(' null\n') +
        framed('{}'),
    );
    for (const chunks of splits(stream)) {
      expect(outcomes(codec, chunks)).toEqual(messages({ a: 'é€😀' }, [1], null, {}));
    }
  });

  it('accepts field names in any case, and the older name of the charset', () => {
    for (const header of [
      'CONTENT-LENGTH:2',
      'content-length: \t 2  ',
      'Content-Length: 2\r\ncontent-type: a;Charset="UTF8"',
    ]) {
      expect(outcomes(codec, [bytesOf(`${header}\r\n\r\n{}`)])).toEqual(messages({}));
    }
  });

  it('continues after a body that is not JSON, not UTF-8 or empty', () => {
    const stream = Buffer.concat([
      bytesOf(framed('{]') + framed('')),
      Buffer.from('Content-Length: 3\r\n\r\n"\xff"', 'latin1'),
      bytesOf(framed('{"a":1}')),
    ]);
    for (const chunks of splits(stream)) {
      expect(outcomes(codec, chunks)).toEqual([
        { error: 'not JSON' },
        { error: 'not JSON' },
        { error: 'UTF-8' },
        ...messages({ a: 1 }),
      ]);
    }
  });

  it('keeps the bytes of such a body in the error', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf(framed('{]')));
    expect(Buffer.from(codecErrorOf(() => decoder.read()).raw).toString()).toBe('{]');
  });

  it('reports an end of stream anywhere in a message', () => {
    const stream = bytesOf(framed('{}'));
    for (let size = 1; size < stream.length; size++) {
      expect(outcomes(codec, [stream.subarray(0, size)])).toEqual([{ error: 'ended after' }]);
    }
    expect(outcomes(codec, [stream])).toEqual(messages({}));
  });
});

describe('contentLength: headers', () => {
  it('decodes nothing after a wrong header', () => {
    const wrong = [
      '\r\n',
      'Content-Type: a\r\n\r\n',
      'Content-Length: 2\r\nContent-Length: 2\r\n\r\n',
      'Content-Length: -2\r\n\r\n',
      'Content-Length: +2\r\n\r\n',
      'Content-Length: 0x2\r\n\r\n',
      'Content-Length: 2.0\r\n\r\n',
      'Content-Length: 2, 2\r\n\r\n',
      'Content-Length: 2\r\r\n\r\n',
      'Content-Length: 2\v\r\n\r\n',
      'Content-Length:\r\n\r\n',
      'Content-Length 2\r\n\r\n',
      ': 2\r\n\r\n',
      'Content-Length: 2\n\n',
      'Content-Length: 2\r\nContent-Type: a; charset=latin1\r\n\r\n',
    ];
    for (const header of wrong) {
      for (const chunks of splits(bytesOf(`${framed('1')}${header}{}${framed('{}')}`))) {
        expect(outcomes(codec, chunks)).toEqual([...messages(1), { error: 'header' }]);
      }
    }
  });

  it('throws the same error again, and ignores further bytes', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('GET / HTTP/1.1\r\n\r\n'));
    const error = codecErrorOf(() => decoder.read());
    decoder.write(bytesOf(framed('{}')));
    expect(codecErrorOf(() => decoder.read())).toBe(error);
  });

  it('may hold 8192 bytes and no more', () => {
    const header = 'Content-Length: 2\r\nX: \r\n\r\n';
    const filled = (size: number): Buffer =>
      bytesOf(`${header.replace('X: ', `X: ${'x'.repeat(size - header.length)}`)}{}`);
    for (const by of [[], [1], [1000], [8191], [8192]]) {
      expect(outcomes(codec, cut(filled(8192), ...by))).toEqual(messages({}));
      expect(outcomes(codec, cut(filled(8193), ...by))).toEqual([{ error: 'limit 8192' }]);
      expect(outcomes(codec, cut(Buffer.alloc(9000, 'a'), ...by))).toEqual([
        { error: 'limit 8192' },
      ]);
    }
  });
});

describe('contentLength: the limit', () => {
  it('accepts a body of exactly that size and none above, for any split', () => {
    const limits = { maxMessageBytes: 5 };
    for (const chunks of splits(bytesOf(framed('"123"') + framed('"€"')))) {
      expect(outcomes(codec, chunks, limits)).toEqual(messages('123', '€'));
    }
    for (const chunks of splits(bytesOf(framed('1') + framed('"1234"')))) {
      expect(outcomes(codec, chunks, limits)).toEqual([...messages(1), { error: 'limit 5' }]);
    }
  });

  it('rejects a length as soon as the header is complete', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('Content-Length: 99999999999999999999\r\n\r\n'));
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 16 * MIB, actual: 1e20 });
    expect(limitErrorOf(() => decoder.read())).toBe(error);
  });

  it('allocates no memory for an announced length', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: Infinity });
    const before = process.memoryUsage().arrayBuffers;
    decoder.write(bytesOf('Content-Length: 1000000000\r\n\r\n{'));
    expect(decoder.read()).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
  });
});

describe('contentLength: encoding', () => {
  it('counts bytes, not characters', () => {
    expect(codec.encode({ a: '€' })).toBe('Content-Length: 11\r\n\r\n{"a":"€"}');
    expect(codec.encode(BIG[1])).toBe('Content-Length: 20\r\n\r\n18446744073709551615');
  });

  it('rejects a value that is not a message', () => {
    expect(() => contentLength<unknown>().encode(undefined)).toThrow(CodecError);
    expect(() => contentLength({ objects: true }).encode([])).toThrow(CodecError);
    expect(outcomes(contentLength({ objects: true }), [bytesOf(framed('[]'))])).toEqual([
      { error: 'not an object' },
    ]);
  });
});

describe('contentLength: long streams', () => {
  it('decodes a body of 64 MiB in chunks of 64 KiB', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: 65 * MIB });
    decoder.write(bytesOf(`Content-Length: ${String(64 * MIB + 2)}\r\n\r\n"`));
    const [value] = flood(decoder, Buffer.alloc(64 * 1024, 'a'), 1024, bytesOf('"'));
    expect(String(value)).toHaveLength(64 * MIB);
  });

  it('decodes a body of 1 MiB in chunks of 1 and of 7 bytes', () => {
    const stream = bytesOf(framed(JSON.stringify('a'.repeat(MIB))));
    for (const size of [1, 7]) expect(outcomes(codec, cut(stream, size))).toHaveLength(1);
  });
});
