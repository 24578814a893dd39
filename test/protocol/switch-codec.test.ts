/** A handshake that changes the codec: bytes behind its last message belong to the new one. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  type Codec,
  CodecError,
  contentLength,
  type Decoder,
  jsonLines,
  jsonStream,
  lengthPrefixed,
  lines,
  type Session,
  StateError,
  streamPair,
} from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** A codec like many of users: a closure, which cannot give back what it holds. */
const netstrings = (): Codec<string> => ({
  encode: (text) => `${String(text.length)}:${text},`,
  createDecoder: (): Decoder<string> => {
    let held = '';
    return {
      write: (chunk) => {
        held += Buffer.from(chunk).toString('latin1');
      },
      read: () => {
        const match = /^(\d+):/.exec(held);
        if (match === null) return undefined;
        const from = match[0].length;
        const to = from + Number(match[1]);
        if (held.length <= to) return undefined;
        const text = held.slice(from, to);
        held = held.slice(to + 1);
        return text;
      },
      end: () => {
        if (held !== '') throw new CodecError('cut');
      },
    };
  },
});

const bytesAsText = (): Codec<string> => {
  const inner = lengthPrefixed({ size: 2 });
  return {
    encode: (text) => inner.encode(Buffer.from(text)),
    createDecoder: (limits) => {
      const decoder = inner.createDecoder(limits);
      return {
        write: (chunk) => {
          decoder.write(chunk);
        },
        read: () => {
          const bytes = decoder.read();
          return bytes && Buffer.from(bytes).toString();
        },
        end: () => {
          decoder.end();
        },
      };
    },
  };
};

const json = (codec: Codec<unknown, never>): Codec<string> => ({
  encode: () => '',
  createDecoder: (limits) => {
    const decoder = codec.createDecoder(limits);
    const rest = decoder.rest?.bind(decoder);
    return {
      ...(rest && { rest }),
      write: (chunk) => {
        decoder.write(chunk);
      },
      read: () => {
        const message = decoder.read();
        return message === undefined ? undefined : JSON.stringify(message);
      },
      end: () => {
        decoder.end();
      },
    };
  },
});

/** Each with what the peer sends first. The codec that follows is `bytesAsText()`. */
const firsts: readonly (readonly [string, Codec<string>, string])[] = [
  ['lines()', lines(), 'é one\r\n'],
  ['jsonLines()', json(jsonLines()), '{"é":1}\n'],
  ['jsonStream()', json(jsonStream()), '{"é":\n1}'],
  ['contentLength()', json(contentLength()), 'Content-Length: 8\r\n\r\n{"é":1}'],
  ['a codec of the user', netstrings(), '3:one,'],
];

/** Receives one message, changes to `bytesAsText()`, and receives two more. */
async function receiveThree(first: Codec<string>, chunks: readonly Uint8Array[]) {
  const [near, far] = streamPair();
  cleanUp(() => far.destroy());
  far.on('end', () => far.end()).resume();
  const protocol = createProtocol<string, string, string[]>({
    codec: first,
    handshake: async ({ receive, switchCodec }) => {
      const messages = [await receive()];
      switchCodec(bytesAsText());
      messages.push(await receive(), await receive());
      return messages;
    },
  });
  const connected = protocol.connect({ stream: near });
  for (const chunk of chunks) {
    far.write(chunk);
    await new Promise(setImmediate);
  }
  await connected;
  const { negotiated } = protocol;
  await protocol.disconnect();
  return negotiated;
}

