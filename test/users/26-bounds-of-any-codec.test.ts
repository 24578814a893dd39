/** The bounds of a session hold for a codec that ignores them. */

import {
  AsyncProtocol,
  type Codec,
  CodecError,
  jsonLines,
  LimitError,
  streamPair,
} from 'wirechart';
import { expect, it } from 'vitest';

/** Connects a protocol with this codec to a peer, to which the raw text is sent. */
async function receive(codec: Codec<string>, text: string, maxMessageBytes: number) {
  const [left, right] = streamPair();
  let messages = 0;
  const protocol = new AsyncProtocol(
    { codec, onMessage: () => void (messages += 1) },
    { limits: { maxMessageBytes } },
  );
  await protocol.connect({ stream: right });
  left.on('error', () => undefined);
  left.end(text);
  const { cause } = await protocol.closed;
  return { cause, messages };
}

/** Takes all bytes, and returns no message. */
const hoarder = (buffered?: number): Codec<string> => ({
  encode: (text) => text,
  createDecoder: () => {
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => void chunks.push(chunk),
      read: () => undefined,
      end: () => undefined,
      ...(buffered !== undefined && { buffered }),
    };
  },
});

it('ends the session of a decoder that holds more than maxMessageBytes', async () => {
  const { cause } = await receive(hoarder(), 'x'.repeat(1_000_000), 1000);
  expect(cause).toBeInstanceOf(LimitError);
  expect(cause).toMatchObject({ limit: 1000 });
  expect(cause?.message).toContain('Raise it with the option limits.maxMessageBytes');
});

it('lets a decoder drop as much as it likes, if it says so', async () => {
  const { cause } = await receive(hoarder(0), 'x'.repeat(1_000_000), 1000);
  expect(cause?.code).toBe('ERR_CLOSED');
});

it('lets a codec of the library drop as much as it likes', async () => {
  const keepAlive = '\n'.repeat(1_000_000);
  const { cause, messages } = await receive(jsonLines<string>(), `${keepAlive}"a"\n`, 1000);
  expect([cause?.code, messages]).toEqual(['ERR_CLOSED', 1]);
});

it('ends the session of a decoder whose read() consumes nothing', async () => {
  const codec: Codec<string> = {
    encode: (message) => message,
    createDecoder: () => ({
      write: () => undefined,
      read: () => 'again',
      end: () => undefined,
    }),
  };
  const { cause, messages } = await receive(codec, 'hello\n', 1000);
  expect(cause).toBeInstanceOf(CodecError);
  expect(cause?.message).toContain('read() returns messages without end');
  expect(messages).toBeLessThan(2000);
});
