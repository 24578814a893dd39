/** The writer loop, over a stream whose writes the test completes. */

import { getEventListeners, once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/index.ts';
import { writeLoop } from '../../src/io/writer.ts';
import { Outbound } from '../../src/io/outbound.ts';
import { Stopper } from '../../src/async/stop-signal.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

const BATCH_BYTES = 64 * 1024;
const LIMITS = { maxMessageBytes: Infinity, highWaterMark: Infinity, maxQueuedBytes: Infinity };

type Done = (error?: Error | null) => void;

/** Records each call of the stream; the test completes the call with `settle()`. */
class Sink extends Duplex {
  readonly calls: string[][] = [];
  #done: Done | undefined;

  /** The calls, with repeated letters written once: a full batch of `a` is shown as `a`. */
  get shortCalls(): string[] {
    return this.calls.map((texts) => texts.map((text) => text.replace(/(.)\1*/g, '$1')).join());
  }

  /** Completes the pending call, with an error or without. */
  settle(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }

  override _read(): void {
    // Nothing is read.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    this.calls.push([chunk.toString()]);
    this.#done = done;
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.calls.push(chunks.map(({ chunk }) => chunk.toString()));
    this.#done = done;
  }
}

/** Starts a loop. A stream with room needs to drain after 1 GiB, another one after every byte. */
function start({ hasRoom = true, stream = sink(hasRoom), queued = [] as string[] } = {}) {
  const outgoing = new Outbound(LIMITS);
  for (const text of queued) void outgoing.push(text);
  const signal = new Stopper();
  const loop = writeLoop(stream, outgoing, signal);
  loop.catch(() => undefined);
  const send = (text: string) => outgoing.push(text);
  return { outgoing, stream, signal, loop, send };
}

const sink = (hasRoom: boolean) => new Sink({ highWaterMark: hasRoom ? 2 ** 30 : 1 });
const tick = () =>
  new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
const full = (letter: string) => letter.repeat(BATCH_BYTES);

describe('a message', () => {
  it('is written with those of the same turn, also if each send() is awaited', async () => {
    const { stream, send } = start();
    void send('a');
    for (const text of ['b', 'c']) await send(text);
    expect(stream.calls).toEqual([]);
    await tick();
    expect(stream.calls).toEqual([['abc']]);
    stream.settle();
    void send('d');
    await tick();
    expect(stream.calls).toEqual([['abc'], ['d']]);
  });

  it('is written at once when it fills a batch', () => {
    const { stream, send } = start();
    void send(full('a'));
    expect(stream.shortCalls).toEqual(['a']);
  });

  it('that was queued before the loop started is written when it starts', () => {
    const { stream } = start({ queued: ['a', 'b'] });
    expect(stream.calls).toEqual([['ab']]);
  });

  it('is confirmed when the write has completed', async () => {
    const { stream, outgoing, send } = start();
    void send('a');
    await tick();
    expect(outgoing.undelivered).toBe(1);
    stream.settle();
    expect(outgoing.undelivered).toBe(0);
  });

  it('stays queued while the stream needs to drain, and is then written in a batch', async () => {
    const { stream, send } = start({ hasRoom: false });
    void send('a');
    await tick();
    for (const text of ['b', 'c', full('d')]) {
      void send(text);
      await turn();
    }
    expect(stream.calls).toEqual([['a']]);
    stream.settle();
    await turn();
    expect(stream.shortCalls).toEqual(['a', 'bcd']);
  });
});

describe('a backlog', () => {
  it('is written four batches at a time, in one call each, as the stream drains', async () => {
    const { stream, outgoing } = start({ queued: Array.from('abcdefghij', full), hasRoom: false });
    for (let count = 1; outgoing.undelivered > 0; count += 1) {
      await turn();
      expect(stream.calls).toHaveLength(count);
      stream.settle();
    }
    expect(stream.shortCalls).toEqual(['a,b,c,d', 'e,f,g,h', 'i,j']);
  });

  it('is written over several turns even if the stream never needs to drain', async () => {
    const { stream } = start({ queued: Array.from('abcdef', full) });
    expect(stream.shortCalls).toEqual(['a,b,c,d']);
    stream.settle();
    await turn();
    expect(stream.shortCalls).toEqual(['a,b,c,d', 'e,f']);
  });
});

describe('the loop', () => {
  it('rejects with the error of a write', async () => {
    const { stream, outgoing, loop, send } = start();
    void send('a');
    await tick();
    const error = new Error('EPIPE');
    stream.on('error', () => undefined);
    stream.settle(error);
    expect(await rejection(loop)).toBe(error);
    expect(outgoing.undelivered).toBe(1);
  });

  it.each([
    ['with its error', new Error('ECONNRESET')],
    ['without one', undefined],
  ])('rejects %s when the stream is closed', async (_, error) => {
    const { stream, loop } = start();
    stream.on('error', () => undefined).destroy(error);
    const thrown = await rejection(loop);
    expect(thrown).toEqual(error ?? new ClosedError('The stream was closed'));
  });

  it.each([
    ['with its error', new Error('ECONNRESET')],
    ['without one', undefined],
  ])('does not confirm a write that a stream, destroyed %s, reports as done', async (_, error) => {
    const { stream, outgoing, loop, send } = start();
    stream.on('error', () => undefined);
    void send('a');
    await tick();
    let thrown: unknown;
    loop.catch((reason: unknown) => (thrown = reason));
    stream.destroy(error);
    stream.settle();
    await tick();
    expect(outgoing.undelivered).toBe(1);
    expect(thrown).toEqual(error ?? new ClosedError('The stream was destroyed'));
  });

  it('rejects at once for a closed stream, but only if something is queued', async () => {
    const stream = sink(true).destroy();
    await once(stream, 'close');
    expect(await hasSettled(start({ stream }).loop)).toBe(false);
    const { loop } = start({ stream, queued: ['a'] });
    expect(await rejection(loop)).toEqual(new ClosedError('The stream was closed'));
    expect(stream.calls).toEqual([]);
  });

  it('writes nothing to a destroyed stream', async () => {
    const { stream, send } = start();
    void send('a');
    stream.destroy();
    await tick();
    expect(stream.calls).toEqual([]);
  });
});

describe('a stream that throws', () => {
  const broken = new TypeError('no room');

  /** A stream of which one method throws. */
  class Broken extends Sink {
    override _write(): void {
      throw broken;
    }

    override _writev(): void {
      throw broken;
    }
  }

  it.each([
    ['for one message', ['a']],
    ['for a backlog', Array.from('abc', full)],
  ])('%s fails the loop with what it threw, and is destroyed', async (_, queued) => {
    const stream = new Broken({ highWaterMark: 2 ** 30 });
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    const { loop, outgoing, send } = start({ stream });
    for (const text of queued) void send(text);
    expect(await rejection(loop)).toBe(broken);
    await turn();
    expect([stream.destroyed, errors, outgoing.undelivered]).toEqual([
      true,
      [broken],
      queued.length,
    ]);
  });

  it('may throw anything', async () => {
    const stream = new Sink();
    stream.on('error', () => undefined);
    stream.write = () => {
      const odd: unknown = Object.create(null);
      throw odd as Error;
    };
    const { loop, send } = start({ stream });
    void send('a');
    expect(await rejection(loop)).toMatchObject({ message: 'an unprintable object' });
  });
});

describe('the parts of a message', () => {
  it('are written in one call, and confirmed with the last one', async () => {
    const { stream, outgoing } = start();
    const large = new Uint8Array(16 * 1024).fill(0x62);
    void outgoing.push([Uint8Array.of(0x61), large]);
    await tick();
    expect(stream.shortCalls).toEqual(['a,b']);
    expect(outgoing.undelivered).toBe(1);
    stream.settle();
    expect(outgoing.undelivered).toBe(0);
  });
});

describe('a loop that was stopped', () => {
  it('by an AbortSignal writes no more', async () => {
    const controller = new AbortController();
    const stream = sink(true);
    const outgoing = new Outbound(LIMITS);
    void writeLoop(stream, outgoing, controller.signal);
    expect(outgoing.wake).toBeDefined();
    controller.abort();
    expect(outgoing.wake).toBeUndefined();
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    void outgoing.push(full('a'));
    await turn();
    expect(stream.calls).toEqual([]);
  });

  it('writes no more, confirms what it wrote, and never settles', async () => {
    const { stream, outgoing, signal, loop, send } = start({ hasRoom: false });
    void send('a');
    await tick();
    void send('b');
    signal.stop();
    void send(full('c'));
    stream.settle();
    await turn();
    expect(stream.calls).toEqual([['a']]);
    expect(outgoing.undelivered).toBe(2);
    expect(await hasSettled(loop)).toBe(false);
  });

  it('writes nothing that was sent in the turn of the stop', async () => {
    const { stream, signal, send } = start();
    void send('a');
    signal.stop();
    await turn();
    expect(stream.calls).toEqual([]);
  });

  it('removes its listeners from the stream', async () => {
    const { stream, signal, loop } = start();
    const listeners = () => [stream.listenerCount('drain'), stream.listenerCount('close')];
    const before = listeners();
    signal.stop();
    expect(listeners()).toEqual(before.map((count) => count - 1));
    stream.destroy();
    expect(await hasSettled(loop)).toBe(false);
  });

  it('leaves the queue to the next loop', async () => {
    const { stream, outgoing, signal, send } = start();
    signal.stop();
    void send('a');
    await turn();
    const next = writeLoop(stream, outgoing, new Stopper());
    expect(stream.calls).toEqual([['a']]);
    expect(await hasSettled(next)).toBe(false);
  });
});
