/** The inbound half of a stream. */

import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ClosedError, CodecError, type Decoder, LimitError, lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { turn } from '../support/signal.ts';
import { Source } from './source.ts';

function open(
  decoder: Decoder<string> = lines().createDecoder({}),
  stream = new Source(),
  maxMessageBytes = Infinity,
) {
  return { stream, inbound: new Inbound(stream, decoder, { maxMessageBytes }) };
}

/** Reads all messages that have arrived. */
function allOf(inbound: Inbound<string>): string[] {
  const all: string[] = [];
  for (let message; (message = inbound.next()) !== undefined;) all.push(message);
  return all;
}

/** Returns what `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A decoder of which one method throws. */
const broken = (method: keyof Decoder<string>, error: unknown): Decoder<string> => ({
  write: () => undefined,
  read: () => undefined,
  end: () => undefined,
  [method]: () => {
    throw error;
  },
});

describe('bytes', () => {
  it('without onChange are limited to one chunk, and the stream is paused', async () => {
    const { stream, inbound } = open();
    await stream.deliver('a\nb\n', 'c\n');
    expect(stream.isPaused()).toBe(true);
    expect(allOf(inbound)).toEqual(['a', 'b']);
    await turn();
    expect(allOf(inbound)).toEqual([]);
    inbound.resume();
    await turn();
    expect(allOf(inbound)).toEqual(['c']);
  });

  it('are announced as they arrive', async () => {
    const { stream, inbound } = open();
    const taken: string[][] = [];
    inbound.onChange = () => taken.push(allOf(inbound));
    await stream.deliver('a\nb');
    await stream.deliver('c\n');
    expect(taken).toEqual([['a'], ['bc']]);
    expect(stream.isPaused()).toBe(false);
  });

  it('may arrive as text', async () => {
    const stream = new Source();
    stream.setEncoding('utf8');
    const { inbound } = open(undefined, stream);
    await stream.deliver('grün\n');
    expect(allOf(inbound)).toEqual(['grün']);
  });
});

describe('the end of the stream', () => {
  it('is announced, and comes after all messages', async () => {
    const { stream, inbound } = open();
    const onChange = vi.fn();
    inbound.onChange = onChange;
    await stream.deliver('a\n');
    expect(inbound.isEnded()).toBe(false);
    await stream.deliver(null);
    expect(onChange).toHaveBeenCalledTimes(2);
    expect(allOf(inbound)).toEqual(['a']);
    expect(inbound.isEnded()).toBe(true);
  });

  it('in the middle of a message is a CodecError', async () => {
    const { stream, inbound } = open();
    await stream.deliver('a');
    inbound.resume();
    await stream.deliver(null);
    expect(inbound.next()).toBeUndefined();
    expect(thrownBy(() => inbound.isEnded())).toBeInstanceOf(CodecError);
  });

  it('makes later errors of the stream no failure', async () => {
    const { stream, inbound } = open();
    inbound.onChange = () => undefined;
    await stream.deliver('a\n', null);
    stream.destroy(new Error('ECONNRESET'));
    await turn();
    expect(allOf(inbound)).toEqual(['a']);
    expect(inbound.isEnded()).toBe(true);
  });

  it('may precede the Inbound', async () => {
    const stream = new Source();
    stream.push(null);
    stream.resume();
    await once(stream, 'end');
    expect(open(undefined, stream).inbound.isEnded()).toBe(true);
  });
});

describe('a failure', () => {
  it('is announced, and thrown after the messages before it', async () => {
    const { stream, inbound } = open();
    const onChange = vi.fn();
    inbound.onChange = onChange;
    await stream.deliver('a\n');
    const cause = new Error('ECONNRESET');
    stream.destroy(cause);
    await turn();
    expect(onChange).toHaveBeenCalledTimes(2);
    expect(inbound.next()).toBe('a');
    for (let count = 0; count < 2; count += 1) {
      expect(thrownBy(() => inbound.next())).toMatchObject({
        code: 'ERR_CLOSED',
        message: 'The stream failed: ECONNRESET',
        cause,
      });
    }
  });

  it('results from a stream that closes before the peer has ended it', async () => {
    const { stream, inbound } = open();
    stream.destroy();
    await turn();
    const error = new ClosedError('The stream was closed before the peer had ended it');
    expect(thrownBy(() => inbound.next())).toEqual(error);
  });

  it.each([
    ['an error', new Error('ECONNRESET'), 'The stream failed: ECONNRESET'],
    ['none', undefined, 'The stream was closed before the peer had ended it'],
  ])('may precede the Inbound, with %s', async (_, error, text) => {
    const stream = new Source();
    stream.destroy(error);
    await turn();
    const { inbound } = open(undefined, stream);
    expect(thrownBy(() => inbound.next())).toMatchObject({ message: text });
  });

  it('is the first one reported, and a WirechartError as it is', () => {
    const { inbound } = open();
    const first = new LimitError('too large', 1, 2);
    expect(inbound.fail(first)).toBe(first);
    expect(inbound.fail(new Error('EPIPE'))).toBe(first);
    expect(thrownBy(() => inbound.next())).toBe(first);
  });
});

