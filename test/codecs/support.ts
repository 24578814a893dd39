/** Helpers for the tests of codecs: they cut streams into chunks, and decode the chunks. */

import fc from 'fast-check';
import { CodecError, LimitError } from '../../src/core/errors.ts';
import type {
  BinaryCodec,
  Codec,
  Decoder,
  Encoded,
  Limits,
  TextCodec,
} from '../../src/core/codec.ts';

/** The outcome of one `read()`, in a form that is easy to compare. */
export type Outcome = { message: unknown } | { error: string };

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** Decodes `chunks` up to the end of stream. Each chunk is overwritten after it was read. */
export function outcomes(
  codec: Codec<unknown, never>,
  chunks: readonly Uint8Array[],
  limits: Limits = {},
): Outcome[] {
  const decoder = codec.createDecoder(limits);
  const all: Outcome[] = [];
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    decoder.write(reused);
    if (!drain(decoder, all)) return all;
    reused.fill('x');
  }
  const error = thrownBy(() => {
    decoder.end();
  });
  if (error !== undefined) all.push({ error: textOf(error) });
  return all;
}

/** Reads until `undefined`; returns `false` if the decoder throws the same error again. */
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

/** A short text for an error of the library; any other error fails the test. */
function textOf(error: unknown): string {
  if (error instanceof LimitError) return `limit ${String(error.limit)}`;
  if (!(error instanceof CodecError)) throw error;
  // `raw` must not be a view of the chunk or the buffer, which change and may be large.
  if (error.raw.buffer.byteLength !== error.raw.length) throw new Error('raw is not a copy');
  return (
    /ended after|not JSON|UTF-8|not an object|line end|too deep|beginning|header/.exec(
      error.message,
    )?.[0] ?? error.message
  );
}

/** Returns what `action` throws, or `undefined`. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Returns the `CodecError` that `action` must throw. */
export function codecErrorOf(action: () => unknown): CodecError {
  const error = thrownBy(action);
  if (error instanceof CodecError) return error;
  throw new Error('There was no CodecError', { cause: error });
}

/** Returns the `LimitError` that `action` must throw. */
export function limitErrorOf(action: () => unknown): LimitError {
  const error = thrownBy(action);
  if (error instanceof LimitError) return error;
  throw new Error('There was no LimitError', { cause: error });
}

export const messages = (...values: readonly unknown[]): Outcome[] =>
  values.map((message) => ({ message }));

/** Cuts `bytes` into chunks of the given sizes, which are repeated as needed. */
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

/** Cuts `bytes` into two chunks, in every possible way. */
export function splits(bytes: Uint8Array): Uint8Array[][] {
  return Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
}

/** Sizes for `cut()`: small ones, large ones, and no cut at all. */
export const sizes: fc.Arbitrary<number[]> = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
  fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 6 }),
  fc.constant<number[]>([]),
);

/** Streams of `tokens` in any order. Each character is one byte, also '\xff'. */
export const streamOf = (...tokens: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.constantFrom(...tokens), { maxLength: 40, size: 'max' })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));

export const encodeAll = <Out>(
  codec: TextCodec<unknown, Out> | BinaryCodec<unknown, Out>,
  all: readonly Out[],
): Buffer => Buffer.concat(all.map((message) => Buffer.from(codec.encode(message))));

/** An encoded message as one piece. */
export function wire(encoded: Encoded): Buffer {
  if (typeof encoded === 'string') return Buffer.from(encoded);
  return Buffer.concat(encoded instanceof Uint8Array ? [encoded] : encoded);
}

/** Decodes a stream of `count` equal chunks and a last one. Returns the messages. */
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
