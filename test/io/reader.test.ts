/** The reader loop by itself, over a stream that says what it is told to. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { ClosedError, CodecError, HandlerError, lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { type Handle, readLoop } from '../../src/io/reader.ts';
import { Stopper } from '../../src/stop-signal.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { Source } from './source.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A loop at work, and what it has handed over. */
function start(handle: Handle<string> = () => undefined) {
  const stream = new Source();
  const inbound = new Inbound(stream, lines().createDecoder({}));
  const handled: string[] = [];
  const read = () => {
    const signal = new Stopper();
    const loop = readLoop(
      inbound,
      (message) => {
        handled.push(message);
        return handle(message);
      },
      signal,
    );
    loop.catch(() => undefined);
    return { signal, loop };
  };
  return { stream, inbound, handled, read, ...read() };
}

/** A handler that takes its time for each message until its gate is opened. */
function slow() {
  const gates = new Map<string, ReturnType<typeof gate>>();
  const handle = (message: string) => {
    const made = gate();
    gates.set(message, made);
    return made.opened;
  };
  const of = (message: string) => {
    const found = gates.get(message);
    if (found === undefined) throw new Error(`${message} was not handed over`);
    return found;
  };
  return { handle, of };
}

describe('messages', () => {
  it('are handed over in order, and the loop ends with the stream', async () => {
    const { stream, handled, loop } = start();
    await stream.say('a\nb\n', 'c\n');
    await stream.say('d\n', null);
    await loop;
    expect(handled).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are handed over one at a time, and meanwhile the peer waits', async () => {
    const { handle, of } = slow();
    const { stream, handled, loop } = start(handle);
    await stream.say('a\nb\n');
    expect(handled).toEqual(['a']);
    expect(stream.isPaused()).toBe(true);
    await stream.say('c\n', null);
    of('a').open();
    await turn();
    expect(handled).toEqual(['a', 'b']);
    of('b').open();
    await turn();
    expect(handled).toEqual(['a', 'b', 'c']);
    expect(await hasSettled(loop)).toBe(false);
    of('c').open();
    await loop;
  });

  it('are not handed over at once: who starts the loop may stand in the middle of one', async () => {
    const { stream, signal, handled, read } = start(() => {
      signal.stop();
      return undefined;
    });
    await stream.say('a\nb\n');
    read();
    expect(handled).toEqual(['a']);
    await Promise.resolve();
    expect(handled).toEqual(['a', 'b']);
  });
});

describe('a promise of another kind', () => {
  it('that says twice that a message is handled lets no other be handed over meanwhile', async () => {
    const callbacks: (() => void)[] = [];
    const { stream, handled } = start(
      () =>
        ({
          then: (onDone: () => void) => {
            callbacks.push(onDone);
          },
        }) as unknown as Promise<void>,
    );
    await stream.say('a\nb\nc\n');
    const [done] = callbacks;
    done?.();
    done?.();
    await turn();
    expect(handled).toEqual(['a', 'b']);
  });
});

describe('the loop', () => {
  it('fails with the failure of the stream, after the messages before it', async () => {
    const { stream, handled, loop } = start();
    stream.push('a\n');
    await turn();
    stream.destroy(new Error('ECONNRESET'));
    expect(await rejection(loop)).toMatchObject({ message: 'The stream failed: ECONNRESET' });
    expect(handled).toEqual(['a']);
  });

  it('fails with what cuts a message', async () => {
    const { stream, loop } = start();
    await stream.say('a', null);
    expect(await rejection(loop)).toBeInstanceOf(CodecError);
  });

  it.each<[string, Handle<string>]>([
    [
      'throws',
      () => {
        throw new TypeError('oops');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('oops'))],
  ])('fails when the handler %s, and takes no more', async (_, handle) => {
    const { stream, handled, inbound, loop } = start(handle);
    await stream.say('a\nb\n');
    const error = await rejection(loop);
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toMatchObject({ cause: { message: 'oops' } });
    expect(String(error)).toContain('onMessage');
    await stream.say('c\n');
    expect(handled).toEqual(['a']);
    expect(stream.isPaused()).toBe(true);
    expect(inbound.handling).toBeUndefined();
  });

  it('fails with a typed error of the handler as it is', async () => {
    const own = new ClosedError('enough');
    const { stream, loop } = start(() => Promise.reject(own));
    await stream.say('a\n');
    expect(await rejection(loop)).toBe(own);
  });
});

