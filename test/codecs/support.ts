/** What the tests of the codecs share: ways to cut a stream, and what a decoder makes of the pieces. */

import fc from 'fast-check';
import { CodecError, LimitError } from '../../src/core/errors.ts';
import type { Codec, Decoder, Limits } from '../../src/core/types.ts';

/** What one `read()` gave, in a form that compares well. */
export type Outcome = { message: unknown } | { error: string };

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** All that a decoder gives for `chunks` and the end, each chunk's memory being spoiled after use. */
export function outcomes(
  codec: Codec<unknown, never>,
  chunks: readonly Uint8Array[],
  limits: Limits = {},
): Outcome[] {
  const decoder = codec.createDecoder(limits);
  const all: Outcome[] = [];
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    decoder.write(lent);
    if (!drain(decoder, all)) return all;
    lent.fill('x');
  }
  const error = thrownBy(() => {
    decoder.end();
  });
  if (error !== undefined) all.push({ error: textOf(error) });
  return all;
}

/** Reads until `undefined`; `false` when the decoder is dead. */
function drain(decoder: Decoder<unknown>, all: Outcome[]): boolean {
  let last: unknown;
  for (;;) {
    let message: unknown;
    const error = thrownBy(() => (message = decoder.read()));
    if (error === undefined) {
      if (message === undefined) return true;
      all.push({ message });
    } else if (error === last) {
      return false;
    } else {
      all.push({ error: textOf(error) });
    }
    last = error;
  }
}

/** Only errors of the library are expected: any other fails the test. */
function textOf(error: unknown): string {
  if (error instanceof LimitError) return `limit ${String(error.limit)}`;
  if (!(error instanceof CodecError)) throw error;
  // Neither the chunk nor the buffer: they change, and may be large.
  if (error.raw.buffer.byteLength !== error.raw.length) throw new Error('raw is not a copy');
  return (
    /cut after|not JSON|UTF-8|not an object|line end|too deep|beginning|header/.exec(
      error.message,
    )?.[0] ?? error.message
  );
}

/** What `action` throws, or `undefined`. */
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The `CodecError` that `action` must throw. */
export function codecErrorOf(action: () => unknown): CodecError {
  const error = thrownBy(action);
  if (error instanceof CodecError) return error;
  throw new Error('There was no CodecError', { cause: error });
}

/** The `LimitError` that `action` must throw. */
export function limitErrorOf(action: () => unknown): LimitError {
  const error = thrownBy(action);
  if (error instanceof LimitError) return error;
  throw new Error('There was no LimitError', { cause: error });
}

export const messages = (...values: readonly unknown[]): Outcome[] =>
  values.map((message) => ({ message }));

/** `bytes` in chunks of the sizes given, again and again. */
export function cut(bytes: Uint8Array, ...sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = sizes[chunks.length % sizes.length] ?? bytes.length;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** `bytes` in two chunks, in every way. */
export function splits(bytes: Uint8Array): Uint8Array[][] {
  return Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
}

/** Sizes for `cut()`: small ones, large ones, and no cut at all. */
export const sizes: fc.Arbitrary<number[]> = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
  fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 6 }),
  fc.constant<number[]>([]),
);

/** Streams made of `tokens` in any order; characters stand for bytes, so '\xff' is one. */
export const streamOf = (...tokens: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.constantFrom(...tokens), { maxLength: 40, size: 'max' })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));

export const encodeAll = <Out>(codec: Codec<unknown, Out>, all: readonly Out[]): Buffer =>
  Buffer.concat(all.map((message) => Buffer.from(codec.encode(message))));

/** The messages of a decoder that was given a stream of `count` equal chunks. */
export function flood(
  decoder: Decoder<unknown>,
  chunk: Uint8Array,
  count: number,
  last: Uint8Array,
): unknown[] {
  const all: unknown[] = [];
  for (let i = 0; i <= count; i++) {
    decoder.write(i < count ? chunk : last);
    for (let message = decoder.read(); message !== undefined; message = decoder.read())
      all.push(message);
  }
  decoder.end();
  return all;
}

export const MIB = 1024 * 1024;
