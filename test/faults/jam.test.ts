/** Backpressure: peers that do not read, peers that are not read from, and how much is buffered. */

import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, lines, type Limits, type Timeouts } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { inbox } from '../support/peers.ts';
import { createClient } from '../support/qmp.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { gate, rejection } from '../support/signal.ts';
import { type ChaosListener, useChaosPeer } from './chaos-peer.ts';
import type { ConnectionReport, Script } from './steps.ts';
import {
  BROKEN,
  chainOf,
  endsBy,
  MIB,
  NEVER,
  only,
  measureGrowth,
  MONITOR,
  TRANSPORTS,
} from './support.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
/** 64 KiB with its terminator. */
const LINE = 'x'.repeat(64 * 1024 - 1);
const LINE_BYTES = LINE.length + 1;
/** More than the kernel buffers for a peer that does not read, on any transport. */
const LINES = (16 * MIB) / LINE_BYTES;

/** Opens a session and sends more lines than the kernel buffers. */
async function openStalled(
  listener: ChaosListener,
  timeouts: Timeouts = NEVER,
  limits: Limits = {},
) {
  const protocol = createProtocol({ codec: lines() }, { timeouts, limits });
  const recording = recordRunstates(protocol);
  await protocol.connect(listener.address);
  for (let number = 0; number < LINES; number += 1) void protocol.send(LINE);
  return { protocol, recording };
}

/** Asserts that the peer received what was counted as delivered, and at most a part of the rest. */
function expectDelivered(protocol: AsyncProtocol<string>, { received }: ConnectionReport): void {
  const delivered = LINES - (protocol.outcome?.undelivered ?? 0);
  expect(received).toBeGreaterThanOrEqual(delivered * LINE_BYTES);
  expect(received).toBeLessThan(LINES * LINE_BYTES);
}

describe.each(TRANSPORTS)('over %s, a peer that does not read', (transport) => {
  it('makes the flush deadline pass; what was lost is counted', async () => {
    const listener = await peer.listen(transport, ['stall', 'wait', 'read']);
    const { protocol, recording } = await openStalled(listener, only('flush', DEADLINE_MS));
    const error = await endsBy(DEADLINE_MS, () => rejection(protocol.disconnect()));
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT flush']);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome).toMatchObject({ cause: error });
    expect(protocol.outcome?.undelivered).toBeGreaterThan(LINES / 4);
    await listener.resume();
    expectDelivered(protocol, await listener.finalReport());
  });

  it('is left at once by a forced disconnect', async () => {
    const listener = await peer.listen(transport, ['stall', 'wait', 'read']);
    const { protocol, recording } = await openStalled(listener);
    const graceful = protocol.disconnect();
    await protocol.disconnect({ force: true });
    await graceful;
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(protocol.outcome?.undelivered).toBeGreaterThan(LINES / 4);
    await listener.resume();
    expectDelivered(protocol, await listener.finalReport());
  });

  it('and closes resets the connection, also during the flush', async () => {
    const listener = await peer.listen(transport, ['stall', 'wait', 'close']);
    const { protocol, recording } = await openStalled(listener);
    const disconnected = rejection(protocol.disconnect());
    await recording.until('DISCONNECTING');
    await listener.resume();
    expect(chainOf(await disconnected)).toEqual(['ClosedError ERR_CLOSED', BROKEN]);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome?.undelivered).toBeGreaterThan(LINES / 4);
  });

  it('and ends its side during a disconnect gets everything if it reads then', async () => {
    const listener = await peer.listen(transport, ['stall', 'wait', 'end', 'wait', 'read']);
    const { protocol, recording } = await openStalled(listener);
    const disconnected = protocol.disconnect();
    await recording.until('DISCONNECTING');
    await listener.resume();
    await listener.resume();
    await disconnected;
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    const { cause, suppressed, undelivered } = protocol.outcome ?? {};
    expect({ cause, undelivered }).toEqual({ cause: undefined, undelivered: 0 });
    expect(suppressed?.flatMap(chainOf)).toEqual(['ClosedError ERR_CLOSED']);
    expect(await listener.finalReport()).toMatchObject({
      received: LINES * LINE_BYTES,
      ended: true,
    });
  });

  it('and ends its side first gets everything, and its end is the cause', async () => {
    const listener = await peer.listen(transport, ['stall', 'wait', 'end', 'read']);
    const { protocol, recording } = await openStalled(listener);
    await listener.resume();
    const { cause, undelivered } = await protocol.closed;
    expect(chainOf(cause)).toEqual(['ClosedError ERR_CLOSED']);
    expect(undelivered).toBe(0);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(await listener.finalReport()).toMatchObject({
      received: LINES * LINE_BYTES,
      ended: true,
    });
  });

  it('limits the queue to the bound; what was accepted arrives when it reads', async () => {
    const listener = await peer.listen(transport, ['stall', 'wait', 'read']);
    const limits = { maxQueuedBytes: 8 * MIB };
    const rejections: unknown[] = [];
    const protocol = createProtocol({ codec: lines() }, { timeouts: NEVER, limits });
    await protocol.connect(listener.address);
    let accepted = 0;
    const { growth } = await measureGrowth(async () => {
      // Ten times the bound, without awaiting send().
      for (let number = 0; number < 10 * (limits.maxQueuedBytes / LINE_BYTES); number += 1) {
        accepted += 1;
        protocol.send(LINE).catch((error: unknown) => {
          accepted -= 1;
          rejections.push(error);
        });
        if (number % 8 === 0) await new Promise(setImmediate);
      }
    });
    expect(rejections.length).toBeGreaterThan(200);
    expect(new Set(rejections.map((error) => chainOf(error).join()))).toEqual(
      new Set(['LimitError ERR_LIMIT']),
    );
    expect(rejections[0]).toMatchObject({ limit: limits.maxQueuedBytes });
    expect(growth).toBeLessThan(3 * limits.maxQueuedBytes);
    await listener.resume();
    await protocol.disconnect();
    expect(await listener.finalReport()).toMatchObject({ received: accepted * LINE_BYTES });
  });
});

