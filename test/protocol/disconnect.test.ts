/**
 * disconnect() of a session: what is delivered, how long it takes, and which call reports a
 * failure.
 */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { HandlerError, lines, type ProtocolOptions, TimeoutError } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { inbox, pair, rawPeer } from '../support/peers.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { brokenStream, countingStream, stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

const MEGABYTE = 'x'.repeat(1024 * 1024);

async function stalledPeer(options: ProtocolOptions = {}, onMessage?: () => void) {
  const peer = await rawPeer((socket) => socket.pause());
  const protocol = createProtocol({ codec: lines(), ...(onMessage && { onMessage }) }, options);
  await protocol.connect(peer.address);
  for (let i = 0; i < 8; i += 1) void protocol.send(MEGABYTE);
  return { peer, protocol, socket: await peer.connected };
}

describe('a peer that does not read', () => {
  it('X-08 cannot delay disconnect() past the flush deadline', async () => {
    const { protocol, socket } = await stalledPeer({ timeouts: { flush: 20 } });
    const error = await rejection(protocol.disconnect());
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ phase: 'flush', ms: 20 });
    const { cause, undelivered } = await protocol.closed;
    expect(cause).toBe(error);
    expect(undelivered).toBeGreaterThan(0);
    const closed = once(socket, 'close');
    socket.resume();
    await once(socket, 'end');
    socket.end();
    await closed;
  });

  it('X-08 cannot delay the end past the close deadline after a handler threw', async () => {
    const broken = new Error('broken');
    const { protocol, socket } = await stalledPeer({ timeouts: { close: 20 } }, () => {
      throw broken;
    });
    socket.write('go\n');
    const { cause, suppressed, undelivered } = await protocol.closed;
    expect(cause).toBeInstanceOf(HandlerError);
    expect(cause?.cause).toBe(broken);
    expect(suppressed).toMatchObject([{ code: 'ERR_TIMEOUT', phase: 'close' }]);
    expect(undelivered).toBeGreaterThan(0);
  });

  it('cannot delay a disconnect({ force: true }), also when it follows a graceful one', async () => {
    const { protocol } = await stalledPeer({ timeouts: { flush: Infinity, close: Infinity } });
    const disconnected = protocol.disconnect();
    expect(await hasSettled(disconnected)).toBe(false);
    await protocol.disconnect({ force: true });
    await disconnected;
    expect((await protocol.closed).undelivered).toBeGreaterThan(0);
  });

  it('cannot delay disconnect() past the close deadline when it never ends its side', async () => {
    const peer = await rawPeer();
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.connect(peer.address);
    const ended = once(await peer.connected, 'end');
    const disconnected = protocol.disconnect();
    await ended;
    expect(await hasSettled(disconnected)).toBe(false);
    clock.increment(2_000);
    await disconnected;
    expect(protocol.outcome).toMatchObject({ suppressed: [{ phase: 'close' }], undelivered: 0 });
    expect(protocol.outcome?.cause).toBeUndefined();
  });
});

describe('the end of the peer while flushing', () => {
  it('X-10 does not stop the flush, and the outcome has both results', async () => {
    const { protocol, socket } = await stalledPeer();
    const disconnected = protocol.disconnect();
    socket.end();
    // The end must arrive before the output is read.
    await turn();
    await turn();
    let bytes = 0;
    const ended = once(socket, 'end');
    socket.on('data', (chunk) => (bytes += chunk.length)).resume();
    await Promise.all([disconnected, ended]);
    expect(bytes).toBe(8 * (MEGABYTE.length + 1));
    expect(protocol.outcome).toMatchObject({
      undelivered: 0,
      suppressed: [{ code: 'ERR_CLOSED', expected: true }],
    });
  });
});

