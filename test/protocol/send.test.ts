/** send() and flush(): order, backpressure, bounds, batches. */

import { getEventListeners } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  ClosedError,
  CodecError,
  LimitError,
  lines,
  type ProtocolOptions,
  StateError,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { inbox, pair, rawPeer } from '../support/peers.ts';
import { hasSettled, rejection, turn } from '../support/signal.ts';
import { countingStream, stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

const LINE = 'x'.repeat(999);

async function connected(stream: Duplex, options: ProtocolOptions = {}) {
  const protocol = createProtocol({ codec: lines() }, options);
  await protocol.connect({ stream });
  return protocol;
}

describe('send()', () => {
  it('keeps the order of messages across batches', async () => {
    const { definition, count } = inbox();
    const { left, right } = await pair(definition);
    const messages = Array.from({ length: 2_000 }, (_, i) => `${String(i)} ${'.'.repeat(i % 500)}`);
    for (const message of messages) void left.send(message);
    expect(await count(messages.length)).toEqual(messages);
    await left.disconnect();
    await right.closed;
  });

  it('rejects with a StateError outside RUNNING', async () => {
    const protocol = createProtocol({ codec: lines() });
    const idle = await rejection(protocol.send('x'));
    expect(idle).toBeInstanceOf(StateError);
    expect(idle).toMatchObject({ state: 'IDLE', required: 'RUNNING' });
    expect(idle).toHaveProperty('message', 'AsyncProtocol is disconnected and idle.');
    const [stream] = streamPair();
    const connecting = protocol.connect({ stream });
    expect(await rejection(protocol.send('x'))).toMatchObject({ state: 'CONNECTING' });
    await connecting;
    const disconnected = protocol.disconnect({ force: true });
    const refused = [rejection(protocol.send('x')), rejection(protocol.flush())];
    for (const error of refused) expect(await error).toMatchObject({ state: 'DISCONNECTING' });
    await disconnected;
  });

  it('is pending above the high-water mark until the peer has read', async () => {
    const peer = await rawPeer((socket) => socket.pause());
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(peer.address);
    expect(await hasSettled(protocol.send('small'))).toBe(true);
    const large = protocol.send('x'.repeat(16 * 1024 * 1024));
    expect(await hasSettled(large)).toBe(false);
    (await peer.connected).resume();
    await large;
    await protocol.disconnect({ force: true });
  });

  it('rejects with the cause when the session fails while it is pending', async () => {
    const stream = stalledStream();
    const protocol = await connected(stream, { limits: { highWaterMark: 10 } });
    const sent = [protocol.send(LINE), protocol.send(LINE)].map(rejection);
    const broken = new Error('broken');
    stream.destroy(broken);
    const [first, second] = await Promise.all(sent);
    const { cause, undelivered } = await protocol.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause?.cause).toBe(broken);
    expect([first, second]).toEqual([cause, cause]);
    expect(undelivered).toBe(2);
  });

  it('rejects with an expected ClosedError when disconnect() comes while it is pending', async () => {
    const protocol = await connected(stalledStream(), { limits: { highWaterMark: 10 } });
    const sent = rejection(protocol.send(LINE));
    await protocol.disconnect({ force: true });
    expect(await sent).toMatchObject({ code: 'ERR_CLOSED', expected: true });
    expect(protocol.outcome).toMatchObject({ undelivered: 1 });
  });

  it('causes no unhandled rejection when its promise is ignored', async () => {
    const stream = stalledStream();
    const protocol = await connected(stream, { limits: { highWaterMark: 10 } });
    void protocol.send(LINE);
    void protocol.flush().catch(() => undefined);
    stream.destroy(new Error('broken'));
    await protocol.closed;
    await turn();
  });

  it('rejects a message that does not fit in the queue, and the session continues', async () => {
    const { stream, chunks } = countingStream();
    const protocol = await connected(stream, { limits: { maxQueuedBytes: 1_500 } });
    const accepted = protocol.send(LINE);
    const error = await rejection(protocol.send(LINE));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limit: 1_500, actual: 2_000 });
    await accepted;
    await protocol.flush();
    await protocol.send('room again');
    await protocol.disconnect();
    expect(chunks.join('')).toBe(`${LINE}\nroom again\n`);
    expect(protocol.outcome).toMatchObject({ undelivered: 0 });
  });

  it('rejects a message that cannot be encoded, and the session continues', async () => {
    const { stream, chunks } = countingStream();
    const protocol = await connected(stream);
    expect(await rejection(protocol.send('two\nlines'))).toBeInstanceOf(CodecError);
    await protocol.send('one line');
    await protocol.disconnect();
    expect(chunks).toEqual(['one line\n']);
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });
});

