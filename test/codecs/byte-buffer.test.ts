import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBuffer } from '../../src/codecs/byte-buffer.ts';
import { ArgumentError } from '../../src/core/errors.ts';
import { MIB, bytesOf } from './support.ts';

type SetBytes = (this: Uint8Array, source: ArrayLike<number>, offset?: number) => void;

/** Counts the bytes that are copied into typed arrays by `set()` while `action` runs. */
function bytesCopied(action: () => void): number {
  const arrays = Object.getPrototypeOf(Uint8Array.prototype) as { set: SetBytes };
  const set: SetBytes = arrays.set;
  let bytes = 0;
  arrays.set = function (source, offset) {
    bytes += source.length;
    set.call(this, source, offset);
  };
  try {
    action();
  } finally {
    arrays.set = set;
  }
  return bytes;
}

describe('the byte buffer', () => {
  it('holds what was appended and not dropped, in any sequence of calls', () => {
    const step = fc.record({
      add: fc.uint8Array({ maxLength: 1200, size: 'max' }),
      dropped: fc.double({ min: 0, max: 1, noNaN: true }),
      own: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        const buffer = new ByteBuffer();
        let expected = Buffer.alloc(0);
        for (const { add, dropped, own } of steps) {
          buffer.append(add);
          expected = Buffer.concat([expected, add]);
          const count = Math.round(dropped * expected.length);
          buffer.drop(count);
          expected = expected.subarray(count);
          if (own) buffer.own();
          if (own) add.fill(0);
          expect(Buffer.compare(buffer.view(), expected)).toBe(0);
        }
      }),
    );
  });

  it('uses a large chunk in place until own() is called', () => {
    const chunk = Buffer.alloc(1000, 'a');
    const buffer = new ByteBuffer();
    buffer.append(chunk);
    expect(buffer.capacity).toBe(0);
    expect(buffer.view().buffer).toBe(chunk.buffer);
    buffer.drop(990);
    buffer.own();
    chunk.fill('b');
    expect(buffer.view().toString()).toBe('a'.repeat(10));
  });

  it('never writes into the memory of a chunk', () => {
    const memory = Buffer.alloc(2000, 'a');
    const buffer = new ByteBuffer();
    buffer.append(memory.subarray(0, 1000));
    buffer.append(bytesOf('bbb'));
    expect(memory.toString()).toBe('a'.repeat(2000));
    expect(buffer.view().toString()).toBe(`${'a'.repeat(1000)}bbb`);
  });

  it('moves each byte a bounded number of times when bytes arrive one by one', () => {
    const buffer = new ByteBuffer();
    const chunk = bytesOf('a');
    const copied = bytesCopied(() => {
      for (let i = 0; i < MIB; i++) {
        buffer.append(chunk);
        buffer.own();
      }
    });
    const moved = copied - MIB;
    expect(buffer.length).toBe(MIB);
    expect(moved).toBeLessThan(2 * MIB);
    expect(moved).toBeGreaterThan(0);
  });

  it('moves each byte a bounded number of times when some bytes always remain', () => {
    const buffer = new ByteBuffer();
    const chunk = Buffer.alloc(100);
    buffer.append(Buffer.alloc(5000));
    const copied = bytesCopied(() => {
      for (let i = 0; i < 20_000; i++) {
        buffer.append(chunk);
        buffer.drop(100);
        buffer.own();
      }
    });
    const moved = copied - 20_000 * 100;
    expect(moved).toBeLessThan(20_000 * 100 * 2);
    expect(buffer.capacity).toBeLessThan(32 * 1024);
  });

  it('releases the memory of a large message when it is dropped', () => {
    const buffer = new ByteBuffer();
    const chunk = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 128; i++) buffer.append(chunk);
    expect(buffer.capacity).toBeGreaterThanOrEqual(8 * MIB);
    buffer.drop(8 * MIB - 10);
    buffer.own();
    expect(buffer.length).toBe(10);
    expect(buffer.capacity).toBeLessThan(64 * 1024);
    buffer.clear();
    expect(buffer.capacity).toBe(0);
  });

  it.each([65, 128, 1024])('keeps at most 64 KiB after a message of %i KiB', (size) => {
    const buffer = new ByteBuffer();
    for (let at = 0; at < size; at++) {
      buffer.append(Buffer.alloc(1024));
      buffer.own();
    }
    buffer.drop(size * 1024);
    buffer.own();
    expect(buffer.capacity).toBeLessThanOrEqual(64 * 1024);
  });

  it('reuses a small memory from message to message', () => {
    const buffer = new ByteBuffer();
    for (let i = 0; i < 100_000; i++) {
      buffer.append(bytesOf('0123456789'));
      buffer.drop(10);
      buffer.own();
    }
    expect(buffer.capacity).toBe(4096);
  });

  it('finds, copies and returns single bytes, counted from the first one held', () => {
    const buffer = new ByteBuffer();
    buffer.append(bytesOf('xxabcab'));
    buffer.drop(2);
    expect([buffer.byteAt(0), buffer.byteAt(4), buffer.byteAt(5), buffer.byteAt(-1)]).toEqual([
      0x61,
      0x62,
      undefined,
      undefined,
    ]);
    expect([buffer.indexOf(0x61), buffer.indexOf(0x61, 1), buffer.indexOf(0x78)]).toEqual([
      0, 3, -1,
    ]);
    expect([buffer.indexOf(0x62, 5), buffer.indexOf(0x62, 4)]).toEqual([-1, 4]);
    const taken = buffer.take(3);
    expect([taken.constructor, ...taken]).toEqual([Uint8Array, 0x61, 0x62, 0x63]);
    expect(taken.buffer.byteLength).toBe(3);
    expect(buffer.view().toString()).toBe(bytesOf('ab').toString());
  });

  it('refuses to reach beyond the bytes that it holds, and stays as it is', () => {
    const buffer = new ByteBuffer();
    buffer.append(bytesOf('abc'));
    for (const [text, action] of [
      [
        'count must be an integer from 0 to 3, not 4',
        () => {
          buffer.drop(4);
        },
      ],
      [
        'not -1',
        () => {
          buffer.drop(-1);
        },
      ],
      [
        'not 1.5',
        () => {
          buffer.drop(1.5);
        },
      ],
      [
        'not NaN',
        () => {
          buffer.drop(NaN);
        },
      ],
      ['count must be an integer from 0 to 3, not 4', () => buffer.take(4)],
      ['to must be an integer from 0 to 3, not 4', () => buffer.view(0, 4)],
      ['from must be an integer from 0 to 1, not 2', () => buffer.view(2, 1)],
      ['from must be an integer from 0 to 3, not -1', () => buffer.view(-1)],
      ['from must be an integer from 0 to 3, not 4', () => buffer.indexOf(0, 4)],
    ] as const) {
      expect(action).toThrow(ArgumentError);
      expect(action).toThrow(text);
    }
    expect(Buffer.from(buffer.view()).toString()).toBe('abc');
    expect([buffer.view(3).length, buffer.take(0).length, buffer.indexOf(0x61, 3)]).toEqual([
      0, 0, -1,
    ]);
  });
});
