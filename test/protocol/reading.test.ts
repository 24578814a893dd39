/** How onMessage gets messages: one at a time, in order, at the pace of the handler. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, lines, streamPair } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { inbox, rawPeer } from '../support/peers.ts';
import { gate, hasSettled, turn } from '../support/signal.ts';
import { receivedText } from '../support/streams.ts';

expectIdleAfterEach();

/** A definition whose handler counts how many of its calls are pending at the same time. */
function countingHandler(handle: (message: string) => void | Promise<void>) {
  const pending = { now: 0, max: 0 };
  const onMessage = (message: string) => {
    pending.now += 1;
    pending.max = Math.max(pending.max, pending.now);
    const done = handle(message);
    if (done === undefined) pending.now -= 1;
    else return done.then(() => void (pending.now -= 1));
    return undefined;
  };
  return { pending, definition: { codec: lines(), onMessage } };
}

/**
 * Writes until the stream needs a drain, or at most `limit` bytes; returns the number of bytes
 * written.
 */
async function fill(stream: Duplex, chunk: Buffer, limit: number): Promise<number> {
  let written = 0;
  while (written < limit) {
    const isReady = stream.write(chunk);
    written += chunk.length;
    if (!isReady && !(await hasSettled(once(stream, 'drain')))) return written;
  }
  return written;
}

describe('onMessage', () => {
  it('gets messages one at a time, in order, when it returns promises', async () => {
    const peer = await rawPeer((socket) => socket.write('1\n2\n3\n4\n'));
    const order: string[] = [];
    const done = gate();
    const { pending, definition } = countingHandler(async (message) => {
      order.push(`begin ${message}`);
      await turn();
      order.push(`end ${message}`);
      if (message === '4') done.open();
    });
    const protocol = createProtocol(definition);
    await protocol.connect(peer.address);
    await done.opened;
    expect(order).toEqual(['1', '2', '3', '4'].flatMap((id) => [`begin ${id}`, `end ${id}`]));
    expect(pending.max).toBe(1);
    await protocol.disconnect({ force: true });
  });

  it('gets messages one at a time even when the peer answers during its call', async () => {
    const [stream, peer] = streamPair();
    const last = gate();
    const { pending, definition } = countingHandler((message) => {
      if (message === '5') last.open();
      else peer.write(`${String(Number(message) + 1)}\n`);
    });
    const protocol = createProtocol(definition);
    await protocol.connect({ stream });
    peer.write('1\n');
    await last.opened;
    expect(pending.max).toBe(1);
    await protocol.disconnect({ force: true });
  });

  it('does not block the event loop while a peer floods it', async () => {
    const [stream, peer] = streamPair();
    const last = gate();
    let turns = 0;
    const countTurns = (): void => {
      turns += 1;
      if (stream.readable) setImmediate(countTurns);
    };
    const busy = (message: string): void => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      if (message === '1') setImmediate(countTurns);
      if (message === '100') last.open();
    };
    const protocol = createProtocol({ codec: lines(), onMessage: busy });
    await protocol.connect({ stream });
    peer.write(Array.from({ length: 100 }, (_, index) => `${String(index + 1)}\n`).join(''));
    await last.opened;
    expect(turns).toBeGreaterThan(2);
    await protocol.disconnect({ force: true });
  });

  it('is not called synchronously by send() of the other side, which may answer every message', async () => {
    const [stream, other] = streamPair();
    const large = 'x'.repeat(70_000);
    let answers = 0;
    const finished = gate();
    const echo = (message: string): Promise<void> => right.send(message);
    const right: AsyncProtocol<string> = createProtocol({ codec: lines(), onMessage: echo });
    const { pending, definition } = countingHandler((message) => {
      answers += 1;
      if (answers === 1_000) finished.open();
      else void left.send(message);
    });
    const left: AsyncProtocol<string> = createProtocol(definition);
    await Promise.all([left.connect({ stream }), right.connect({ stream: other })]);
    await left.send(large);
    await Promise.race([finished.opened, left.closed]);
    expect(answers).toBe(1_000);
    expect(pending.max).toBe(1);
    await left.disconnect({ force: true });
    await right.closed;
  });

  it('stops the reader while its promise is pending, so that the peer has to wait', async () => {
    const peer = await rawPeer((socket) => socket.pause());
    const busy = gate();
    const { definition, count } = inbox();
    const protocol = createProtocol({
      ...definition,
      onMessage: (message, session) => {
        void definition.onMessage?.(message, session);
        return busy.opened;
      },
    });
    await protocol.connect(peer.address);
    const line = Buffer.from(`${'x'.repeat(65_535)}\n`);
    const limit = 64 * 1024 * 1024;
    const written = await fill(await peer.connected, line, limit);
    expect(written).toBeLessThan(limit);
    expect(await count(1)).toHaveLength(1);
    busy.open();
    expect(await count(written / line.length)).toHaveLength(written / line.length);
    await protocol.disconnect({ force: true });
  });

  it('does not keep disconnect() from resolving when its promise never settles', async () => {
    const [stream, peer] = streamPair();
    const begun = gate();
    const protocol = createProtocol({
      codec: lines(),
      onMessage: () => {
        begun.open();
        return gate().opened;
      },
    });
    await protocol.connect({ stream });
    peer.resume().on('end', () => peer.end());
    peer.write('busy\nnever handled\n');
    await begun.opened;
    await protocol.disconnect();
    expect(protocol.outcome?.cause).toBeUndefined();
  });

  it('is not called after the end of the session', async () => {
    const [stream, peer] = streamPair();
    const { definition, messages } = inbox();
    const protocol = createProtocol(definition);
    await protocol.connect({ stream });
    const disconnected = protocol.disconnect({ force: true });
    peer.on('error', () => undefined).write('late\n');
    await disconnected;
    await turn();
    expect(messages).toEqual([]);
  });
});

describe('inbound and outbound', () => {
  it('see and may replace every message, also those of the handshake', async () => {
    const seen: string[] = [];
    const upper = (message: string) => {
      seen.push(message);
      return message.toUpperCase();
    };
    const { definition, count } = inbox({ inbound: upper, outbound: upper });
    const [stream, peer] = streamPair();
    const protocol = createProtocol({
      ...definition,
      handshake: async (session) => session.send(`re: ${await session.receive()}`),
    });
    peer.write('hello\nworld\n');
    await protocol.connect({ stream });
    expect(await count(1)).toEqual(['WORLD']);
    await protocol.send('bye');
    await protocol.flush();
    expect(receivedText(peer)).toBe('RE: HELLO\nBYE\n');
    expect(seen).toEqual(['hello', 're: HELLO', 'world', 'bye']);
    await protocol.disconnect({ force: true });
  });
});
