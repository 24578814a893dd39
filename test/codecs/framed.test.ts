import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoded } from '../../src/core/codec.ts';
import { encodeUtf8 } from '../../src/codecs/bytes.ts';
import { framed, type LengthSize, type TypedFrameOptions } from '../../src/codecs/framed.ts';
import {
  MIB,
  bytesOf,
  codecErrorOf,
  cut,
  flood,
  limitErrorOf,
  messages,
  outcomes,
  sizes,
  splits,
  wire,
} from './support.ts';

const hex = (encoded: Encoded): string => wire(encoded).toString('hex');
const bytes = (...values: number[]) => Uint8Array.from(values);
const payloads = fc.array(fc.uint8Array({ maxLength: 300, size: 'max' }));
const sizesOfLength = fc.constantFrom<LengthSize>(1, 2, 3, 4, 5, 6, 7, 8);

const postgres = framed({ type: 'before', includes: 'length' });
const mqtt = framed({ type: 'before', varint: 4 });
const dns = framed({ size: 2 });

describe('framed: on the wire', () => {
  it('has the length of PostgreSQL, which counts itself and not the type', () => {
    expect(hex(postgres.encode({ type: 0x51, payload: 'select 1\0' }))).toBe(
      '510000000d73656c656374203100',
    );
    expect(hex(postgres.encode({ type: 0x58, payload: bytes() }))).toBe('5800000004');
  });

  it('omits the type of a frame whose type is null', () => {
    const sslRequest = bytes(0x04, 0xd2, 0x16, 0x2f);
    expect(hex(postgres.encode({ type: null, payload: sslRequest }))).toBe('0000000804d2162f');
    expect(hex(mqtt.encode({ type: null, payload: bytes(7) }))).toBe('0107');
  });

  it('has the length of MQTT in as few bytes as possible', () => {
    for (const [size, length] of [
      [0, '00'],
      [127, '7f'],
      [128, '8001'],
      [16_383, 'ff7f'],
      [16_384, '808001'],
      [2_097_151, 'ffff7f'],
      [2_097_152, '80808001'],
    ] as const) {
      const frame = wire(mqtt.encode({ type: 0x30, payload: new Uint8Array(size) }));
      expect(frame.subarray(1, frame.length - size).toString('hex')).toBe(length);
    }
  });

  it('has the length of DNS over TCP', () => {
    expect(hex(dns.encode(bytes(1, 2, 3)))).toBe('0003010203');
  });

  it('has a type after the length, which counts it as the option says', () => {
    const frame = { type: 0xaa, payload: bytes(1, 2) };
    const typed = (includes?: TypedFrameOptions['includes']) =>
      hex(framed({ type: 'after', size: 3, endian: 'little', includes }).encode(frame));
    expect(typed()).toBe('020000aa0102');
    expect(typed('type')).toBe('030000aa0102');
    expect(typed('length')).toBe('050000aa0102');
    expect(typed('header')).toBe('060000aa0102');
    const varint = framed({ type: 'after', varint: 2, includes: 'type' });
    expect(hex(varint.encode(frame))).toBe('03aa0102');
    expect(hex(varint.encode({ ...frame, type: null }))).toBe('020102');
  });
});