describe('send() with a signal', () => {
  const limits = { highWaterMark: 10 };

  it('stops waiting when it is aborted, but still sends the message', async () => {
    const { left, right } = await pair({ codec: lines() }, { limits });
    const { signal, abort } = withAbort();
    const sent = rejection(left.send(LINE, { signal }));
    abort('enough');
    expect(await sent).toBe('enough');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await left.disconnect();
    expect(left.outcome).toMatchObject({ undelivered: 0 });
    await right.closed;
  });

  it('sends nothing when it was aborted before the call', async () => {
    const { stream, chunks } = countingStream();
    const protocol = await connected(stream);
    const signal = AbortSignal.abort('before');
    expect(await rejection(protocol.send('never', { signal }))).toBe('before');
    await protocol.disconnect();
    expect(chunks).toEqual([]);
  });

  it('causes no unhandled rejection when its promise is ignored', async () => {
    const stream = stalledStream();
    const protocol = await connected(stream, { limits });
    void protocol.send(LINE, { signal: withAbort().signal });
    stream.destroy(new Error('broken'));
    await protocol.closed;
    await turn();
  });
});

describe('the queued bytes', () => {
  it('are bounded in the stream, however many messages are sent', async () => {
    const stream = stalledStream();
    const protocol = await connected(stream);
    let maxLength = 0;
    for (let i = 0; i < 200_000; i += 1) {
      void protocol.send(LINE);
      maxLength = Math.max(maxLength, stream.writableLength);
      if (i % 10_000 === 0) await turn();
    }
    expect(maxLength).toBeGreaterThan(0);
    expect(maxLength).toBeLessThanOrEqual(stream.writableHighWaterMark + 64 * 1024 + 1_000);
    await protocol.disconnect({ force: true });
    expect(protocol.outcome).toMatchObject({ undelivered: 200_000 });
  });

  it('are written once per turn of the event loop', async () => {
    const { stream, chunks } = countingStream();
    const protocol = await connected(stream);
    for (let i = 0; i < 100; i += 1) void protocol.send(`a${String(i)}`);
    await protocol.flush();
    expect(chunks).toHaveLength(1);
    for (let i = 0; i < 100; i += 1) await protocol.send(`b${String(i)}`);
    await protocol.flush();
    expect(chunks).toHaveLength(2);
    expect(chunks.join('').split('\n')).toHaveLength(201);
    await protocol.disconnect();
  });

  it('are written in chunks of about 64 KiB when there are more', async () => {
    const { stream, chunks } = countingStream();
    const protocol = await connected(stream);
    for (let i = 0; i < 1_000; i += 1) void protocol.send(LINE);
    await protocol.disconnect();
    expect(chunks.join('')).toHaveLength(1_000_000);
    expect(Math.min(...chunks.slice(0, -1).map(({ length }) => length))).toBeGreaterThan(60_000);
  });

  it('keep their order when the codec mixes text and binary', async () => {
    const { stream, chunks } = countingStream();
    const protocol = createProtocol({
      codec: {
        encode: (part: string) => (part === 'é' ? Buffer.from(part) : part),
        createDecoder: (limits) => lines().createDecoder(limits),
      },
    });
    await protocol.connect({ stream });
    for (const part of ['a', 'é', 'b', 'é', 'é', 'c']) void protocol.send(part);
    await protocol.disconnect();
    expect(chunks.join('')).toBe('aébééc');
  });
});

describe('flush()', () => {
  it('resolves exactly when everything sent before it has been written', async () => {
    const callbacks: (() => void)[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, callback) => {
        callbacks.push(callback);
      },
    });
    const protocol = await connected(stream);
    await protocol.flush();
    await protocol.send('first');
    const first = protocol.flush();
    await turn();
    await protocol.send('second');
    const second = protocol.flush();
    expect(await hasSettled(first)).toBe(false);
    callbacks.shift()?.();
    await first;
    expect(await hasSettled(second)).toBe(false);
    callbacks.shift()?.();
    await second;
    await protocol.disconnect({ force: true });
  });

  it('rejects with the cause when the session fails', async () => {
    const stream = stalledStream();
    const protocol = await connected(stream);
    await protocol.send('stuck');
    const flushed = rejection(protocol.flush());
    stream.destroy(new Error('broken'));
    expect(await flushed).toBe((await protocol.closed).cause);
  });

  it('rejects when its signal is aborted, and leaves no listener on it', async () => {
    const protocol = await connected(stalledStream());
    await protocol.send('stuck');
    const { signal, ...controller } = withAbort();
    const flushed = rejection(protocol.flush({ signal }));
    const other = protocol.flush({ signal });
    controller.abort('enough');
    expect(await flushed).toBe('enough');
    expect(await rejection(other)).toBe('enough');
    expect(await rejection(protocol.flush({ signal }))).toBe('enough');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });
});

function withAbort() {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: (reason: unknown) => {
      controller.abort(reason);
    },
  };
}
