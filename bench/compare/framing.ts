/** The cost of decoding per byte. If a decoder is linear, it is the same for all sizes of message. */

import { alternate, type Plan, type Run, type Variant } from '../measure.ts';
import { event, type Event, events, rpcFrame } from '../messages.ts';
import { type Codec, contentLength, jsonLines, jsonStream, lengthPrefixed } from '../package.ts';
import { tableOf, type Table } from '../table.ts';
import { fewer, type Setting } from './comparison.ts';

const MIB = 1024 * 1024;
const LIMITS = { maxMessageBytes: 1024 * MIB };

interface Framer {
  readonly codec: Pick<Codec<unknown, never>, 'createDecoder'>;
  frame(text: string): Uint8Array;
}

const line = (text: string): Uint8Array => Buffer.from(`${text}\n`);
const FRAMERS: Readonly<Record<string, Framer>> = {
  jsonLines: { codec: jsonLines(), frame: line },
  jsonStream: { codec: jsonStream(), frame: line },
  contentLength: { codec: contentLength(), frame: (text) => Buffer.from(rpcFrame(text)) },
  lengthPrefixed: {
    codec: lengthPrefixed(),
    frame: (text) => Buffer.from(lengthPrefixed().encode(Buffer.from(text))),
  },
};

export async function* framing({ plan }: Setting): AsyncGenerator<Table> {
  const reduced = { ...fewer(plan), warmups: 1 };
  const small = events(150);
  yield await measure('150 B messages in 1-byte chunks', small, 1, plan);
  yield await measure('150 B messages in 7-byte chunks', small, 7, plan);
  yield await measure('150 B messages in 64 KiB chunks', small, 64 * 1024, plan);
  yield await measure('a 5 MB message in 7-byte chunks', [largeMessage(5_000_000)], 7, reduced);
  const huge = [largeMessage(64 * MIB)];
  yield await measure('a 64 MiB message in 64 KiB chunks', huge, 64 * 1024, reduced);
}

async function measure(
  what: string,
  messages: readonly Event[],
  chunkSize: number,
  plan: Plan,
): Promise<Table> {
  const texts = messages.map((message) => JSON.stringify(message));
  const variants = Object.entries(FRAMERS).map(([name, framer]): Variant => {
    const data = Buffer.concat(texts.map((text) => framer.frame(text)));
    return {
      name,
      count: 1,
      fixed: messages.length === 1,
      run: (count) => Promise.resolve(decode(framer.codec, data, chunkSize, count, texts.length)),
    };
  });
  return tableOf(`framing, ${what}: lower is better`, 'ns/byte', await alternate(variants, plan));
}

/** Decodes `data` `count` times, and checks the number of messages. */
function decode(
  codec: Framer['codec'],
  data: Buffer,
  chunkSize: number,
  count: number,
  expected: number,
): Run {
  const decoder = codec.createDecoder(LIMITS);
  let messages = 0;
  const started = performance.now();
  for (let round = 0; round < count; round += 1) {
    for (let from = 0; from < data.length; from += chunkSize) {
      decoder.write(data.subarray(from, from + chunkSize));
      while (decoder.read() !== undefined) messages += 1;
    }
  }
  const ms = performance.now() - started;
  if (messages !== count * expected)
    throw new Error(`Decoded ${String(messages)} messages instead of ${String(count * expected)}`);
  return { ms, figures: [(ms * 1e6) / (data.length * count)] };
}

/** One message with many members, so that its cost per byte is that of usual messages. */
function largeMessage(size: number): Event {
  return { return: Array.from({ length: Math.floor(size / 1024) }, (_, at) => event(at, 1024)) };
}
