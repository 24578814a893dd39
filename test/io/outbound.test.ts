/** The outgoing queue: batches, bounds, and how pending promises settle. */

import { describe, expect, it, vi } from 'vitest';
import { ClosedError, LimitError } from '../../src/index.ts';
import { type Batch, Outbound } from '../../src/io/outbound.ts';
import { ACCEPTED } from '../../src/async/deferred.ts';
import { hasSettled, rejection } from '../support/signal.ts';

const BATCH_BYTES = 64 * 1024;
const LIMITS = { maxMessageBytes: Infinity, highWaterMark: Infinity, maxQueuedBytes: Infinity };

const queue = (limits: Partial<typeof LIMITS> = {}) => new Outbound({ ...LIMITS, ...limits });

/** Takes all queued batches. */
function allOf(outgoing: Outbound): Batch[] {
  const all: Batch[] = [];
  for (let batch; (batch = outgoing.take()) !== undefined;) all.push(batch);
  return all;
}

/** Takes the next batch; throws if there is none. */
function take(outgoing: Outbound): Batch {
  const batch = outgoing.take();
  if (batch === undefined) throw new Error('There was no batch');
  return batch;
}

describe('a batch', () => {
  it('joins the queued text', () => {
    const outgoing = queue();
    for (const text of ['a', 'bc', 'd']) void outgoing.push(text);
    expect(allOf(outgoing)).toEqual([{ data: 'abcd', messages: 3, bytes: 4 }]);
    expect(outgoing.take()).toBeUndefined();
  });

  it('joins the queued bytes; the bytes of a single message are not copied', () => {
    const outgoing = queue();
    const only = Uint8Array.of(1);
    void outgoing.push(only);
    expect(take(outgoing).data).toBe(only);
    for (const bytes of [Uint8Array.of(2), Uint8Array.of(3, 4)]) void outgoing.push(bytes);
    expect(take(outgoing)).toEqual({ data: Buffer.of(2, 3, 4), messages: 2, bytes: 3 });
  });

  it('is not sealed by taking a full one before it', () => {
    const outgoing = queue();
    for (const text of ['x'.repeat(BATCH_BYTES), 'a']) void outgoing.push(text);
    expect(take(outgoing).bytes).toBe(BATCH_BYTES);
    void outgoing.push('b');
    expect(allOf(outgoing)).toEqual([{ data: 'ab', messages: 2, bytes: 2 }]);
  });

  it('holds either text or bytes', () => {
    const outgoing = queue();
    for (const data of ['a', 'b', Uint8Array.of(1), 'c']) void outgoing.push(data);
    const [text, bytes, ...more] = allOf(outgoing);
    expect(text).toEqual({ data: 'ab', messages: 2, bytes: 2 });
    expect(bytes).toEqual({ data: Uint8Array.of(1), messages: 1, bytes: 1 });
    expect(more.map(({ data }) => data.toString())).toEqual(['c']);
  });

  it.each([
    ['text', (size: number) => 'x'.repeat(size)],
    ['bytes', (size: number) => new Uint8Array(size)],
  ])('of %s is full at 64 KiB, and not a byte before', (_, make) => {
    const outgoing = queue();
    const wake = vi.fn();
    outgoing.wake = wake;
    for (const size of [1, BATCH_BYTES - 2, 1]) void outgoing.push(make(size));
    expect(wake.mock.calls).toEqual([[false], [false], [true]]);
    void outgoing.push(make(1));
    const sizes = allOf(outgoing).map(({ bytes, messages }) => [bytes, messages]);
    expect(sizes).toEqual([
      [BATCH_BYTES, 3],
      [1, 1],
    ]);
  });

  it('keeps the parts of a message in order; large parts are not copied', () => {
    const outgoing = queue();
    const [small, large] = [Uint8Array.of(1, 2), new Uint8Array(16 * 1024)];
    for (const data of [[small, large], [small], small, []]) void outgoing.push(data);
    const batch = take(outgoing);
    expect(batch).toMatchObject({ messages: 4, bytes: 2 + large.length + 4 });
    expect(batch.data).toEqual([small, large, Buffer.of(1, 2, 1, 2)]);
    expect(batch.data[1]).toBe(large);
  });

  it('loses no text behind bytes without content', () => {
    const outgoing = queue();
    for (const data of [new Uint8Array(), 'a', [], 'b']) void outgoing.push(data);
    const all = allOf(outgoing);
    expect(all.map(({ data }) => String(data))).toEqual(['', 'a', 'b']);
    expect(all.map(({ bytes, messages }) => [bytes, messages])).toEqual([
      [0, 1],
      [1, 1],
      [1, 2],
    ]);
  });

  it('is not joined with a text that would make it longer than a string can be', () => {
    const outgoing = queue();
    const longest = 'x'.repeat(2 ** 29 - 24);
    for (const data of ['a', longest]) void outgoing.push(data);
    const all = allOf(outgoing);
    expect(all.map(({ bytes, messages }) => [bytes, messages])).toEqual([
      [1, 1],
      [longest.length, 1],
    ]);
    for (const batch of all) outgoing.confirm(batch);
    expect(outgoing.undelivered).toBe(0);
  });

  it('of text is kept as bytes while it is queued behind another', () => {
    const outgoing = queue();
    for (let at = 0; at < 3; at += 1) void outgoing.push('x'.repeat(BATCH_BYTES));
    expect(allOf(outgoing).map(({ data }) => typeof data)).toEqual(['string', 'object', 'object']);
    void outgoing.push('x'.repeat(BATCH_BYTES));
    expect(typeof take(outgoing).data).toBe('string');
  });
});

