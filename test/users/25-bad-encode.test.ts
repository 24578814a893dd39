/** Codecs whose `encode()` returns what it may not, and streams whose own code throws. */

import { Duplex } from 'node:stream';
import { AsyncProtocol, type Codec, CodecError, lines, streamPair } from 'wirechart';
import { describe, expect, it } from 'vitest';

/** Two connected protocols. The first has an `encode()` that returns what it is told to. */
async function connected() {
  const [left, right] = streamPair();
  const received: string[] = [];
  const text = lines();
  const codec: Codec<string, unknown> = {
    encode: (message) =>
      typeof message === 'function' ? (message as () => string)() : (message as string),
    createDecoder: (limits) => text.createDecoder(limits),
  };
  const sender = new AsyncProtocol<string, unknown>({ codec });
  const receiver = new AsyncProtocol({
    codec: text,
    onMessage: (line) => void received.push(line),
  });
  await Promise.all([sender.connect({ stream: left }), receiver.connect({ stream: right })]);
  return { sender, receiver, received };
}

describe('a message that encode() cannot encode', () => {
  it.each([
    ['a number', 42, 'returned 42'],
    ['nothing', undefined, 'returned undefined'],
    ['a promise', () => Promise.reject(new Error('late')), 'returned a promise'],
    ['a list of numbers', [1, 2], 'returned an array whose element 0 is 1'],
    ['a text that is too long', () => 'x'.repeat(2 ** 29), 'Invalid string length'],
  ])('rejects its own call only: %s', async (_, bad, text) => {
    const { sender, receiver, received } = await connected();
    await sender.send('before\n');
    const error: unknown = await sender.send(bad).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CodecError);
    expect(String(error)).toContain(text);
    await sender.send('after\n');
    await sender.flush();
    await sender.disconnect();
    await receiver.closed;
    expect(received).toEqual(['before', 'after']);
    expect(sender.outcome).toMatchObject({ undelivered: 0, suppressed: [] });
  });
});

it('sends the parts of a message one after the other', async () => {
  const { sender, receiver, received } = await connected();
  const large = Buffer.alloc(200_000, 'x');
  await sender.send([Buffer.from('<'), large, Buffer.from('>\n')]);
  await sender.send([]);
  await sender.send('end\n');
  await sender.disconnect();
  await receiver.closed;
  expect(received).toEqual([`<${large.toString()}>`, 'end']);
});

it.each([
  ['at once', false],
  ['in the handshake', true],
])('fails the session of a stream whose write throws, %s', async (_, inHandshake) => {
  const stream = new Duplex({
    read: () => undefined,
    write: () => {
      throw new TypeError('the stream is broken');
    },
  });
  const protocol = new AsyncProtocol({
    codec: lines(),
    handshake: async (session) => {
      if (inHandshake) await session.send('hello');
    },
  });
  const connecting = protocol.connect({ stream });
  if (inHandshake) {
    await expect(connecting).rejects.toThrow('The stream failed: the stream is broken');
  } else {
    await connecting;
    await protocol.send('hello');
    await protocol.closed;
  }
  expect(protocol.outcome?.cause?.message).toContain('The stream failed: the stream is broken');
  expect([stream.destroyed, protocol.runstate]).toEqual([true, 'IDLE']);
});
