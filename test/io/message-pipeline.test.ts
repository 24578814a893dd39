/** What a codec of the user's returns, and what a handler returns, is checked. */

import { describe, expect, it } from 'vitest';
import { ACCEPTED } from '../../src/async/deferred.ts';
import { resolveLimits } from '../../src/core/limits.ts';
import { CodecError, lines } from '../../src/index.ts';
import { MessagePipeline } from '../../src/io/message-pipeline.ts';
import { turn } from '../support/signal.ts';

/** A pipeline whose codec encodes and decodes as its callbacks say. */
function pipelineOf(returned: unknown, decoder: unknown = lines().createDecoder({})) {
  const codec: object = { encode: () => returned, createDecoder: () => decoder };
  return new MessagePipeline<string, string>({ codec: codec as ReturnType<typeof lines> });
}

describe('what encode() returns', () => {
  it.each([
    ['a number', 42, 'returned 42; it must return a string'],
    ['nothing', undefined, 'returned undefined;'],
    ['null', null, 'returned null;'],
    ['an object', { a: 1 }, 'returned an object;'],
    ['a wider array', new Uint16Array(1), 'returned an object (Uint16Array);'],
    ['a promise', Promise.resolve('a'), 'returned a promise; '],
    ['a list of text', [Uint8Array.of(1), 'a'], 'returned an array whose element 1 is a string;'],
    ['a list of numbers', [1], 'returned an array whose element 0 is 1;'],
  ])('may not be %s', (_, returned, text) => {
    let thrown: unknown;
    try {
      pipelineOf(returned).encode('m');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CodecError);
    expect(String(thrown)).toContain(text);
  });

  it('may not be a promise, whose rejection does no harm', async () => {
    expect(() => pipelineOf(Promise.reject(new Error('late'))).encode('m')).toThrow(
      'returned a promise; it must return a string, a Uint8Array or an array of Uint8Arrays, at once',
    );
    await turn();
  });

  it.each([
    ['text', 'a'],
    ['bytes', Uint8Array.of(1)],
    ['a Buffer', Buffer.of(1)],
    ['parts', [Uint8Array.of(1), Buffer.of(2)]],
    ['no parts', []],
  ])('may be %s', (_, returned) => {
    expect(pipelineOf(returned).encode('m')).toBe(returned);
  });
});

describe('what createDecoder() returns', () => {
  it.each([
    ['nothing', null, 'returned null without write, read, end()'],
    ['a promise', Promise.resolve(), 'returned a promise without'],
    ['a half', { write: () => undefined }, 'returned an object without read, end()'],
  ])('may not be %s', (_, decoder, text) => {
    const pipeline = pipelineOf('a', decoder);
    expect(() => pipeline.createDecoder(resolveLimits())).toThrow(CodecError);
    expect(() => pipeline.createDecoder(resolveLimits())).toThrow(text);
  });
});

it('creates a decoder for each session, and never one for two', () => {
  const pipeline = pipelineOf('a');
  expect(pipeline.createDecoder(resolveLimits()).read()).toBeUndefined();
  expect(() => pipeline.createDecoder(resolveLimits())).toThrow('the decoder of another session');
});

describe('what a hook returns', () => {
  const late = () => Promise.reject(new Error('late'));

  it.each([
    ['nothing', () => undefined, 'it returned undefined instead of a message'],
    ['a promise', late, 'it returned a promise instead of a message: a hook cannot wait'],
  ])('may not be %s', async (_, returned, text) => {
    const hook: (message: string) => never = returned as () => never;
    const pipeline = new MessagePipeline({ codec: lines(), inbound: hook, outbound: hook });
    expect(() => pipeline.receive('a')).toThrow(`The callback inbound threw: ${text}`);
    expect(() => pipeline.encode('a')).toThrow(`The callback outbound threw: ${text}`);
    await turn();
  });
});

describe('what onMessage returns', () => {
  const handlingOf = (returned: Promise<void> | undefined) =>
    new MessagePipeline({ codec: lines(), onMessage: () => returned }).handle('a');

  it('is not waited for when it is the promise of a send() that found room', () => {
    expect(handlingOf(ACCEPTED)).toBeUndefined();
  });

  it('is waited for when it is any other promise', async () => {
    await expect(handlingOf(Promise.resolve())).resolves.toBeUndefined();
    expect(handlingOf(undefined)).toBeUndefined();
  });
});