describe('a decoder that throws', () => {
  const METHODS = [['write'], ['read'], ['end']] as const;

  /** Returns what the inbound half throws when a method of the decoder throws `error`. */
  async function thrownFor(method: keyof Decoder<string>, error: unknown): Promise<unknown> {
    const { stream, inbound } = open(broken(method, error));
    await stream.deliver('a\n');
    inbound.resume();
    if (method === 'end') await stream.deliver(null);
    return thrownBy(() => (method === 'end' ? inbound.isEnded() : inbound.next()));
  }

  it.each(METHODS)('another error in %s() leads to a CodecError', async (method) => {
    const cause = new TypeError('oops');
    const thrown = await thrownFor(method, cause);
    expect(thrown).toBeInstanceOf(CodecError);
    expect(thrown).toMatchObject({ message: 'The decoder threw: oops', cause });
  });

  it.each(METHODS)('a WirechartError in %s() passes it on', async (method) => {
    const error = new LimitError('too large', 1, 2);
    expect(await thrownFor(method, error)).toBe(error);
  });
});

describe('a decoder that holds too much', () => {
  const FRAMING_BYTES = 65_536;

  /** A decoder that never returns a message. */
  const silent = (buffered?: number): Decoder<string> => ({
    write: () => undefined,
    read: () => undefined,
    end: () => undefined,
    ...(buffered !== undefined && { buffered }),
  });

  it('is a LimitError when it has been given more than the limit and the framing', async () => {
    const { stream, inbound } = open(silent(), undefined, 1000);
    inbound.onChange = () => undefined;
    await stream.deliver('x'.repeat(1000 + FRAMING_BYTES));
    expect(inbound.next()).toBeUndefined();
    await stream.deliver('x');
    const error = thrownBy(() => inbound.next());
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 1000, actual: 1001 + FRAMING_BYTES });
    expect(String(error)).toContain('Raise it with the option limits.maxMessageBytes, or give');
  });

  it('is judged by `buffered`, if it has that member', async () => {
    const dropping = open(silent(0), undefined, 1000);
    await dropping.stream.deliver('x'.repeat(1_000_000));
    expect(dropping.inbound.next()).toBeUndefined();
    const holding = open(silent(70_000), undefined, 1000);
    await holding.stream.deliver('x'.repeat(70_000));
    expect(thrownBy(() => holding.inbound.next())).toMatchObject({ limit: 1000, actual: 70_000 });
  });

  it('is given the limit anew by each message', async () => {
    const { stream, inbound } = open(undefined, undefined, 10);
    inbound.onChange = () => undefined;
    for (let count = 0; count < 10; count += 1) {
      await stream.deliver(`${'a\n'.repeat(20_000)}bc`);
      expect(allOf(inbound)).toHaveLength(20_000);
      await stream.deliver('\n');
      expect(allOf(inbound)).toHaveLength(1);
    }
  });
});

describe('a decoder that consumes nothing', () => {
  /** A decoder that returns `message` for ever. */
  const endless = (message: unknown): Decoder<string> => ({
    write: () => undefined,
    read: () => message as string,
    end: () => undefined,
  });

  it.each([
    ['null', null, 'is null'],
    ['a text', 'again', 'is a string'],
    ['a promise', Promise.resolve(), 'is a promise'],
  ])('and returns %s is a CodecError that says so', async (_, message, text) => {
    const { stream, inbound } = open(endless(message));
    await stream.deliver('x');
    let count = 0;
    const error = thrownBy(() => {
      for (; count < 10_000; count += 1) inbound.next();
    });
    expect(count).toBe(1024 + 64);
    expect(error).toBeInstanceOf(CodecError);
    expect(String(error)).toContain(text);
    expect(String(error)).toContain('must consume the bytes of each message');
  });

  it('is not mistaken for one that has many messages in few bytes', async () => {
    const { stream, inbound } = open({
      ...endless('x'),
      read: () => (left > 0 ? String(left--) : undefined),
    });
    let left = 0;
    inbound.onChange = () => undefined;
    for (let count = 0; count < 5; count += 1) {
      left = 1000 + 64;
      await stream.deliver('x');
      expect(allOf(inbound)).toHaveLength(1000 + 64);
    }
  });

  it('is not mistaken for one whose messages are read late', async () => {
    const { stream, inbound } = open();
    inbound.onChange = () => undefined;
    await stream.deliver('\n'.repeat(100_000));
    for (let count = 0; count < 10; count += 1) expect(inbound.next()).toBe('');
    await stream.deliver('a');
    expect(allOf(inbound)).toHaveLength(99_990);
  });
});

describe('discarding', () => {
  it('drops what arrives, without announcing it', async () => {
    const { stream, inbound } = open();
    const onChange = vi.fn();
    inbound.onChange = onChange;
    await stream.deliver('a\n');
    onChange.mockClear();
    inbound.discard();
    inbound.pause();
    expect(stream.isPaused()).toBe(false);
    await stream.deliver('b\n', 'c\n', null);
    expect(stream.readableEnded).toBe(true);
    expect(onChange).not.toHaveBeenCalled();
    expect(allOf(inbound)).toEqual(['a']);
  });

  it('works on a paused stream, too', async () => {
    const { stream, inbound } = open();
    inbound.pause();
    inbound.discard();
    await stream.deliver('a\n', null);
    expect(stream.readableEnded).toBe(true);
  });

  it('makes the closing of the stream no failure', async () => {
    const { stream, inbound } = open();
    inbound.discard();
    stream.destroy();
    await turn();
    expect(inbound.next()).toBeUndefined();
  });
});
