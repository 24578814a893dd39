/** disconnect() of a session: what is delivered, how long it takes, and who is told. */

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
  it('X-08 cannot keep disconnect() past the flush deadline', async () => {
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

  it('X-08 cannot keep it past the close deadline after a handler threw', async () => {
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

  it('cannot keep a disconnect({ force: true }) at all, also behind a plain one', async () => {
    const { protocol } = await stalledPeer({ timeouts: { flush: Infinity, close: Infinity } });
    const left = protocol.disconnect();
    expect(await hasSettled(left)).toBe(false);
    await protocol.disconnect({ force: true });
    await left;
    expect((await protocol.closed).undelivered).toBeGreaterThan(0);
  });

  it('that never ends its side cannot keep it past the close deadline', async () => {
    const peer = await rawPeer();
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.connect(peer.address);
    const ended = once(await peer.connected, 'end');
    const left = protocol.disconnect();
    await ended;
    expect(await hasSettled(left)).toBe(false);
    clock.increment(2_000);
    await left;
    expect(protocol.outcome).toMatchObject({ suppressed: [{ phase: 'close' }], undelivered: 0 });
    expect(protocol.outcome?.cause).toBeUndefined();
  });
});

describe('the end of the peer while flushing', () => {
  it('X-10 does not stop the flush, and the outcome states both', async () => {
    const { protocol, socket } = await stalledPeer();
    const left = protocol.disconnect();
    socket.end();
    // The end must have come before the output is let go.
    await turn();
    await turn();
    let bytes = 0;
    const ended = once(socket, 'end');
    socket.on('data', (chunk) => (bytes += chunk.length)).resume();
    await Promise.all([left, ended]);
    expect(bytes).toBe(8 * (MEGABYTE.length + 1));
    expect(protocol.outcome).toMatchObject({
      undelivered: 0,
      suppressed: [{ code: 'ERR_CLOSED', expected: true }],
    });
  });
});

describe('a stream that breaks on the way out', () => {
  it('X-11 has the failed write for a cause, and the failed close with it', async () => {
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

  it('X-11 has the failed end for a cause when the flush was good', async () => {
    const final = new Error('no ending');
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: brokenStream({ final }) });
    await protocol.send('taken');
    const error = await rejection(protocol.disconnect());
    expect(error).toMatchObject({ code: 'ERR_CLOSED', cause: final });
    expect(protocol.outcome).toMatchObject({ undelivered: 0 });
  });

  it('keeps what destroying it failed with', async () => {
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
  it('called and not awaited ends the session', async () => {
    const protocol = createProtocol({
      codec: lines(),
      onMessage: () => void protocol.disconnect(),
    });
    const peer = await rawPeer((socket) => socket.end('go\n'));
    const recording = recordRunstates(protocol);
    await protocol.connect(peer.address);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });

  it('and awaited ends the session, and then the handler', async () => {
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
      (leave: () => void) => {
        leave();
        throw new Error('thrown');
      },
    ],
    [
      'rejected with in its tick',
      (leave: () => void) => {
        const failed = gate();
        setImmediate(() => {
          failed.fail(new Error('rejected'));
          leave();
        });
        return failed.opened;
      },
    ],
  ])('does not hide an error %s', async (_, act) => {
    const protocol = createProtocol({
      codec: lines(),
      onMessage: () =>
        act(() => {
          protocol.disconnect().catch(() => undefined);
        }),
    });
    const peer = await rawPeer((socket) => socket.end('go\n'));
    await protocol.connect(peer.address);
    const { cause, suppressed } = await protocol.closed;
    expect([cause, ...suppressed].map((error) => error?.code)).toContain('ERR_HANDLER');
  });
});

describe('who is told of a failure', () => {
  it('X-01 two disconnect() calls at once both resolve', async () => {
    const { left, right } = await pair({ codec: lines() });
    await Promise.all([left.disconnect(), left.disconnect()]);
    await right.closed;
  });

  it('X-01 two at once get the same error, and the next one resolves', async () => {
    const protocol = createProtocol({ codec: lines() }, { timeouts: { flush: 5 } });
    await protocol.connect({ stream: stalledStream() });
    void protocol.send('stuck');
    const both = [protocol.disconnect(), protocol.disconnect()].map(rejection);
    const [one, other] = await Promise.all(both);
    expect(one).toBeInstanceOf(TimeoutError);
    expect(other).toBe(one);
    await protocol.disconnect();
  });

  it('the next disconnect(), when the one under way was given up', async () => {
    const clock = new SimulatedClock();
    const protocol = createProtocol({ codec: lines() }, { clock });
    await protocol.connect({ stream: stalledStream() });
    void protocol.send('stuck');
    const controller = new AbortController();
    const left = protocol.disconnect({ signal: controller.signal });
    controller.abort('given up');
    expect(await rejection(left)).toBe('given up');
    clock.increment(5_000);
    const { cause } = await protocol.closed;
    expect(cause).toMatchObject({ phase: 'flush' });
    expect(await rejection(protocol.disconnect())).toBe(cause);
  });

  it('nobody, when the next session has begun', async () => {
    const { left, right } = await pair({ codec: lines() });
    await right.disconnect();
    await left.closed;
    const { stream } = countingStream();
    await left.connect({ stream });
    await left.disconnect();
    expect(left.outcome?.cause).toBeUndefined();
  });

  it('the end of an `await using` block', async () => {
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
