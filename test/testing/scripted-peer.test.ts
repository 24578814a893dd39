/** A scripted peer does what its script says, on every connection. */

import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  AsyncProtocol,
  contentLength,
  jsonLines,
  lines,
  ProtocolServer,
  streamPair,
} from '../../src/index.ts';
import { faults, ScriptedPeer, type ScriptedPeerOptions } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

/** A peer of lines; closed after the test. */
function peerOf(options: Partial<ScriptedPeerOptions<string>> = {}): ScriptedPeer<string> {
  const peer = new ScriptedPeer({ codec: lines(), ...options });
  cleanUp(() => peer.close());
  return peer;
}

/** A client that waits for a greeting, and pulls what comes after it. */
function createClient(): AsyncProtocol<string, string, string> {
  const client = new AsyncProtocol({
    codec: lines(),
    handshake: ({ receive }: { receive: () => Promise<string> }) => receive(),
  });
  return closing(client);
}

/** A client that pulls messages. */
const plainClient = (): AsyncProtocol<string> => closing(new AsyncProtocol({ codec: lines() }));

/** Disconnects a client after the test. */
function closing<C extends { disconnect(options: object): Promise<void> }>(client: C): C {
  cleanUp(() => client.disconnect({ force: true }).catch(() => undefined));
  return client;
}

describe('a script', () => {
  test('greets, expects and answers, at an address', async () => {
    const peer = peerOf({
      script: async ({ send, expect, receive, number }) => {
        await send(`welcome ${String(number)}`);
        await expect('hello');
        await expect((line) => line.startsWith('name '));
        await send(`got ${await receive()}`);
      },
    });
    const client = createClient();
    const address = await peer.listen();
    await client.connect(address);
    expect(client.negotiated).toBe('welcome 1');
    const replies = client.messages();
    for (const line of ['hello', 'name me', 'more']) await client.send(line);
    expect(await replies.next()).toEqual({ done: false, value: 'got more' });
    await peer.done();
    expect(peer.received).toEqual(['hello', 'name me', 'more']);
    expect(await peer.listen()).toEqual(address);
    await client.disconnect();
  });

  test('runs at the other end of a stream', async () => {
    const peer = peerOf({ script: ({ send }) => send('welcome') });
    const [ours, theirs] = streamPair();
    const client = createClient();
    await Promise.all([peer.adopt(theirs), client.connect({ stream: ours })]);
    expect(client.negotiated).toBe('welcome');
    await peer.done();
  });

  test('runs on a connection to a server under test', async () => {
    const server = new ProtocolServer<string>((_, peer) => ({
      codec: lines(),
      onMessage: (line) => peer().send(line.toUpperCase()),
    }));
    cleanUp(() => server.close({ force: true }));
    const peer = peerOf({
      script: async ({ send, expect }) => {
        await send('hello');
        await expect('HELLO');
      },
    });
    const address = await server.listen({ port: 0 });
    await peer.connect(address);
    await peer.connect(address);
    await peer.done();
    expect(peer.received).toEqual(['HELLO', 'HELLO']);
  });

  test('may answer in a loop, which ends with the session', async () => {
    await using peer = peerOf({
      script: async ({ receive, send }) => {
        for (;;) await send(await receive());
      },
    });
    const client = plainClient();
    const replies = client.messages();
    await client.connect(await peer.listen());
    await client.send('one');
    expect(await replies.next()).toEqual({ done: false, value: 'one' });
    await client.disconnect();
    await peer.done();
  });

  test('is told by a signal that the session has ended', async () => {
    let aborted: Promise<unknown> | undefined;
    const peer = peerOf({
      script: ({ signal }) => {
        aborted = once(signal, 'abort');
      },
    });
    const client = plainClient();
    await client.connect(await peer.listen());
    await peer.done();
    await client.disconnect();
    expect(await aborted).toBeDefined();
  });

  test('waits on the clock of the peer', async () => {
    const clock = new SimulatedClock();
    const peer = peerOf({
      clock,
      script: async ({ delay, send }) => {
        await delay(60_000);
        await send('late');
      },
    });
    const [ours, theirs] = streamPair();
    const client = createClient();
    const connected = client.connect({ stream: ours });
    await peer.adopt(theirs);
    clock.increment(59_999);
    await setImmediate();
    expect(client.runstate).toBe('CONNECTING');
    clock.increment(1);
    await connected;
    expect(client.negotiated).toBe('late');
  });
});

