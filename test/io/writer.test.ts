/** The writer loop by itself, over a stream that takes what it is told to. */

import { getEventListeners, once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ClosedError } from '../../src/index.ts';
import { writeLoop } from '../../src/io/writer.ts';
import { Outbound } from '../../src/io/outbound.ts';
import { Stopper } from '../../src/async/stop-signal.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';

const BATCH = 64 * 1024;
const LIMITS = { maxMessageBytes: Infinity, highWaterMark: Infinity, maxQueuedBytes: Infinity };

type Done = (error?: Error | null) => void;

/** Writes down what each call has brought, and is done with it when it is told. */
class Sink extends Duplex {
  readonly calls: string[][] = [];
  #done: Done | undefined;

  /** The calls, with the name of each batch of one letter in the place of it. */
  get story(): string[] {
    return this.calls.map((texts) => texts.map((text) => text.replace(/(.)\1*/g, '$1')).join());
  }

  /** The call under way is done, or has failed. */
  settle(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error);
  }

  override _read(): void {
    // It says nothing.
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

/** A loop at work. A stream with room asks to wait after 1 GiB, another after every byte. */
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
const full = (letter: string) => letter.repeat(BATCH);

describe('what is sent', () => {
  it('in one turn leaves in one write, also when each send() is awaited', async () => {
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

  it('leaves at once when it fills a batch', () => {
    const { stream, send } = start();
    void send(full('a'));
    expect(stream.story).toEqual(['a']);
  });

  it('before the loop began leaves with its beginning', () => {
    const { stream } = start({ queued: ['a', 'b'] });
    expect(stream.calls).toEqual([['ab']]);
  });

  it('is confirmed when the stream has taken it', async () => {
    const { stream, outgoing, send } = start();
    void send('a');
    await tick();
    expect(outgoing.undelivered).toBe(1);
    stream.settle();
    expect(outgoing.undelivered).toBe(0);
  });

  it('waits while the stream asks to, and is then gathered', async () => {
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
    expect(stream.story).toEqual(['a', 'bcd']);
  });
});

describe('a backlog', () => {
  it('leaves four batches at a time, in one call each, as the stream asks for them', async () => {
    const { stream, outgoing } = start({ queued: Array.from('abcdefghij', full), hasRoom: false });
    for (let count = 1; outgoing.undelivered > 0; count += 1) {
      await turn();
      expect(stream.calls).toHaveLength(count);
      stream.settle();
    }
    expect(stream.story).toEqual(['a,b,c,d', 'e,f,g,h', 'i,j']);
  });

  it('gives way in between where the stream never asks to wait', async () => {
    const { stream } = start({ queued: Array.from('abcdef', full) });
    expect(stream.story).toEqual(['a,b,c,d']);
    stream.settle();
    await turn();
    expect(stream.story).toEqual(['a,b,c,d', 'e,f']);
  });
});

describe('the loop', () => {
  it('fails with the error of a write', async () => {
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
  ])('fails %s when the stream is closed', async (_, error) => {
    const { stream, loop } = start();
    stream.on('error', () => undefined).destroy(error);
    const thrown = await rejection(loop);
    expect(thrown).toEqual(error ?? new ClosedError('The stream was closed'));
  });

  it.each([
    ['with its error', new Error('ECONNRESET')],
    ['without one', undefined],
  ])('takes nothing for written that a stream, destroyed %s, says it has', async (_, error) => {
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

  it('fails at once over a stream that is gone, but only where something waits', async () => {
    const stream = sink(true).destroy();
    await once(stream, 'close');
    expect(await hasSettled(start({ stream }).loop)).toBe(false);
    const { loop } = start({ stream, queued: ['a'] });
    expect(await rejection(loop)).toEqual(new ClosedError('The stream was closed'));
    expect(stream.calls).toEqual([]);
  });

  it('writes nothing to a stream that is destroyed', async () => {
    const { stream, send } = start();
    void send('a');
    stream.destroy();
    await tick();
    expect(stream.calls).toEqual([]);
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

  it('writes no more, has what it wrote confirmed, and never ends', async () => {
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

  it('is stopped in a turn in which something was sent, too', async () => {
    const { stream, signal, send } = start();
    void send('a');
    signal.stop();
    await turn();
    expect(stream.calls).toEqual([]);
  });

  it('leaves nothing of itself on the stream', async () => {
    const { stream, signal, loop } = start();
    const listeners = () => [stream.listenerCount('drain'), stream.listenerCount('close')];
    const before = listeners();
    signal.stop();
    expect(listeners()).toEqual(before.map((count) => count - 1));
    stream.destroy();
    expect(await hasSettled(loop)).toBe(false);
  });

  it('leaves the rest to the next', async () => {
    const { stream, outgoing, signal, send } = start();
    signal.stop();
    void send('a');
    await turn();
    const next = writeLoop(stream, outgoing, new Stopper());
    expect(stream.calls).toEqual([['a']]);
    expect(await hasSettled(next)).toBe(false);
  });
});