describe('framed: decoding', () => {
  it('returns the payloads that were encoded, for any length and any chunks', () => {
    const lengths = fc.record({
      size: sizesOfLength,
      endian: fc.constantFrom('big' as const, 'little' as const),
      includes: fc.constantFrom('length' as const, undefined),
    });
    const varints = fc.record({ varint: sizesOfLength });
    fc.assert(
      fc.property(payloads, sizes, fc.oneof(lengths, varints), (all, by, options) => {
        const codec = framed(options);
        const short = all.map((payload) => payload.subarray(0, 100));
        const stream = Buffer.concat(short.map((payload) => wire(codec.encode(payload))));
        expect(outcomes(codec, cut(stream, ...by))).toEqual(messages(...short));
      }),
    );
  });

  it('returns the frames that were encoded, for any header and any chunks', () => {
    const frames = fc.array(
      fc.record({ type: fc.nat(255), payload: fc.uint8Array({ maxLength: 100, size: 'max' }) }),
    );
    const headers = fc.record({
      type: fc.constantFrom('before' as const, 'after' as const),
      length: fc.oneof(
        fc.record({
          size: sizesOfLength,
          endian: fc.constantFrom('big' as const, 'little' as const),
          includes: fc.constantFrom(
            'length' as const,
            'type' as const,
            'header' as const,
            undefined,
          ),
        }),
        fc.record({
          varint: sizesOfLength,
          includes: fc.constantFrom('type' as const, undefined),
        }),
      ),
    });
    fc.assert(
      fc.property(frames, sizes, headers, (all, by, { type, length }) => {
        const codec = framed({ type, ...length });
        const stream = Buffer.concat(all.map((frame) => wire(codec.encode(frame))));
        expect(outcomes(codec, cut(stream, ...by))).toEqual(messages(...all));
      }),
    );
  });

  it('accepts a varint that has more bytes than needed', () => {
    for (const chunks of splits(bytes(0xd0, 0x81, 0x80, 0x80, 0x00, 9))) {
      expect(outcomes(mqtt, chunks)).toEqual(messages({ type: 0xd0, payload: bytes(9) }));
    }
  });

  it('rejects a varint of too many bytes at the last of them, and decodes nothing after it', () => {
    const decoder = mqtt.createDecoder({});
    decoder.write(bytes(0x30, 0xff, 0xff, 0xff));
    expect(decoder.read()).toBeUndefined();
    decoder.write(bytes(0xff));
    const error = codecErrorOf(() => decoder.read());
    expect(error.message).toContain('its length, a varint, has more than 4 bytes');
    expect([...error.raw]).toEqual([0x30, 0xff, 0xff, 0xff, 0xff]);
    decoder.write(bytes(0xd0, 0x00));
    expect(codecErrorOf(() => decoder.read())).toBe(error);
  });

  it('rejects a length that is smaller than what it counts, and decodes nothing after it', () => {
    const header = framed({ type: 'after', size: 2, includes: 'header' });
    for (const [codec, stream, least] of [
      [postgres, bytes(0x5a, 0, 0, 0, 3, 1, 2), 4],
      [header, bytes(0, 2, 9), 3],
      [framed({ type: 'after', varint: 1, includes: 'type' }), bytes(0, 9), 1],
    ] as const) {
      const decoder = codec.createDecoder({});
      decoder.write(stream);
      const error = codecErrorOf(() => decoder.read());
      expect(error.message).toContain(`must be ${String(least)} at least`);
      expect(codecErrorOf(() => decoder.read())).toBe(error);
    }
  });

  it('returns a payload that its receiver may keep and change', () => {
    const stream = Buffer.from('0001aa0001bb', 'hex');
    const decoder = dns.createDecoder({});
    decoder.write(stream);
    const first = decoder.read();
    stream.fill(0);
    expect(first).toEqual(bytes(0xaa));
    expect(first?.buffer.byteLength).toBe(1);
  });

  it('reports a frame that the end of the stream cuts, wherever it is cut', () => {
    const frame = wire(postgres.encode({ type: 0x52, payload: bytes(0, 0, 0, 0) }));
    for (let size = 1; size < frame.length; size++) {
      expect(outcomes(postgres, [frame.subarray(0, size)])).toEqual([{ error: 'ended after' }]);
    }
  });
});

describe('framed: the limit', () => {
  const limits = { maxMessageBytes: 6 };

  it('accepts a payload of exactly that size, and rejects a larger one as soon as its length is known', () => {
    for (const codec of [postgres, mqtt, framed({ type: 'after', size: 8, includes: 'header' })]) {
      const frame = { type: 1, payload: bytes(1, 2, 3, 4, 5, 6) };
      expect(outcomes(codec, [wire(codec.encode(frame))], limits)).toEqual(messages(frame));
      const large = wire(codec.encode({ type: 1, payload: new Uint8Array(7) }));
      const untilLength = large.subarray(0, large.indexOf(0, large.length - 7));
      const decoder = codec.createDecoder(limits);
      decoder.write(untilLength);
      expect(limitErrorOf(() => decoder.read())).toMatchObject({ limit: 6, actual: 7 });
    }
  });

  it('shows what has arrived, as the peer may speak another protocol', () => {
    const decoder = postgres.createDecoder({});
    decoder.write(bytesOf('HTTP/1.1 400 Bad Request\r\n'));
    const error = limitErrorOf(() => decoder.read());
    expect(error.message).toContain("the peer speaks another protocol: 'HTTP/1.1 400 Bad Request");
  });

  it('rejects a length that a number cannot hold, even without a limit', () => {
    const decoder = framed({ size: 8 }).createDecoder({ maxMessageBytes: Infinity });
    decoder.write(new Uint8Array(8).fill(0xff));
    expect(limitErrorOf(() => decoder.read()).actual).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  });
});

describe('framed: long streams', () => {
  it('decodes a payload of 64 MiB in chunks of 64 KiB', () => {
    const decoder = dns4.createDecoder({ maxMessageBytes: 64 * MIB });
    decoder.write(bytes(0x04, 0, 0, 0));
    const [payload] = flood(decoder, new Uint8Array(64 * 1024), 1023, new Uint8Array(64 * 1024));
    expect(payload).toHaveLength(64 * MIB);
  });

  it('decodes a payload of 1 MiB in single bytes', () => {
    const decoder = mqtt.createDecoder({});
    decoder.write(bytes(0x30, 0x80, 0x80, 0x40));
    const [frame] = flood(decoder, bytes(1), MIB - 1, bytes(1));
    expect(frame).toMatchObject({ type: 0x30, payload: { length: MIB } });
  });

  it('returns nothing for a million frames without a message, and holds none of them', () => {
    const codec = framed({ size: 1, decode: () => undefined, encode: () => encodeUtf8('') });
    const decoder = codec.createDecoder({});
    expect(flood(decoder, new Uint8Array(1000), 1000, bytes(0))).toEqual([]);
    expect(decoder.buffered).toBe(0);
  });
});

const dns4 = framed({ size: 4 });