describe.each(TRANSPORTS)('over %s, a monitor that does not read', (transport) => {
  const running: Script = [{ send: MONITOR.greeting }, 'take', { send: MONITOR.reply }];
  const text = 'x'.repeat(MIB);

  it('and sends garbage also interrupts the commands that wait for room in the queue', async () => {
    const listener = await peer.listen(transport, [
      ...running,
      'stall',
      'wait',
      { send: '%!PS\n' },
      'close',
    ]);
    const client = createClient({ timeouts: NEVER });
    await client.connect(listener.address);
    const commands = Array.from({ length: 16 }, () => rejection(client.execute('any', { text })));
    await listener.resume();
    const { cause } = await client.closed;
    expect(chainOf(cause)).toEqual(['CodecError ERR_CODEC']);
    for (const error of await Promise.all(commands)) {
      expect(chainOf(error)[0]).toBe('ExecInterruptedError ERR_QMP_INTERRUPTED');
      expect(error).toHaveProperty('cause', cause);
    }
  });
});

describe('over tcp, a peer that has read everything', () => {
  it('and resets after our end of stream fails the session', async () => {
    const listener = await peer.listen('tcp', ['linger', 'wait', 'reset']);
    const { definition } = inbox();
    const protocol = createProtocol(definition, { timeouts: NEVER });
    const recording = recordRunstates(protocol);
    await protocol.connect(listener.address);
    const disconnected = rejection(protocol.disconnect());
    while (!(await listener.report()).ended);
    await listener.resume();
    expect(chainOf(await disconnected)).toEqual(['ClosedError ERR_CLOSED', 'ECONNRESET']);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });
});

/** Waits until a peer cannot write any more, and returns how many bytes it has written. */
async function plateauOf(listener: ChaosListener): Promise<number> {
  let written = -1;
  for (let same = 0; same < 20; same += 1) {
    const now = (await listener.report()).written;
    if (now === written) continue;
    written = now;
    same = 0;
  }
  return written;
}

describe.each(TRANSPORTS)('over %s, a peer that floods us', (transport) => {
  const FLOOD: Script = [{ flood: `${LINE}\n`, times: 4 * LINES }, 'end'];

  it('waits while a message is being handled, and then everything arrives', async () => {
    const listener = await peer.listen(transport, FLOOD);
    const handled = gate();
    let messages = 0;
    const onMessage = (): Promise<void> => {
      messages += 1;
      return handled.opened;
    };
    const definition = { codec: lines(), onMessage };
    const protocol = createProtocol(definition, { timeouts: NEVER });
    await protocol.connect(listener.address);
    const { value: written, growth } = await measureGrowth(() => plateauOf(listener));
    expect(messages).toBe(1);
    // The buffers of the kernel, on both sides.
    expect(written).toBeLessThan(LINES * LINE_BYTES);
    expect(growth).toBeLessThan(8 * MIB);
    handled.open();
    await protocol.closed;
    expect(messages).toBe(4 * LINES);
  });

  it('with events that are not read does not block replies, and buffering is bounded', async () => {
    const events: Script = [{ flood: MONITOR.event, times: 50_000 }];
    const script: Script = [{ send: MONITOR.greeting }, 'take', { send: MONITOR.reply }, ...events];
    const listener = await peer.listen(transport, [
      ...script,
      'take',
      ...events,
      { send: MONITOR.reply },
    ]);
    const client = createClient({ timeouts: NEVER });
    const failing = client.events('STOP');
    const dropping = client.events('STOP', { limit: 100, overflow: 'drop-oldest' });
    const { value, growth } = await measureGrowth(async () => {
      await client.connect(listener.address);
      return client.execute('query-name');
    });
    expect(value).toEqual({});
    expect(growth).toBeLessThan(16 * MIB);
    expect(dropping.dropped).toBe(100_000 - 100);
    let read = 0;
    const reading = async (): Promise<void> => {
      while ((await failing.next()).done !== true) read += 1;
    };
    const error = await rejection(reading());
    expect(chainOf(error)).toEqual(['LimitError ERR_LIMIT']);
    expect(read).toBe(10_000);
    await client.disconnect();
  });
});
