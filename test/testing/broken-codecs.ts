/** Codecs with the mistakes that authors make, each next to a right one. */

import { expect } from 'vitest';
import { ClosedError, type Codec, CodecError, type Decoder, LimitError } from '../../src/index.ts';
import {
  checkCodec,
  type CheckCodecOptions,
  CodecCheckError,
  type CodecRule,
} from '../../src/testing/index.ts';

/** Lines of text, right in every respect. The broken ones extend it. */
export class LinesDecoder implements Decoder<string> {
  protected bytes: Buffer = Buffer.alloc(0);
  protected failure: Error | undefined;
  protected readonly limit: number;

  constructor({ maxMessageBytes = Infinity }: { readonly maxMessageBytes?: number | undefined }) {
    this.limit = maxMessageBytes;
  }

  write(chunk: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
  }

  read(): string | undefined {
    if (this.failure !== undefined) throw this.failure;
    const end = this.find();
    this.check(end < 0 ? this.bytes.length : end);
    return end < 0 ? undefined : this.take(end);
  }

  end(): void {
    if (this.bytes.length === 0) return;
    throw new CodecError('cut', this.bytes, { cause: new ClosedError('cut') });
  }

  protected find(): number {
    return this.bytes.indexOf('\n');
  }

  protected take(end: number): string {
    const line = this.bytes.toString('utf8', 0, end);
    this.bytes = this.bytes.subarray(end + 1);
    return line;
  }

  protected check(size: number): void {
    if (size > this.limit) this.refuse(size);
  }

  protected refuse(size: number): never {
    this.failure = new LimitError('too large', this.limit, size);
    throw this.failure;
  }
}

type LinesClass = new (limits: { readonly maxMessageBytes?: number | undefined }) => LinesDecoder;

/** A codec of lines with one of these decoders. */
export const linesWith = (
  Class: LinesClass,
  encode: Codec<string>['encode'] = (text) => `${text}\n`,
): Codec<string> => ({ encode, createDecoder: (limits) => new Class(limits) });

/** Blocks of bytes behind a byte with their length, right in every respect. */
export class BlocksDecoder implements Decoder<Uint8Array> {
  protected bytes: Uint8Array = new Uint8Array();
  protected failure: Error | undefined;
  readonly #limit: number;

  constructor({ maxMessageBytes = Infinity }: { readonly maxMessageBytes?: number | undefined }) {
    this.#limit = maxMessageBytes;
  }

  write(chunk: Uint8Array): void {
    this.bytes = Uint8Array.from([...this.bytes, ...chunk]);
  }

  read(): Uint8Array | undefined {
    if (this.failure !== undefined) throw this.failure;
    const [size] = this.bytes;
    if (size === undefined) return undefined;
    if (size > this.#limit) {
      this.failure = new LimitError('too large', this.#limit, size);
      throw this.failure;
    }
    return this.bytes.length > size ? this.take(size) : undefined;
  }

  end(): void {
    if (this.bytes.length === 0) return;
    throw new CodecError('cut', this.bytes, { cause: new ClosedError('cut') });
  }

  protected take(size: number): Uint8Array {
    const block = this.bytes.slice(1, size + 1);
    this.bytes = this.bytes.subarray(size + 1);
    return block;
  }
}

type BlocksClass = new (limits: { readonly maxMessageBytes?: number | undefined }) => BlocksDecoder;

/** A codec of blocks with one of these decoders. */
export const blocksWith = (
  Class: BlocksClass,
  encode: Codec<Uint8Array>['encode'] = (block) => Uint8Array.from([block.length, ...block]),
): Codec<Uint8Array> => ({ encode, createDecoder: (limits) => new Class(limits) });

export const LINES = ['', 'hello', 'grüß dich', 'hello', 'x'.repeat(40)];
export const BLOCKS = [[], [1], [2, 3, 4, 5, 6, 7, 8, 9], [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]].map(
  (bytes) => Uint8Array.from(bytes),
);
export const sizeOf = (text: string): number => Buffer.byteLength(text);

/** The error that the check of a codec throws. */
function failureOf<T>(codec: Codec<T>, options: CheckCodecOptions<T>): CodecCheckError {
  try {
    checkCodec(codec, options);
  } catch (error) {
    if (error instanceof CodecCheckError) return error;
    throw error;
  }
  throw new Error('The check has found nothing');
}

/** Asserts that a rule is broken, and what the error says of it. */
export function expectBroken<T>(
  codec: Codec<T>,
  options: CheckCodecOptions<T>,
  rule: CodecRule,
  ...texts: readonly (string | RegExp)[]
): void {
  const error = failureOf(codec, options);
  expect({ rule: error.rule, message: error.message }).toMatchObject({ rule });
  for (const text of [...texts, 'Input: ', 'Repair: ']) expect(error.message).toMatch(text);
}

/** The same for a codec of lines. */
export const ofLines = (
  codec: Codec<string>,
  rule: CodecRule,
  ...texts: readonly (string | RegExp)[]
): void => {
  expectBroken(codec, { messages: LINES, sizeOf }, rule, ...texts);
};
/** The same for a codec of blocks. */
export const ofBlocks = (
  codec: Codec<Uint8Array>,
  rule: CodecRule,
  ...texts: readonly (string | RegExp)[]
): void => {
  expectBroken(codec, { messages: BLOCKS }, rule, ...texts);
};
