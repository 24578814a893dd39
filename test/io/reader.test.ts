/** The reader loop, over a stream to which the test delivers bytes. */

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

/** A handler whose promise for each message is pending until the gate of the message is opened. */
function slow() {
  const gates = new Map<string, ReturnType<typeof gate>>();
  const handle = (message: string) => {
    const made = gate();
    gates.set(message, made);
    return made.opened;
  };
  const gateOf = (message: string) => {
    const found = gates.get(message);
    if (found === undefined) throw new Error(`${message} was not handed over`);
    return found;
  };
  return { handle, gateOf };
}

describe('messages', () => {
  it('are handed over in order, and the loop ends with the stream', async () => {
    const { stream, handled, loop } = start();
    await stream.deliver('a\nb\n', 'c\n');
    await stream.deliver('d\n', null);
    await loop;
    expect(handled).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are handed over one at a time, with the stream paused meanwhile', async () => {
    const { handle, gateOf } = slow();
    const { stream, handled, loop } = start(handle);
    await stream.deliver('a\nb\n');
    expect(handled).toEqual(['a']);
    expect(stream.isPaused()).toBe(true);
    await stream.deliver('c\n', null);
    gateOf('a').open();
    await turn();
    expect(handled).toEqual(['a', 'b']);
    gateOf('b').open();
    await turn();
    expect(handled).toEqual(['a', 'b', 'c']);
    expect(await hasSettled(loop)).toBe(false);
    gateOf('c').open();
    await loop;
  });

  it('are not handed over synchronously, because a handler may start the loop', async () => {
    const { stream, signal, handled, read } = start(() => {
      signal.stop();
      return undefined;
    });
    await stream.deliver('a\nb\n');
    read();
    expect(handled).toEqual(['a']);
    await turn();
    expect(handled).toEqual(['a', 'b']);
  });
});

describe('a thenable', () => {
  it('that resolves twice makes the loop hand over only one message', async () => {
    const callbacks: (() => void)[] = [];
    const { stream, handled } = start(
      () =>
        ({
          then: (onDone: () => void) => {
            callbacks.push(onDone);
          },
        }) as unknown as Promise<void>,
    );
    await stream.deliver('a\nb\nc\n');
    const [done] = callbacks;
    done?.();
    done?.();
    await turn();
    expect(handled).toEqual(['a', 'b']);
  });
});

describe('the loop', () => {
  it('rejects with the failure of the stream, after the messages before it', async () => {
    const { stream, handled, loop } = start();
    stream.push('a\n');
    await turn();
    stream.destroy(new Error('ECONNRESET'));
    expect(await rejection(loop)).toMatchObject({ message: 'The stream failed: ECONNRESET' });
    expect(handled).toEqual(['a']);
  });

  it('rejects when the stream ends in the middle of a message', async () => {
    const { stream, loop } = start();
    await stream.deliver('a', null);
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
  ])('rejects when the handler %s, and takes no more', async (_, handle) => {
    const { stream, handled, inbound, loop } = start(handle);
    await stream.deliver('a\nb\n');
    expect(stream.isPaused()).toBe(true);
    const error = await rejection(loop);
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toMatchObject({ cause: { message: 'oops' } });
    expect(String(error)).toContain('onMessage');
    await stream.deliver('c\n');
    expect(handled).toEqual(['a']);
    expect(stream.isPaused()).toBe(true);
    expect(inbound.handling).toBeUndefined();
  });

  it('rejects with a WirechartError of the handler as it is', async () => {
    const own = new ClosedError('enough');
    const { stream, loop } = start(() => Promise.reject(own));
    await stream.deliver('a\n');
    expect(await rejection(loop)).toBe(own);
  });
});

