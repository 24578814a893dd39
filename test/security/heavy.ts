/** Messages that cost a receiver as much as possible, and what decoding them costs. */

import { contentLength } from '../../src/codecs/content-length.ts';
import { jsonLines } from '../../src/codecs/json-lines.ts';
import { jsonStream } from '../../src/codecs/json-stream.ts';
import type { JsonOptions } from '../../src/codecs/json.ts';
import type { Codec } from '../../src/core/codec.ts';
import { cut, outcomes, type Outcome } from '../codecs/support.ts';

/** A codec, and how a message is framed for it. */
export interface Framed {
  readonly codecOf: (options?: JsonOptions) => Codec<unknown, never>;
  readonly frame: (text: string) => Buffer;
}

const line = (text: string): Buffer => Buffer.from(`${text}\n`);

/** Every codec of JSON, by its name. */
export const JSON_CODECS: readonly (readonly [name: string, framed: Framed])[] = [
  ['jsonLines', { codecOf: (options) => jsonLines(options), frame: line }],
  ['jsonStream', { codecOf: (options) => jsonStream(options), frame: line }],
  [
    'contentLength',
    {
      codecOf: (options) => contentLength(options),
      frame: (text) =>
        Buffer.from(`Content-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`),
    },
  ],
];

/** As many bytes arrive at once at most, from most streams. */
const CHUNK_BYTES = 64 * 1024;

/** Decodes messages that arrive in chunks; returns what came of them. */
export const decode = (
  { codecOf, frame }: Framed,
  options: JsonOptions,
  ...texts: readonly string[]
): Outcome[] => outcomes(codecOf(options), cut(Buffer.concat(texts.map(frame)), CHUNK_BYTES));

/** Returns the CPU time of a call, in microseconds. */
export function cpuOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The CPU time of decoding a message, relative to that of a plain one of the same size. */
export function relativeCost(framed: Framed, options: JsonOptions, text: string): number {
  const plain = `{"return":"${'x'.repeat(text.length - 13)}"}`;
  const [plainChunks, chunks] = [plain, text].map((each) => cut(framed.frame(each), CHUNK_BYTES));
  const run = (input: Uint8Array[] = []) =>
    cpuOf(() => {
      outcomes(framed.codecOf(options), input);
    });
  run(plainChunks);
  const base = Math.max(run(plainChunks), run(plainChunks));
  return run(chunks) / base;
}

/** A reply of this size whose list has this item as often as it fits. */
export const replyOf = (item: string, size: number, last = item): string =>
  `{"return":[${`${item},`.repeat(Math.floor((size - last.length - 13) / (item.length + 1)))}${last}]}`;
