/** The inbound half of a stream by itself. */

import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ClosedError, CodecError, type Decoder, LimitError, lines } from '../../src/index.ts';
import { Inbound } from '../../src/io/inbound.ts';
import { turn } from '../support/signal.ts';
import { Source } from './source.ts';

function open(decoder: Decoder<string> = lines().createDecoder({}), stream = new Source()) {
  return { stream, inbound: new Inbound(stream, decoder) };
}

/** The messages that are there. */
function allOf(inbound: Inbound<string>): string[] {
  const all: string[] = [];
  for (let message; (message = inbound.next()) !== undefined;) all.push(message);
  return all;
}

/** What `work` throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A decoder that breaks in one of its methods. */
const broken = (method: keyof Decoder<string>, error: unknown): Decoder<string> => ({
  write: () => undefined,
  read: () => undefined,
  end: () => undefined,
  [method]: () => {
    throw error;
  },
});

describe('bytes', () => {
  it('that nobody waits for are one chunk, and the peer waits', async () => {
    const { stream, inbound } = open();
    await stream.say('a\nb\n', 'c\n');
    expect(stream.isPaused()).toBe(true);
    expect(allOf(inbound)).toEqual(['a', 'b']);
    await turn();
    expect(allOf(inbound)).toEqual([]);
    inbound.resume();
    await turn();
    expect(allOf(inbound)).toEqual(['c']);
  });

  it('that somebody waits for are told as they come', async () => {
    const { stream, inbound } = open();
    const taken: string[][] = [];
    inbound.onChange = () => taken.push(allOf(inbound));
    await stream.say('a\nb');
    await stream.say('c\n');
    expect(taken).toEqual([['a'], ['bc']]);
    expect(stream.isPaused()).toBe(false);
  });

  it('may come as text', async () => {
    const stream = new Source();
    stream.setEncoding('utf8');
    const { inbound } = open(undefined, stream);
    await stream.say('grün\n');
    expect(allOf(inbound)).toEqual(['grün']);
  });
});

describe('the end', () => {
  it('is told, and comes after all messages', async () => {
    const { stream, inbound } = open();
    const change = vi.fn();
    inbound.onChange = change;
    await stream.say('a\n');
    expect(inbound.isEnded()).toBe(false);
    await stream.say(null);
    expect(change).toHaveBeenCalledTimes(2);
    expect(allOf(inbound)).toEqual(['a']);
    expect(inbound.isEnded()).toBe(true);
  });

  it('is a CodecError where it cuts a message', async () => {
    const { stream, inbound } = open();
    await stream.say('a');
    inbound.resume();
    await stream.say(null);
    expect(inbound.next()).toBeUndefined();
    expect(thrownBy(() => inbound.isEnded())).toBeInstanceOf(CodecError);
  });

  it('is the last that counts: what fails after it is no failure', async () => {
    const { stream, inbound } = open();
    inbound.onChange = () => undefined;
    await stream.say('a\n', null);
    stream.destroy(new Error('ECONNRESET'));
    await turn();
    expect(allOf(inbound)).toEqual(['a']);
    expect(inbound.isEnded()).toBe(true);
  });

  it('may have come before', async () => {
    const stream = new Source();
    stream.push(null);
    stream.resume();
    await once(stream, 'end');
    expect(open(undefined, stream).inbound.isEnded()).toBe(true);
  });
});

describe('a failure', () => {
  it('is told, and thrown after the messages that came before it', async () => {
    const { stream, inbound } = open();
    const change = vi.fn();
    inbound.onChange = change;
    await stream.say('a\n');
    const cause = new Error('ECONNRESET');
    stream.destroy(cause);
    await turn();
    expect(change).toHaveBeenCalledTimes(2);
    expect(inbound.next()).toBe('a');
    for (let count = 0; count < 2; count += 1) {
      expect(thrownBy(() => inbound.next())).toMatchObject({
        code: 'ERR_CLOSED',
        message: 'The stream failed: ECONNRESET',
        cause,
      });
    }
  });

  it('is a stream that is closed before the peer has ended it', async () => {
    const { stream, inbound } = open();
    stream.destroy();
    await turn();
    const error = new ClosedError('The stream was closed before the peer had ended it');
    expect(thrownBy(() => inbound.next())).toEqual(error);
  });

  it.each([
    ['an error', new Error('ECONNRESET'), 'The stream failed: ECONNRESET'],
    ['none', undefined, 'The stream was closed before the peer had ended it'],
  ])('may have happened before, with %s', async (_, error, text) => {
    const stream = new Source();
    stream.destroy(error);
    await turn();
    const { inbound } = open(undefined, stream);
    expect(thrownBy(() => inbound.next())).toMatchObject({ message: text });
  });

  it('is what was told first, and a typed error as it is', () => {
    const { inbound } = open();
    const first = new LimitError('too large', 1, 2);
    expect(inbound.fail(first)).toBe(first);
    expect(inbound.fail(new Error('EPIPE'))).toBe(first);
    expect(thrownBy(() => inbound.next())).toBe(first);
  });
});

describe('a decoder that throws', () => {
  const METHODS = [['write'], ['read'], ['end']] as const;

  /** What comes of it that one of its methods throws `error`. */
  async function thrownFor(method: keyof Decoder<string>, error: unknown): Promise<unknown> {
    const { stream, inbound } = open(broken(method, error));
    await stream.say('a\n');
    inbound.resume();
    if (method === 'end') await stream.say(null);
    return thrownBy(() => (method === 'end' ? inbound.isEnded() : inbound.next()));
  }

  it.each(METHODS)('in %s() something of its own is a CodecError', async (method) => {
    const cause = new TypeError('oops');
    const thrown = await thrownFor(method, cause);
    expect(thrown).toBeInstanceOf(CodecError);
    expect(thrown).toMatchObject({ message: 'The decoder threw: oops', cause });
  });

  it.each(METHODS)('in %s() a typed error is passed on', async (method) => {
    const error = new LimitError('too large', 1, 2);
    expect(await thrownFor(method, error)).toBe(error);
  });
});

describe('what is thrown away', () => {
  it('comes and goes, and nobody is told', async () => {
    const { stream, inbound } = open();
    const change = vi.fn();
    inbound.onChange = change;
    await stream.say('a\n');
    change.mockClear();
    inbound.discard();
    inbound.pause();
    expect(stream.isPaused()).toBe(false);
    await stream.say('b\n', 'c\n', null);
    expect(stream.readableEnded).toBe(true);
    expect(change).not.toHaveBeenCalled();
    expect(allOf(inbound)).toEqual(['a']);
  });

  it('also when the peer was asked to wait', async () => {
    const { stream, inbound } = open();
    inbound.pause();
    inbound.discard();
    await stream.say('a\n', null);
    expect(stream.readableEnded).toBe(true);
  });

  it('makes the close of the stream no failure', async () => {
    const { stream, inbound } = open();
    inbound.discard();
    stream.destroy();
    await turn();
    expect(inbound.next()).toBeUndefined();
  });
});
