import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/core/errors.ts';
import type { Encoded } from '../../src/core/codec.ts';
import { type Frame, framed, type OutboundFrame } from '../../src/codecs/framed.ts';
import { codecErrorOf, messages, outcomes, thrownBy, wire } from './support.ts';

const hex = (encoded: Encoded): string => wire(encoded).toString('hex');
const bytes = (...values: number[]) => Uint8Array.from(values);

const postgres = framed({ type: 'before', includes: 'length' });
const dns = framed({ size: 2 });

describe('framed: encoding', () => {
  it('copies a payload of up to 16 KiB, and sends a larger one as it is', () => {
    const small = new Uint8Array(16 * 1024);
    const large = new Uint8Array(16 * 1024 + 1);
    expect(postgres.encode({ type: 1, payload: small })).toBeInstanceOf(Uint8Array);
    const parts = postgres.encode({ type: 1, payload: large });
    expect(parts).toHaveLength(2);
    expect((parts as readonly Uint8Array[])[1]).toBe(large);
    const [header, ...rest] = postgres.encode({ type: 1, payload: [small, large] }) as Uint8Array[];
    expect(rest).toEqual([small, large]);
    expect(header).toHaveLength(5);
  });

  it('joins the parts of a small payload, and encodes text as UTF-8', () => {
    expect(hex(dns.encode([bytes(1), bytes(), bytes(2, 3)]))).toBe('0003010203');
    expect(hex(dns.encode([]))).toBe('0000');
    expect(hex(dns.encode('€'))).toBe('0003e282ac');
  });

  it('rejects a payload whose length does not fit, and sends the longest that does', () => {
    const tooLong = [
      framed({ size: 1 }),
      framed({ size: 1, includes: 'length' }),
      framed({ varint: 1 }),
    ] as const;
    for (const [at, longest] of [255, 254, 127].entries()) {
      const codec = tooLong[at];
      expect(wire(codec?.encode(new Uint8Array(longest)) ?? '')).toHaveLength(longest + 1);
      expect(codecErrorOf(() => codec?.encode(new Uint8Array(longest + 1))).message).toContain(
        `A payload of ${String(longest + 1)} bytes is too long`,
      );
    }
  });

  it('rejects what is not a frame, and says what it is', () => {
    const any: { encode(message: unknown): Encoded } = postgres;
    const payload = bytes();
    for (const [message, text] of [
      [payload, 'must be a frame, { type, payload }, not an object (Uint8Array)'],
      [undefined, 'must be a frame, { type, payload }, not undefined'],
      [{ payload }, 'from 0 to 255, or null to omit it, not undefined'],
      [{ type: 256, payload }, 'not 256'],
      [{ type: -1, payload }, 'not -1'],
      [{ type: 1.5, payload }, 'not 1.5'],
      [{ type: 'Q', payload }, 'not "Q" (a string)'],
      [{ type: 1 }, 'payload must be a Uint8Array, a string or an array of Uint8Arrays'],
      [{ type: 1, payload: [1] }, 'an array whose element 0 is 1'],
      [{ type: 1, payload: '\ud800' }, 'unpaired surrogate'],
    ] as const) {
      expect(codecErrorOf(() => any.encode(message)).message).toContain(text);
    }
  });
});

describe('framed: messages of your own', () => {
  interface Query {
    readonly sql: string;
  }
  interface Reply {
    readonly tag: string;
    readonly text: string;
  }
  const codec = framed({
    type: 'before',
    includes: 'length',
    decode: ({ type, payload }: Frame): Reply | undefined =>
      type === 0x4e
        ? undefined
        : { tag: String.fromCharCode(type), text: Buffer.from(payload).toString() },
    encode: ({ sql }: Query): OutboundFrame => ({ type: 0x51, payload: `${sql}\0` }),
  });

  it('are made by decode and encode', () => {
    expect(hex(codec.encode({ sql: 'x' }))).toBe('51000000067800');
    const stream = wire(postgres.encode({ type: 0x43, payload: 'SELECT' }));
    expect(outcomes(codec, [stream])).toEqual(messages({ tag: 'C', text: 'SELECT' }));
  });

  it('are not there for a frame of which decode returns undefined', () => {
    const notices = Array.from({ length: 3 }, () =>
      wire(postgres.encode({ type: 0x4e, payload: 'notice' })),
    );
    const reply = wire(postgres.encode({ type: 0x5a, payload: 'I' }));
    expect(outcomes(codec, [Buffer.concat([...notices, reply, ...notices])])).toEqual(
      messages({ tag: 'Z', text: 'I' }),
    );
  });

  it('continue with the next frame when decode throws', () => {
    const strict = framed({
      size: 1,
      decode: (payload) => {
        if (payload.length === 0) throw new RangeError('empty');
        return payload.length;
      },
      encode: (size: number) => new Uint8Array(size),
    });
    const decoder = strict.createDecoder({});
    decoder.write(bytes(0, 2, 1, 1));
    expect(thrownBy(() => decoder.read())).toBeInstanceOf(RangeError);
    expect([decoder.read(), decoder.read()]).toEqual([2, undefined]);
  });
});

describe('framed: options', () => {
  const make = framed as (options: unknown) => unknown;

  it.each([
    [{ colour: 1 }, "framed() has no option 'colour'"],
    [{ size: 0 }, 'size of framed() must be a number of bytes from 1 to 8, not 0'],
    [{ size: 9 }, 'not 9'],
    [{ varint: 1.5 }, 'varint of framed() must be a number of bytes from 1 to 8, not 1.5'],
    [{ endian: 'middle' }, 'endian of framed() must be "big" or "little"'],
    [{ type: true }, 'type of framed() must be "before" or "after", not true'],
    [{ varint: 4, size: 4 }, 'takes either varint, or size and endian'],
    [{ varint: 4, endian: 'big' }, 'takes either varint, or size and endian'],
    [{ varint: 4, includes: 'length' }, 'whose size depends on its value'],
    [{ includes: 'type' }, "cannot have includes: 'type' without the option type"],
    [{ includes: 'header' }, "cannot have includes: 'header' without the option type"],
    [{ decode: (frame: unknown) => frame }, 'needs decode and encode together'],
    [{ decode: 1, encode: 1 }, 'decode of framed() must be a function, not 1'],
  ])('refuses %o', (options, text) => {
    const error = thrownBy(() => make(options));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toContain(text);
  });
});