describe('switchCodec()', () => {
  it.each(firsts)(
    'leaves no byte of %s behind, however the bytes arrive',
    async (_, codec, text) => {
      const frames = ['two', 'three \n'].map((each) => bytesAsText().encode(each) as Uint8Array);
      const bytes = Buffer.concat([Buffer.from(text), ...frames]);
      const expected = await receiveThree(codec, [bytes]);
      expect(expected?.slice(1)).toEqual(['two', 'three \n']);
      const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(cuts, async (at) => {
          const ends = [...at.sort((a, b) => a - b), bytes.length];
          const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
          expect(await receiveThree(codec, chunks)).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    },
  );

  it('encodes with the new codec, too, until the session ends', async () => {
    const sent: string[] = [];
    const [near, far] = streamPair();
    far.on('data', (chunk) => sent.push(String(chunk)));
    far.on('end', () => far.end());
    const protocol = createProtocol<string>({
      codec: lines(),
      handshake: async ({ send, switchCodec }) => {
        await send('plain');
        switchCodec(netstrings());
        await send('netstring');
      },
    });
    await protocol.connect({ stream: near });
    await protocol.send('running');
    await protocol.disconnect();
    expect(sent.join('')).toBe('plain\n9:netstring,7:running,');

    const [again, peer] = streamPair();
    const firstLine = new Promise((resolve) =>
      peer.once('data', (chunk) => {
        resolve(String(chunk));
      }),
    );
    peer.on('end', () => peer.end());
    await protocol.connect({ stream: again });
    expect(await firstLine).toBe('plain\n');
    await protocol.disconnect();
  });

  it('hands messages behind the handshake to onMessage, decoded by the new codec', async () => {
    const [near, far] = streamPair();
    const received: string[] = [];
    const protocol = createProtocol<string>({
      codec: lines(),
      handshake: async ({ receive, switchCodec }) => {
        await receive();
        switchCodec(netstrings());
      },
      onMessage: (text) => void received.push(text),
    });
    far.end('go\n3:one,3:two,');
    await protocol.connect({ stream: near });
    await protocol.closed;
    expect(received).toEqual(['one', 'two']);
  });

  it('serves a receive() that is pending with the new codec', async () => {
    const [near, far] = streamPair();
    const protocol = createProtocol<string, string, string>({
      codec: lines(),
      handshake: ({ receive, switchCodec }) => {
        const first = receive();
        switchCodec(netstrings());
        far.write('3:one,');
        return first;
      },
    });
    far.on('end', () => far.end()).resume();
    await protocol.connect({ stream: near });
    expect(protocol.negotiated).toBe('one');
    await protocol.disconnect();
  });

  it('can be called again, also for codecs that cannot give back what they hold', async () => {
    const [near, far] = streamPair();
    far.on('end', () => far.end()).resume();
    const protocol = createProtocol<string, string, string[]>({
      codec: netstrings(),
      handshake: async ({ receive, switchCodec }) => {
        const messages = [await receive()];
        switchCodec(bytesAsText());
        messages.push(await receive());
        switchCodec(netstrings());
        messages.push(await receive());
        return messages;
      },
    });
    far.write(
      Buffer.concat([Buffer.from('3:one,'), Buffer.from([0, 1, 0x41]), Buffer.from('1:B,')]),
    );
    await protocol.connect({ stream: near });
    expect(protocol.negotiated).toEqual(['one', 'A', 'B']);
    await protocol.disconnect();
  });

  it('says what to do when the end of the last message is not known any more', async () => {
    const [near, far] = streamPair();
    const big = 'x'.repeat(70_000);
    far.write(netstrings().encode(big));
    const protocol = createProtocol<string>({
      codec: netstrings(),
      handshake: async ({ receive, switchCodec }) => {
        await receive();
        switchCodec(lines());
      },
    });
    const error = await rejection(protocol.connect({ stream: near }));
    expect(error).toMatchObject({ cause: { code: 'ERR_CODEC' } });
    expect((error as Error).cause).toHaveProperty('message', expect.stringContaining('rest()'));
  });

  it('refuses what is no codec', async () => {
    const [near] = streamPair();
    const protocol = createProtocol<string>({
      codec: lines(),
      handshake: async ({ switchCodec }) => {
        await Promise.resolve();
        switchCodec(lines as never);
      },
    });
    const error = await rejection(protocol.connect({ stream: near }));
    expect((error as Error).cause).toBeInstanceOf(ArgumentError);
    expect((error as Error).cause).toHaveProperty(
      'message',
      expect.stringContaining('switchCodec()'),
    );
  });

  it('is only for the handshake', async () => {
    const [near, far] = streamPair();
    const errors: unknown[] = [];
    const attempt = ({ switchCodec }: Session<string, string, void>): void => {
      try {
        switchCodec(lines());
      } catch (error) {
        errors.push(error);
      }
    };
    const protocol = createProtocol({
      codec: lines(),
      onMessage: (_, session) => {
        attempt(session);
      },
      farewell: (session) => {
        attempt(session);
        return Promise.resolve();
      },
    });
    far.write('hello\n');
    far.on('end', () => far.end()).resume();
    await protocol.connect({ stream: near });
    await new Promise(setImmediate);
    await protocol.disconnect();
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error).toBeInstanceOf(StateError);
  });
});