describe('what a script sends', () => {
  /** The chunks that arrive until the peer ends the stream. */
  const chunksFrom = async (peer: ScriptedPeer<string>): Promise<string[]> => {
    const [ours, theirs] = streamPair();
    const chunks: string[] = [];
    ours.on('data', (chunk) => chunks.push(String(chunk)));
    await peer.adopt(theirs);
    await once(ours, 'end');
    ours.end();
    return chunks;
  };

  test('may be cut, and each part arrives in a chunk of its own', async () => {
    const peer = peerOf({
      script: async ({ send, show }) => {
        await send('hello', { cuts: [1, 4] });
        await show(faults.end());
      },
    });
    expect(await chunksFrom(peer)).toEqual(['h', 'ell', 'o\n']);
  });

  test('may be raw bytes, and the beginning of a message', async () => {
    const peer = peerOf({
      script: async ({ encode, show }) => {
        await show(faults.raw('raw\n'));
        await show(faults.raw(encode('hello').subarray(0, 3)));
        await show(faults.end('\nbye\n'));
      },
    });
    expect((await chunksFrom(peer)).join('')).toBe('raw\nhel\nbye\n');
  });

  test('may end in the middle of a message', async () => {
    const peer = peerOf({
      script: async ({ show }) => {
        await show(faults.raw('welcome\nhal'));
        await show(faults.drop());
      },
    });
    const client = createClient();
    await client.connect(await peer.listen());
    expect((await client.closed).cause).toMatchObject({
      code: 'ERR_CODEC',
      cause: { code: 'ERR_CLOSED' },
    });
    await peer.done();
  });

  test('may come from the test, on the newest connection', async () => {
    const peer = peerOf();
    const client = plainClient();
    const replies = client.messages();
    const [ours, theirs] = streamPair();
    await Promise.all([peer.adopt(theirs), client.connect({ stream: ours })]);
    await peer.send('now');
    expect(await replies.next()).toEqual({ done: false, value: 'now' });
    await peer.show(faults.drop());
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  test('is encoded by the codec that its handshake has switched to', async () => {
    const codec = contentLength<unknown>();
    const peer = new ScriptedPeer<unknown>({
      codec: jsonLines(),
      handshake: async ({ receive, switchCodec }) => {
        await receive();
        switchCodec(codec);
      },
      script: async ({ send, show, encode }) => {
        await send(1);
        await show(faults.raw(encode(2)));
      },
    });
    cleanUp(() => peer.close());
    const [ours, theirs] = streamPair();
    const client = new AsyncProtocol<unknown>({
      codec: jsonLines(),
      handshake: async ({ send, switchCodec }) => {
        await send('other');
        switchCodec(codec);
      },
    });
    const messages = client.messages();
    await Promise.all([peer.adopt(theirs), client.connect({ stream: ours })]);
    expect([(await messages.next()).value, (await messages.next()).value]).toEqual([1, 2]);
    await client.disconnect();
    await peer.done();
  });
});

describe('reply()', () => {
  interface Request {
    readonly id: number;
    readonly op?: string;
  }

  test('answers messages that are like one, or accepted by a function; the last rule counts', async () => {
    const peer = new ScriptedPeer<Request>({ codec: jsonLines() })
      .reply(
        () => true,
        ({ id }) => ({ id, op: 'any' }),
      )
      .reply({ id: 2 }, { id: -2 })
      .reply(
        ({ op }) => op === 'async',
        async ({ id }, { send }) => {
          await send({ id: 0 });
          return { id };
        },
      )
      .reply(({ op }) => op === 'none', faults.silence());
    cleanUp(() => peer.close());
    const client = closing(new AsyncProtocol<Request>({ codec: jsonLines() }));
    const replies = client.messages();
    await client.connect(await peer.listen());
    const requests = [
      { id: 1 },
      { id: 2 },
      { id: 3, op: 'async' },
      { id: 4, op: 'none' },
      { id: 5 },
    ];
    for (const request of requests) await client.send(request);
    const received: unknown[] = [];
    while (received.length < 5) received.push((await replies.next()).value);
    expect(received).toEqual([
      { id: 1, op: 'any' },
      { id: -2 },
      { id: 0 },
      { id: 3 },
      { id: 5, op: 'any' },
    ]);
    expect(peer.received).toEqual(requests);
    await peer.done();
  });

  test('keeps its messages from the script', async () => {
    const peer = peerOf({
      script: async ({ expect }) => {
        await expect('one');
        await expect('two');
      },
    }).reply('ping', 'pong');
    const client = plainClient();
    const replies = client.messages();
    await client.connect(await peer.listen());
    for (const line of ['ping', 'one', 'ping', 'two', 'ping']) await client.send(line);
    await peer.done();
    for (let at = 0; at < 3; at += 1) expect((await replies.next()).value).toBe('pong');
    await client.disconnect();
  });

  test('may end the stream', async () => {
    const peer = peerOf().reply('quit', faults.end('bye\n'));
    const client = plainClient();
    const replies = client.messages();
    await client.connect(await peer.listen());
    await client.send('quit');
    expect(await replies.next()).toEqual({ done: false, value: 'bye' });
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    await peer.done();
  });
});

describe('refuse()', () => {
  test('destroys the next connections, and no others', async () => {
    const peer = peerOf({ script: ({ send }) => send('welcome') });
    peer.refuse(2);
    const address = await peer.listen();
    const client = createClient();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await rejection(client.connect(address));
      expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    }
    await client.connect(address);
    await peer.done();
    await client.disconnect();
  });
});
