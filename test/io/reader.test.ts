/** The reader loop by itself, over a stream that says what it is told to. */

import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ClosedError, CodecError, HandlerError, lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { type Handle, readLoop } from '../../src/io/reader.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { startReader as start } from './reader-support.ts';
import { Source } from './source.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

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
    expect(stream.isPaused()).toBe(true);
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
    expect([stream.isPaused(), inbound.onChange]).toEqual([true, undefined]);
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
    const { stream, inbound, signal, handled, read } = start((message) => {
      if (message === 'a') signal.stop();
      return undefined;
    });
    await stream.say('a\nb\n', null);
    expect([handled, inbound.unreportedError]).toEqual([['a'], undefined]);
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
    expect([inbound.handling, inbound.unreportedError, handled]).toEqual([
      undefined,
      undefined,
      ['a'],
    ]);
    expect(stream.isPaused()).toBe(true);
  });

  it('in the middle of a message that then fails has that kept for the end', async () => {
    const { handle, of } = slow();
    const { stream, inbound, signal } = start(handle);
    await stream.say('a\n');
    signal.stop();
    of('a').fail(new TypeError('oops'));
    await turn();
    expect(inbound.unreportedError).toMatchObject({
      code: 'ERR_HANDLER',
      cause: { message: 'oops' },
    });
  });

  it('before anybody can have heard that it failed has that kept, too, and the first only', async () => {
    const { stream, inbound, signal, loop } = start(() => {
      throw new TypeError('oops');
    });
    await stream.say('a\n');
    await rejection(loop);
    const first = new ClosedError('first');
    expect(inbound.unreportedError).toBeUndefined();
    inbound.unreportedError = first;
    signal.stop();
    expect(inbound.unreportedError).toBe(first);
    inbound.unreportedError = undefined;
    signal.stop();
    expect(inbound.unreportedError).toBeUndefined();
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

describe('a loop with an AbortSignal', () => {
  const begin = (handle: Handle<string>) => {
    const stream = new Source();
    const inbound = new Inbound(stream, lines().createDecoder({}));
    const controller = new AbortController();
    const loop = readLoop(inbound, handle, controller.signal);
    loop.catch(() => undefined);
    const listeners = () => getEventListeners(controller.signal, 'abort').length;
    return { stream, inbound, loop, listeners, abort: controller.abort.bind(controller) };
  };

  it('is stopped by it, and leaves no listener there', async () => {
    const { stream, listeners, abort } = begin(() => undefined);
    expect(listeners()).toBe(1);
    abort();
    expect([stream.isPaused(), listeners()]).toEqual([true, 0]);
    await stream.say('a\n');
  });

  it('leaves no listener when it ends', async () => {
    const { stream, loop, listeners } = begin(() => undefined);
    await stream.say(null);
    await loop;
    expect(listeners()).toBe(0);
  });

  it('has its failure kept when it is stopped thereafter', async () => {
    const { stream, inbound, loop, listeners, abort } = begin(() => {
      throw new TypeError('oops');
    });
    await stream.say('a\n');
    await rejection(loop);
    abort();
    expect([inbound.unreportedError?.code, listeners()]).toEqual(['ERR_HANDLER', 0]);
  });
});
