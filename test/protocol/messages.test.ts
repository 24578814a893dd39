/** Pull mode: the messages of a session as an asynchronous iterator. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ArgumentError, AsyncProtocol, lines, streamPair } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { hasSettled, turn } from '../support/signal.ts';

expectIdleAfterEach();

/** A connected protocol without `onMessage`, and the raw end of its peer. */
async function connected(options: ConstructorParameters<typeof AsyncProtocol>[1] = {}) {
  const [stream, peer] = streamPair();
  const protocol = new AsyncProtocol<string>({ codec: lines() }, options);
  await protocol.connect({ stream });
  peer.on('end', () => peer.end());
  return { protocol, peer };
}

async function collect(messages: AsyncIterable<string>): Promise<string[]> {
  const all = [];
  for await (const message of messages) all.push(message);
  return all;
}

describe('messages()', () => {
  it('yields the messages in order, and ends when the peer ends the stream', async () => {
    const { protocol, peer } = await connected();
    const messages = protocol.messages();
    peer.resume().end('a\nb\nc\n');
    expect(await collect(messages)).toEqual(['a', 'b', 'c']);
    await protocol.disconnect(); // the end of the loop has told how the session ended
  });

  it('can be called before connect(), and misses nothing that arrives with the connection', async () => {
    const [stream, peer] = streamPair();
    peer.resume().write('first\n');
    const protocol = new AsyncProtocol<string>({ codec: lines() });
    const messages = protocol.messages();
    const first = messages.next();
    await protocol.connect({ stream });
    expect(await first).toEqual({ done: false, value: 'first' });
    await protocol.disconnect({ force: true });
  });

  it('is what a loop over the protocol itself uses', async () => {
    const { protocol, peer } = await connected();
    peer.resume().write('a\nb\n');
    const seen: string[] = [];
    for await (const message of protocol) {
      seen.push(message);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['a', 'b']);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it('reads nothing that no loop has asked for, so a slow loop slows the peer down', async () => {
    const { protocol, peer } = await connected();
    const messages = protocol.messages();
    const line = `${'x'.repeat(1_023)}\n`;
    const count = 4_096;
    peer.resume().on('error', () => undefined);
    let written = 0;
    while (written < count && peer.write(line)) written += 1;
    expect((await messages.next()).done).toBe(false);
    for (let i = 0; i < 20; i += 1) await turn();
    expect(protocol.stats.messagesIn).toBe(1);
    await protocol.disconnect({ force: true });
  });

  it('loses nothing between two loops', async () => {
    const { protocol, peer } = await connected();
    const first = protocol.messages();
    peer.resume().write('a\nb\n');
    expect((await first.next()).value).toBe('a');
    await first.return?.();
    for (let i = 0; i < 5; i += 1) await turn();
    expect((await protocol.messages().next()).value).toBe('b');
    await protocol.disconnect({ force: true });
  });

  it('gives each message to the loop that has waited longest', async () => {
    const { protocol, peer } = await connected();
    const [one, other] = [protocol.messages(), protocol.messages()];
    const taken = Promise.all([one.next(), other.next(), one.next()]);
    peer.resume().write('a\nb\nc\n');
    expect((await taken).map(({ value }: { value?: unknown }) => value)).toEqual(['a', 'b', 'c']);
    await protocol.disconnect({ force: true });
  });

  it('throws the cause when the session fails, and disconnect() does not throw it again', async () => {
    const { protocol, peer } = await connected();
    const next = protocol.messages().next();
    peer.resume().write(Uint8Array.of(0xff, 0x0a));
    await expect(next).rejects.toMatchObject({ code: 'ERR_CODEC' });
    await protocol.disconnect();
  });

  it('throws the cause also to a loop that was busy when the session failed', async () => {
    const { protocol, peer } = await connected();
    const messages = protocol.messages();
    peer.resume().write('a\n');
    await messages.next();
    protocol.fail(new Error('enough'));
    await protocol.closed;
    await expect(messages.next()).rejects.toMatchObject({ code: 'ERR_REFUSED' });
    await protocol.disconnect();
  });

  it('ends when the session is disconnected, at once and without waiting for the loop', async () => {
    const { protocol, peer } = await connected({ clock: new SimulatedClock() });
    const messages = protocol.messages();
    peer.resume().write('a\nb\n');
    await messages.next();
    await protocol.disconnect();
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  it('ends for the waiting loop, too', async () => {
    const { protocol, peer } = await connected();
    const next = protocol.messages().next();
    peer.resume();
    await protocol.disconnect();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('gives up at a signal, and leaves the message to others', async () => {
    const { protocol, peer } = await connected();
    const controller = new AbortController();
    const next = protocol.messages({ signal: controller.signal }).next();
    controller.abort(new Error('no more'));
    await expect(next).rejects.toThrow('no more');
    peer.resume().write('a\n');
    expect((await protocol.messages().next()).value).toBe('a');
    await protocol.disconnect({ force: true });
  });

  it('asks for nothing when its signal was aborted before', async () => {
    const { protocol } = await connected();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(protocol.messages({ signal }).next()).rejects.toThrow('too late');
    await protocol.disconnect({ force: true });
  });

  it('is refused when the definition has onMessage', () => {
    const protocol = new AsyncProtocol({ codec: lines(), onMessage: () => undefined });
    expect(() => protocol.messages()).toThrow(ArgumentError);
  });

  it('waits, in IDLE, for the next session', async () => {
    const { protocol, peer } = await connected();
    peer.resume();
    await protocol.disconnect();
    const next = protocol.messages().next();
    await turn();
    expect(await hasSettled(next)).toBe(false);
    const [stream, again] = streamPair();
    await protocol.connect({ stream });
    again.resume().write('second session\n');
    expect((await next).value).toBe('second session');
    await protocol.disconnect({ force: true });
  });

  it('does not let the peer seem silent while no loop asks', async () => {
    const clock = new SimulatedClock();
    const { protocol, peer } = await connected({
      clock,
      timeouts: { idle: 400, firstMessage: 300 },
    });
    const messages = protocol.messages();
    peer.resume();
    await turn();
    for (let passed = 0; passed < 20; passed += 1) clock.increment(100);
    expect(protocol.runstate).toBe('RUNNING');
    void messages.next().catch(() => undefined);
    for (let passed = 0; passed < 5; passed += 1) clock.increment(100);
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'idle' });
  });
});