describe('hasMore', () => {
  it('is true while there is a batch to take', () => {
    const outgoing = queue();
    const seen = [outgoing.hasMore];
    void outgoing.push('x'.repeat(BATCH_BYTES));
    seen.push(outgoing.hasMore);
    void outgoing.push('x');
    take(outgoing);
    seen.push(outgoing.hasMore);
    take(outgoing);
    seen.push(outgoing.hasMore);
    expect(seen).toEqual([false, true, true, false]);
  });
});

describe('push()', () => {
  it('resolves at once below the high-water mark, always with the same promise', () => {
    const outgoing = queue({ highWaterMark: 3 });
    expect(outgoing.push('ab')).toBe(ACCEPTED);
    expect(outgoing.push('c')).not.toBe(ACCEPTED);
  });

  it('resolves when the queue has shrunk to half of the high-water mark', async () => {
    const outgoing = queue({ highWaterMark: 4 });
    void outgoing.push('ab');
    const first = take(outgoing);
    void outgoing.push('c');
    const second = take(outgoing);
    const room = outgoing.push('de');
    outgoing.confirm(first);
    expect(await hasSettled(room)).toBe(false);
    outgoing.confirm(second);
    expect(await hasSettled(room)).toBe(true);
    expect(outgoing.push('f')).toBe(ACCEPTED);
  });

  it('accepts up to maxQueuedBytes, and rejects with advice beyond', async () => {
    const outgoing = queue({ maxQueuedBytes: 4 });
    await outgoing.push('abcd');
    const error = await rejection(outgoing.push('e'));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 4, actual: 5 });
    expect(String(error)).toContain('The peer does not read: 5 bytes would be queued');
    expect(String(error)).toContain('(maxQueuedBytes) is 4. Await the promise that send()');
    expect(outgoing.undelivered).toBe(1);
    outgoing.confirm(take(outgoing));
    await outgoing.push('e');
  });
});

describe('flushed()', () => {
  it('resolves when everything before it is confirmed, which may be at once', async () => {
    const outgoing = queue();
    expect(outgoing.flushed()).toBe(ACCEPTED);
    void outgoing.push('a');
    const first = outgoing.flushed();
    const batch = take(outgoing);
    void outgoing.push('b');
    const second = outgoing.flushed();
    const third = outgoing.flushed();
    expect(await hasSettled(first)).toBe(false);
    outgoing.confirm(batch);
    expect(await hasSettled(first)).toBe(true);
    expect(await hasSettled(second)).toBe(false);
    outgoing.confirm(take(outgoing));
    await Promise.all([second, third]);
    expect(outgoing.undelivered).toBe(0);
  });
});

describe('settle()', () => {
  const reason = () => new ClosedError('over');

  it('rejects pending calls and later ones', async () => {
    const outgoing = queue({ highWaterMark: 1 });
    const pending = [outgoing.push('a'), outgoing.flushed()];
    outgoing.settle(reason);
    const later = [outgoing.push('b'), outgoing.flushed()];
    for (const each of [...pending, ...later]) expect(await rejection(each)).toEqual(reason());
  });

  it('drops what is queued, which stays counted, and wakes the writer no more', async () => {
    const outgoing = queue();
    const wake = vi.fn();
    outgoing.wake = wake;
    for (const data of ['x'.repeat(BATCH_BYTES), 'y', Uint8Array.of(1)]) void outgoing.push(data);
    wake.mockClear();
    outgoing.settle(reason);
    await rejection(outgoing.push('z'));
    expect(wake).not.toHaveBeenCalled();
    expect([outgoing.hasMore, outgoing.take(), outgoing.undelivered]).toEqual([
      false,
      undefined,
      3,
    ]);
  });

  it('keeps its first reason', async () => {
    const outgoing = queue();
    void outgoing.push('a');
    outgoing.settle(reason);
    outgoing.settle(() => new ClosedError('another'));
    expect(await rejection(outgoing.flushed())).toEqual(reason());
  });

  it('lets a batch in flight be confirmed, and creates no error without need', async () => {
    const outgoing = queue();
    void outgoing.push('a');
    const batch = take(outgoing);
    const make = vi.fn(reason);
    outgoing.settle(make);
    outgoing.confirm(batch);
    expect(outgoing.undelivered).toBe(0);
    await outgoing.flushed();
    expect(make).not.toHaveBeenCalled();
  });
});
