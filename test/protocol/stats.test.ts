/** The counters of a protocol, and of a server as the sum over its peers. */

import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import {
  AsyncProtocol,
  ClosedError,
  createProtocolMachine,
  lines,
  ProtocolServer,
  streamPair,
} from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rejection } from '../support/signal.ts';
import { stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

/** A protocol in RUNNING, and the other end of its stream. */
async function connected() {
  const protocol = createProtocol({ codec: lines() });
  const [stream, peer] = streamPair();
  peer.resume().on('end', () => peer.end());
  await protocol.connect({ stream });
  return { protocol, peer };
}

describe('the traffic', () => {
  it('is counted in bytes and messages, in both directions', async () => {
    const { protocol, peer } = await connected();
    peer.write('one\ntwo\nthr');
    await protocol.send('hello');
    await protocol.flush();
    await expect.poll(() => protocol.stats).toMatchObject({ bytesIn: 11, messagesIn: 2 });
    expect(protocol.stats).toMatchObject({ bytesOut: 6, messagesOut: 1, queuedMessages: 0 });
    await protocol.disconnect({ force: true });
  });

  it('includes the handshake, and goes on in the next session', async () => {
    const protocol = createProtocol({
      codec: lines(),
      handshake: async ({ send, receive }) => {
        await send('version 1');
        await receive();
      },
    });
    for (const sessions of [1, 2]) {
      const [stream, peer] = streamPair();
      peer.resume().on('end', () => peer.end());
      peer.write('ok\n');
      await protocol.connect({ stream });
      expect(protocol.stats).toMatchObject({
        bytesIn: 3 * sessions,
        bytesOut: 10 * sessions,
        messagesIn: sessions,
        messagesOut: sessions,
      });
      await protocol.disconnect();
    }
  });

  it('includes bytes that are discarded while the session ends', async () => {
    const { protocol, peer } = await connected();
    peer.removeAllListeners('end');
    const ended = protocol.disconnect();
    peer.write('too late\n');
    peer.end();
    await ended;
    expect(protocol.stats).toMatchObject({ bytesIn: 9, messagesIn: 0 });
  });

  it('shows what waits for the kernel and, after the end, what was not delivered', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: stalledStream() });
    for (const text of ['first', 'second', 'third']) await protocol.send(text);
    expect(protocol.stats).toMatchObject({
      ...{ queuedBytes: 19, queuedMessages: 3, undelivered: 0 },
      ...{ bytesOut: 0, messagesOut: 0 },
    });
    await protocol.disconnect({ force: true });
    expect(protocol.stats).toMatchObject({
      ...{ queuedBytes: 0, queuedMessages: 0, undelivered: 3 },
      ...{ bytesOut: 0, messagesOut: 0 },
    });
  });
});

describe('the sessions', () => {
  it('are counted with the attempts and the failures', async () => {
    const { protocol, peer } = await connected();
    const before = protocol.stats;
    expect(before).toMatchObject({ attempts: 1, sessions: 1, failures: 0 });
    expect(before.connectedSince).toBeLessThanOrEqual(Date.now());
    await protocol.disconnect();
    expect(protocol.stats).toMatchObject({ attempts: 1, failures: 0, connectedSince: undefined });
    await rejection(protocol.connect('/dev/null'));
    expect(protocol.stats).toMatchObject({ attempts: 2, sessions: 1, failures: 1 });
    expect([before.attempts, peer.destroyed]).toEqual([1, true]);
  });

  it('of a peer that ends the stream unannounced are failures, and those given up are none', async () => {
    const { protocol, peer } = await connected();
    peer.end();
    await protocol.closed;
    expect(protocol.stats).toMatchObject({ attempts: 1, sessions: 1, failures: 1 });
    const connecting = protocol.listen({ port: 0 });
    await connecting;
    await protocol.disconnect();
    expect(protocol.stats).toMatchObject({ attempts: 2, sessions: 1, failures: 1 });
  });

  it('of a machine that is stopped in IDLE do not end again', async () => {
    const ref = createActor(createProtocolMachine({ codec: lines() })).start();
    const protocol = AsyncProtocol.attach(ref);
    const [stream, peer] = streamPair();
    peer.resume().on('end', () => peer.end());
    await protocol.connect({ stream });
    await protocol.disconnect();
    ref.stop();
    expect(protocol.stats).toMatchObject({ attempts: 1, sessions: 1, failures: 0 });
  });

  it('of a machine that is stopped in RUNNING are failures', async () => {
    const ref = createActor(createProtocolMachine({ codec: lines() })).start();
    const protocol = AsyncProtocol.attach(ref);
    await protocol.connect({ stream: streamPair()[0] });
    ref.stop();
    expect(protocol.outcome?.cause).toBeInstanceOf(ClosedError);
    expect(protocol.stats).toMatchObject({ failures: 1, connectedSince: undefined });
  });
});

describe('a server', () => {
  it('adds up the traffic of its peers, also of those that have gone', async () => {
    await using server = new ProtocolServer<string>((_, peer) => ({
      codec: lines(),
      onMessage: (line) => peer().send(`re ${line}`),
    }));
    const address = await server.listen({ port: 0 });
    for (const [at, line] of ['a', 'bb'].entries()) {
      const client = createProtocol({ codec: lines() });
      await client.connect(address);
      await client.send(line);
      await expect.poll(() => client.stats.messagesIn).toBe(1);
      if (at === 0) {
        await client.disconnect();
        await expect.poll(() => server.stats.running).toBe(0);
      }
    }
    expect(server.stats).toMatchObject({
      ...{ admitted: 2, running: 1, bytesIn: 5, bytesOut: 11, messagesIn: 2, messagesOut: 2 },
      ...{ queuedBytes: 0, queuedMessages: 0, undelivered: 0 },
    });
  });
});