describe('a stream that breaks during disconnect()', () => {
  it('X-11 has the error of the write as the cause, not that of the end', async () => {
    const write = new Error('no writing');
    const stream = brokenStream({ write, final: new Error('no ending') });
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream });
    const sent = protocol.send('lost');
    const error = await rejection(protocol.disconnect());
    await sent;
    expect(error).toMatchObject({ code: 'ERR_CLOSED', cause: write });
    expect(protocol.outcome).toMatchObject({ cause: error, undelivered: 1 });
  });

  it('X-11 has the error of the end as the cause when the flush succeeded', async () => {
    const final = new Error('no ending');
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: brokenStream({ final }) });
    await protocol.send('taken');
    const error = await rejection(protocol.disconnect());
    expect(error).toMatchObject({ code: 'ERR_CLOSED', cause: final });
    expect(protocol.outcome).toMatchObject({ undelivered: 0 });
  });

  it('has the error of its destruction in `suppressed`', async () => {
    const destroy = new Error('no destroying');
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: brokenStream({ destroy }) });
    await protocol.disconnect({ force: true });
    const { cause, suppressed } = await protocol.closed;
    expect(cause).toBeUndefined();
    expect(suppressed).toMatchObject([{ code: 'ERR_CLOSED', cause: destroy }]);
  });
});

describe('disconnect() from a handler', () => {
  it('ends the session when it is not awaited', async () => {
    const protocol = createProtocol({
      codec: lines(),
      onMessage: () => void protocol.disconnect(),
    });
    const peer = await rawPeer((socket) => socket.end('go\n'));
    const recording = recordRunstates(protocol);
    await protocol.connect(peer.address);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });

  it('ends the session when it is awaited, and then the handler', async () => {
    const done = gate();
    const protocol = createProtocol({
      codec: lines(),
      onMessage: async () => {
        await protocol.disconnect();
        done.open();
      },
    });
    const peer = await rawPeer((socket) => socket.end('go\n'));
    await protocol.connect(peer.address);
    await done.opened;
    expect(protocol.runstate).toBe('IDLE');
  });

  it.each([
    [
      'thrown after it',
      (disconnect: () => void) => {
        disconnect();
        throw new Error('thrown');
      },
    ],
    [
      'that the handler rejects with in the same tick',
      (disconnect: () => void) => {
        const failed = gate();
        setImmediate(() => {
          failed.fail(new Error('rejected'));
          disconnect();
        });
        return failed.opened;
      },
    ],
  ])('does not hide an error %s', async (_, handle) => {
    const protocol = createProtocol({
      codec: lines(),
      onMessage: () =>
        handle(() => {
          protocol.disconnect().catch(() => undefined);
        }),
    });
    const peer = await rawPeer((socket) => socket.end('go\n'));
    await protocol.connect(peer.address);
    const { cause, suppressed } = await protocol.closed;
    expect([cause, ...suppressed].map((error) => error?.code)).toContain('ERR_HANDLER');
  });
});

describe('calls of disconnect()', () => {
  it('X-01 both resolve when there are two at once', async () => {
    const { left, right } = await pair({ codec: lines() });
    await Promise.all([left.disconnect(), left.disconnect()]);
    await right.closed;
  });

  it('X-01 both reject with the same error when there are two at once, and the next one resolves', async () => {
    const protocol = createProtocol({ codec: lines() }, { timeouts: { flush: 5 } });
    await protocol.connect({ stream: stalledStream() });
    void protocol.send('stuck');
    const both = [protocol.disconnect(), protocol.disconnect()].map(rejection);
    const [first, second] = await Promise.all(both);
    expect(first).toBeInstanceOf(TimeoutError);
    expect(second).toBe(first);
    await protocol.disconnect();
  });

  it('reject with the failure when the pending call before was aborted', async () => {
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.connect({ stream: stalledStream() });
    void protocol.send('stuck');
    const controller = new AbortController();
    const disconnected = protocol.disconnect({ signal: controller.signal });
    controller.abort('enough');
    expect(await rejection(disconnected)).toBe('enough');
    clock.increment(5_000);
    const { cause } = await protocol.closed;
    expect(cause).toMatchObject({ phase: 'flush' });
    expect(await rejection(protocol.disconnect())).toBe(cause);
  });

  it('do not reject with the failure of the session before', async () => {
    const { left, right } = await pair({ codec: lines() });
    await right.disconnect();
    await left.closed;
    const { stream } = countingStream();
    await left.connect({ stream });
    await left.disconnect();
    expect(left.outcome?.cause).toBeUndefined();
  });

  it('are made by `await using` at the end of its block', async () => {
    const { definition, count } = inbox();
    const { left, right } = await pair(definition);
    {
      await using session = left;
      void session.send('from the block');
    }
    expect(left.runstate).toBe('IDLE');
    expect(await count(1)).toEqual(['from the block']);
    await right.closed;
  });
});