describe('a loop that was stopped', () => {
  it('leaves the stream paused where it stands, and the rest to the next', async () => {
    const { stream, inbound, signal, loop, handled, read } = start();
    await stream.say('a\n');
    signal.stop();
    expect([stream.isPaused(), inbound.change]).toEqual([true, undefined]);
    await stream.say('b\n', null);
    expect(handled).toEqual(['a']);
    await read().loop;
    expect(handled).toEqual(['a', 'b']);
    expect(await hasSettled(loop)).toBe(false);
  });

  it('before it began takes nothing', async () => {
    const { stream, signal, handled } = start();
    signal.stop();
    await stream.say('a\n');
    expect(handled).toEqual([]);
  });

  it('by its handler takes no more', async () => {
    const { stream, signal, handled, read } = start((message) => {
      if (message === 'a') signal.stop();
      return undefined;
    });
    await stream.say('a\nb\n', null);
    expect(handled).toEqual(['a']);
    await read().loop;
    expect(handled).toEqual(['a', 'b']);
  });

  it('in the middle of a message has the next wait for that one', async () => {
    const { handle, of } = slow();
    const { stream, signal, handled, read } = start(handle);
    await stream.say('a\nb\n', null);
    signal.stop();
    const { loop } = read();
    await turn();
    expect(handled).toEqual(['a']);
    of('a').open();
    await turn();
    expect(handled).toEqual(['a', 'b']);
    of('b').open();
    await loop;
  });

  it('in the middle of a message that then succeeds leaves nothing behind', async () => {
    const { handle, of } = slow();
    const { stream, inbound, signal, handled } = start(handle);
    await stream.say('a\nb\n');
    signal.stop();
    of('a').open();
    await turn();
    expect([inbound.handling, inbound.fault, handled]).toEqual([undefined, undefined, ['a']]);
    expect(stream.isPaused()).toBe(true);
  });

  it('in the middle of a message that then fails has that kept for the end', async () => {
    const { handle, of } = slow();
    const { stream, inbound, signal } = start(handle);
    await stream.say('a\n');
    signal.stop();
    of('a').fail(new TypeError('oops'));
    await turn();
    expect(inbound.fault).toMatchObject({ code: 'ERR_HANDLER', cause: { message: 'oops' } });
  });

  it('before anybody can have heard that it failed has that kept, too, and the first only', async () => {
    const { stream, inbound, signal, loop } = start(() => {
      throw new TypeError('oops');
    });
    await stream.say('a\n');
    await rejection(loop);
    const first = new ClosedError('first');
    expect(inbound.fault).toBeUndefined();
    inbound.fault = first;
    signal.stop();
    expect(inbound.fault).toBe(first);
    inbound.fault = undefined;
    signal.stop();
    expect(inbound.fault).toBeUndefined();
  });

  it('after it ended does nothing to the stream', async () => {
    const { stream, inbound, signal, loop } = start();
    await stream.say('a\n', null);
    await loop;
    const pause = vi.spyOn(inbound, 'pause');
    signal.stop();
    expect(pause).not.toHaveBeenCalled();
  });
});

describe('a flood', () => {
  const MANY = Array.from({ length: 100 }, (_, at) => `${String(at)}\n`).join('');

  /** A loop for which each message takes so many ms. */
  function busy(msPerMessage: number) {
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    return start(() => {
      now += msPerMessage;
      return undefined;
    });
  }

  /** How many messages were handed over in each turn of the event loop. */
  async function turnsOf({ stream, handled }: ReturnType<typeof start>): Promise<number[]> {
    const counts: number[] = [];
    const note = () => {
      counts.push(handled.length - counts.reduce((sum, count) => sum + count, 0));
      if (handled.length < 100) setImmediate(note);
    };
    stream.push(MANY);
    await new Promise<void>((resolve) => {
      stream.once('data', () => {
        process.nextTick(() => {
          note();
          resolve();
        });
      });
    });
    while (handled.length < 100) await turn();
    await turn();
    return counts;
  }

  it('is taken in one go where it is quick', async () => {
    expect(await turnsOf(busy(0))).toEqual([100]);
  });

  it('gives way to others after six ms of work, looked at every sixteen messages', async () => {
    const counts = await turnsOf(busy(0.5));
    // A turn begins with the first look; sixteen messages later eight ms have gone.
    expect(counts.filter((count) => count > 0)).toEqual([32, 32, 32, 4]);
  });

  /** The first part of it has been handed over. */
  const pausedFirst = (stream: Source) =>
    new Promise<void>((resolve) => {
      stream.once('data', () => {
        process.nextTick(resolve);
      });
    });

  it('is paused while others have their turn', async () => {
    const running = busy(1);
    running.stream.push(MANY);
    await pausedFirst(running.stream);
    expect(running.handled).toHaveLength(32);
    expect(running.stream.isPaused()).toBe(true);
    running.signal.stop();
    await turn();
    expect(running.handled).toHaveLength(32);
  });

  it('may be left in such a pause to the next, who then hears of all that comes', async () => {
    const { stream, signal, handled, read } = busy(1);
    stream.push(MANY);
    await pausedFirst(stream);
    signal.stop();
    const next = read();
    await turn();
    while (handled.length < 100) await turn();
    await stream.say('101\n', null);
    await next.loop;
    expect(handled).toHaveLength(101);
  });
});