describe('a loop that was stopped', () => {
  it('leaves the stream paused, and the remaining messages to the next loop', async () => {
    const { stream, inbound, signal, loop, handled, read } = start();
    await stream.deliver('a\n');
    signal.stop();
    expect([stream.isPaused(), inbound.onChange]).toEqual([true, undefined]);
    await stream.deliver('b\n', null);
    expect(handled).toEqual(['a']);
    await read().loop;
    expect(handled).toEqual(['a', 'b']);
    expect(await hasSettled(loop)).toBe(false);
  });

  it('before it began hands over nothing', async () => {
    const { stream, signal, handled } = start();
    signal.stop();
    await stream.deliver('a\n');
    expect(handled).toEqual([]);
  });

  it('by its handler hands over no more', async () => {
    const { stream, inbound, signal, handled, read } = start((message) => {
      if (message === 'a') signal.stop();
      return undefined;
    });
    await stream.deliver('a\nb\n', null);
    expect([handled, inbound.unreportedError]).toEqual([['a'], undefined]);
    await read().loop;
    expect(handled).toEqual(['a', 'b']);
  });

  it('in the middle of a message makes the next loop wait for its handler', async () => {
    const { handle, gateOf } = slow();
    const { stream, signal, handled, read } = start(handle);
    await stream.deliver('a\nb\n', null);
    signal.stop();
    const { loop } = read();
    await turn();
    expect(handled).toEqual(['a']);
    gateOf('a').open();
    await turn();
    expect(handled).toEqual(['a', 'b']);
    gateOf('b').open();
    await loop;
  });

  it('in the middle of a message keeps no error when the handler then resolves', async () => {
    const { handle, gateOf } = slow();
    const { stream, inbound, signal, handled } = start(handle);
    await stream.deliver('a\nb\n');
    signal.stop();
    gateOf('a').open();
    await turn();
    expect([inbound.handling, inbound.unreportedError, handled]).toEqual([
      undefined,
      undefined,
      ['a'],
    ]);
    expect(stream.isPaused()).toBe(true);
  });

  it('in the middle of a message keeps the error when the handler then rejects', async () => {
    const { handle, gateOf } = slow();
    const { stream, inbound, signal } = start(handle);
    await stream.deliver('a\n');
    signal.stop();
    gateOf('a').fail(new TypeError('oops'));
    await turn();
    expect(inbound.unreportedError).toMatchObject({
      code: 'ERR_HANDLER',
      cause: { message: 'oops' },
    });
  });

  it('before its rejection is delivered keeps the error, too, and only the first', async () => {
    const { stream, inbound, signal, loop } = start(() => {
      throw new TypeError('oops');
    });
    await stream.deliver('a\n');
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

  it('after it resolved does nothing to the stream', async () => {
    const { stream, inbound, signal, loop } = start();
    await stream.deliver('a\n', null);
    await loop;
    const pause = vi.spyOn(inbound, 'pause');
    signal.stop();
    expect(pause).not.toHaveBeenCalled();
  });
});

describe('a loop with an AbortSignal', () => {
  const startWithSignal = (handle: Handle<string>) => {
    const stream = new Source();
    const inbound = new Inbound(stream, lines().createDecoder({}), { maxMessageBytes: Infinity });
    const controller = new AbortController();
    const loop = readLoop(inbound, handle, controller.signal);
    loop.catch(() => undefined);
    const listeners = () => getEventListeners(controller.signal, 'abort').length;
    return { stream, inbound, loop, listeners, abort: controller.abort.bind(controller) };
  };

  it('is stopped by it, and removes its listener', async () => {
    const { stream, listeners, abort } = startWithSignal(() => undefined);
    expect(listeners()).toBe(1);
    abort();
    expect([stream.isPaused(), listeners()]).toEqual([true, 0]);
    await stream.deliver('a\n');
  });

  it('removes its listener when it ends', async () => {
    const { stream, loop, listeners } = startWithSignal(() => undefined);
    await stream.deliver(null);
    await loop;
    expect(listeners()).toBe(0);
  });

  it('keeps its error when it is stopped after it failed', async () => {
    const { stream, inbound, loop, listeners, abort } = startWithSignal(() => {
      throw new TypeError('oops');
    });
    await stream.deliver('a\n');
    await rejection(loop);
    abort();
    expect([inbound.unreportedError?.code, listeners()]).toEqual(['ERR_HANDLER', 0]);
  });
});
