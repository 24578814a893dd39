import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthPrefixed } from '../../src/codecs/length-prefixed.ts';
import type { LengthPrefixedOptions } from '../../src/codecs/length-prefixed.ts';
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
} from './support.ts';

const codec = lengthPrefixed();
const prefix: fc.Arbitrary<LengthPrefixedOptions> = fc.record({
  size: fc.constantFrom(1, 2, 4),
  endian: fc.constantFrom('big', 'little'),
});
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

describe('lengthPrefixed', () => {
  it('returns the messages that were encoded, for any chunks and any prefix', () => {
    const all = fc.array(fc.uint8Array({ maxLength: 255, size: 'max' }), {
      maxLength: 20,
      size: 'max',
    });
    fc.assert(
      fc.property(all, sizes, prefix, (sent, by, options) => {
        const coded = lengthPrefixed(options);
        expect(outcomes(coded, cut(encodeAll(coded, sent), ...by))).toEqual(messages(...sent));
      }),
    );
  });

  it('encodes the length with the given size and byte order', () => {
    const message = Buffer.alloc(258);
    const begins = (options: LengthPrefixedOptions): number[] => [
      ...Buffer.from(lengthPrefixed(options).encode(message)).subarray(0, 4),
    ];
    expect(begins({})).toEqual([0, 0, 1, 2]);
    expect(begins({ endian: 'little' })).toEqual([2, 1, 0, 0]);
    expect(begins({ size: 2 })).toEqual([1, 2, 0, 0]);
    expect(begins({ size: 2, endian: 'little' })).toEqual([2, 1, 0, 0]);
    expect(lengthPrefixed({ size: 1 }).encode(bytes(7))).toEqual(Buffer.from([1, 7]));
  });

  it('rejects a message that does not fit its prefix, and no smaller one', () => {
    expect(() => lengthPrefixed({ size: 1 }).encode(new Uint8Array(256))).toThrow(CodecError);
    expect(() => lengthPrefixed({ size: 2 }).encode(new Uint8Array(65_536))).toThrow(CodecError);
    expect(lengthPrefixed({ size: 1 }).encode(new Uint8Array(255))).toHaveLength(256);
    expect(lengthPrefixed({ size: 2 }).encode(new Uint8Array(65_535))).toHaveLength(65_537);
  });

  it('rejects what is not a Uint8Array, and says how to send text', () => {
    const any: { encode(message: unknown): Uint8Array } = codec;
    const { message } = codecErrorOf(() => any.encode('abc'));
    expect(message).toContain(
      'must be a Uint8Array, not a string: encode it, as with new TextEncoder()',
    );
    for (const other of [new Uint16Array(2), new DataView(new ArrayBuffer(2)), [1], undefined, 5]) {
      expect(() => any.encode(other)).toThrow(CodecError);
    }
  });

  it('copies the message, whose memory may be reused', () => {
    const message = bytes(1, 2);
    const frame = codec.encode(message);
    message.fill(9);
    expect([...frame]).toEqual([0, 0, 0, 2, 1, 2]);
  });

  it('shows what is no length', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytesOf('HTTP/1.1 400\r\n'));
    const { message } = limitErrorOf(() => decoder.read());
    expect(message).toMatch(
      /^A message of 1213486160 bytes or more exceeds the limit of 16777216\. Raise/,
    );
    expect(message).toContain(String.raw`the peer speaks another protocol: 'HTTP/1.1 400\r\n'`);
  });

  it('allows prefixes of 1, 2 and 4 bytes only', () => {
    for (const size of [0, 3, 8, '4']) {
      const options: object = { size };
      expect(() => lengthPrefixed(options)).toThrow(ArgumentError);
    }
  });

  it('returns copies that retain no other memory', () => {
    const chunk = Buffer.from(codec.encode(bytesOf('abc')));
    const decoder = codec.createDecoder({});
    decoder.write(chunk);
    const message = decoder.read();
    chunk.fill(0);
    expect(message).toEqual(new Uint8Array(bytesOf('abc')));
    expect(message?.buffer.byteLength).toBe(3);
  });

  it('accepts a message of exactly the limit and none above, for any split', () => {
    const limits = { maxMessageBytes: 5 };
    const [five, six] = [bytes(1, 2, 3, 4, 5), bytes(1, 2, 3, 4, 5, 6)];
    for (const chunks of splits(encodeAll(codec, [five, bytes(), five]))) {
      expect(outcomes(codec, chunks, limits)).toEqual(messages(five, bytes(), five));
    }
    for (const chunks of splits(encodeAll(codec, [five, six, five]))) {
      expect(outcomes(codec, chunks, limits)).toEqual([...messages(five), { error: 'limit 5' }]);
    }
  });

  it('rejects a prefix above the limit at once, and ignores further bytes', () => {
    const decoder = codec.createDecoder({});
    decoder.write(bytes(255, 255, 255, 255));
    const error = limitErrorOf(() => decoder.read());
    expect(error).toMatchObject({ limit: 16 * MIB, actual: 2 ** 32 - 1 });
    decoder.write(bytes(0, 0, 0, 0));
    expect(limitErrorOf(() => decoder.read())).toBe(error);
  });

  it('allocates no memory for an announced length', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: Infinity });
    const before = process.memoryUsage().arrayBuffers;
    decoder.write(bytes(255, 255, 255, 255, 0));
    expect(decoder.read()).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
  });

  it('reports an end of stream in a prefix and in a message', () => {
    for (const rest of [bytes(0), bytes(0, 0, 0, 2), bytes(0, 0, 0, 2, 9)]) {
      const decoder = codec.createDecoder({});
      decoder.write(rest);
      expect(decoder.read()).toBeUndefined();
      const error = codecErrorOf(() => {
        decoder.end();
      });
      expect(error.message).toContain('ended after');
      expect(error.raw).toEqual(rest);
    }
    expect(outcomes(codec, [bytes(0, 0, 0, 0)])).toEqual(messages(bytes()));
  });

  it('decodes a message of 64 MiB in chunks of 64 KiB', () => {
    const decoder = codec.createDecoder({ maxMessageBytes: 64 * MIB });
    decoder.write(bytes(4, 0, 0, 0));
    const [message] = flood(decoder, Buffer.alloc(64 * 1024), 1024, bytes());
    expect(message).toHaveLength(64 * MIB);
  });

  it('decodes a message of 1 MiB in chunks of 1 and of 7 bytes', () => {
    const stream = Buffer.from(codec.encode(new Uint8Array(MIB)));
    for (const size of [1, 7]) expect(outcomes(codec, cut(stream, size))).toHaveLength(1);
  });
});
