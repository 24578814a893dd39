/** Peers that do not read, and peers that are not read: who waits for whom, and how much is held. */

import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, lines, type Limits, type Timeouts } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { inbox } from '../support/peers.ts';
import { createClient } from '../support/qmp.ts';
import { SESSION_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { gate, rejection } from '../support/signal.ts';
import { type Lair, useChaosPeer } from './chaos-peer.ts';
import type { Account, Script } from './steps.ts';
import {
  BROKEN,
  chainOf,
  endsBy,
  MIB,
  NEVER,
  only,
  weighed,
  wire as says,
  WIRES,
} from './vocabulary.ts';

expectIdleAfterEach();
const peer = useChaosPeer();

const DEADLINE_MS = 100;
/** With its line end, 64 KiB. */
const LINE = 'x'.repeat(64 * 1024 - 1);
const LINE_BYTES = LINE.length + 1;
/** More than the kernel holds for a peer that does not read, on any wire. */
const LINES = (16 * MIB) / LINE_BYTES;

/** A session with lines on their way that do not fit into the kernel. */
async function jammed(lair: Lair, timeouts: Timeouts = NEVER, limits: Limits = {}) {
  const protocol = createProtocol({ codec: lines() }, { timeouts, limits });
  const recording = recordRunstates(protocol);
  await protocol.connect(lair.address);
  for (let number = 0; number < LINES; number += 1) void protocol.send(LINE);
  return { protocol, recording };
}

/** What is said to be with the kernel is what the peer reads, or a part of the message after it. */
function expectDelivered(protocol: AsyncProtocol<string>, { received }: Account): void {
  const delivered = LINES - (protocol.outcome?.undelivered ?? 0);
  expect(received).toBeGreaterThanOrEqual(delivered * LINE_BYTES);
  expect(received).toBeLessThan(LINES * LINE_BYTES);
}

describe.each(WIRES)('over %s, a peer that does not read', (on) => {
  it('ends a disconnect by the deadline for the flush, which counts what was lost', async () => {
    const lair = await peer.play(on, ['stall', 'wait', 'read']);
    const { protocol, recording } = await jammed(lair, only('flush', DEADLINE_MS));
    const error = await endsBy(DEADLINE_MS, rejection(protocol.disconnect()));
    expect(chainOf(error)).toEqual(['TimeoutError ERR_TIMEOUT flush']);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome).toMatchObject({ cause: error });
    expect(protocol.outcome?.undelivered).toBeGreaterThan(LINES / 4);
    await lair.go();
    expectDelivered(protocol, await lair.end());
  });

  it('is left at once by a disconnect with force', async () => {
    const lair = await peer.play(on, ['stall', 'wait', 'read']);
    const { protocol, recording } = await jammed(lair);
    const patient = protocol.disconnect();
    await protocol.disconnect({ force: true });
    await patient;
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome?.cause).toBeUndefined();
    expect(protocol.outcome?.undelivered).toBeGreaterThan(LINES / 4);
    await lair.go();
    expectDelivered(protocol, await lair.end());
  });

  it('and closes: a reset, in the middle of the flush too', async () => {
    const lair = await peer.play(on, ['stall', 'wait', 'close']);
    const { protocol, recording } = await jammed(lair);
    const left = rejection(protocol.disconnect());
    await recording.until('DISCONNECTING');
    await lair.go();
    expect(chainOf(await left)).toEqual(['ClosedError ERR_CLOSED', BROKEN]);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(protocol.outcome?.undelivered).toBeGreaterThan(LINES / 4);
  });

  it('and ends its own side, then reads: all of it is flushed, and no failure', async () => {
    const lair = await peer.play(on, ['stall', 'wait', 'end', 'wait', 'read']);
    const { protocol, recording } = await jammed(lair);
    const left = protocol.disconnect();
    await recording.until('DISCONNECTING');
    await lair.go();
    await lair.go();
    await left;
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    const { cause, suppressed, undelivered } = protocol.outcome ?? {};
    expect({ cause, undelivered }).toEqual({ cause: undefined, undelivered: 0 });
    expect(suppressed?.flatMap(chainOf)).toEqual(['ClosedError ERR_CLOSED']);
    expect(await lair.end()).toMatchObject({ received: LINES * LINE_BYTES, ended: true });
  });

  it('and ends its own side first: the flush comes before the end, which is the cause', async () => {
    const lair = await peer.play(on, ['stall', 'wait', 'end', 'read']);
    const { protocol, recording } = await jammed(lair);
    await lair.go();
    const { cause, undelivered } = await protocol.closed;
    expect(chainOf(cause)).toEqual(['ClosedError ERR_CLOSED']);
    expect(undelivered).toBe(0);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
    expect(await lair.end()).toMatchObject({ received: LINES * LINE_BYTES, ended: true });
  });

  it('is sent no more than the bound; what was accepted arrives when it reads', async () => {
    const lair = await peer.play(on, ['stall', 'wait', 'read']);
    const limits = { maxQueuedBytes: 8 * MIB };
    const refusals: unknown[] = [];
    const protocol = createProtocol({ codec: lines() }, { timeouts: NEVER, limits });
    await protocol.connect(lair.address);
    let accepted = 0;
    const { growth } = await weighed(async () => {
      // Ten times the bound, by a caller that does not wait.
      for (let number = 0; number < 10 * (limits.maxQueuedBytes / LINE_BYTES); number += 1) {
        accepted += 1;
        protocol.send(LINE).catch((error: unknown) => {
          accepted -= 1;
          refusals.push(error);
        });
        if (number % 8 === 0) await new Promise(setImmediate);
      }
    });
    expect(refusals.length).toBeGreaterThan(200);
    expect(new Set(refusals.map((error) => chainOf(error).join()))).toEqual(
      new Set(['LimitError ERR_LIMIT']),
    );
    expect(refusals[0]).toMatchObject({ limit: limits.maxQueuedBytes });
    expect(growth).toBeLessThan(3 * limits.maxQueuedBytes);
    await lair.go();
    await protocol.disconnect();
    expect(await lair.end()).toMatchObject({ received: accepted * LINE_BYTES });
  });
});

describe.each(WIRES)('over %s, a monitor that does not read', (on) => {
  const running: Script = [{ say: says.greeting }, 'take', { say: says.reply }];
  const text = 'x'.repeat(MIB);

  it('and speaks garbage interrupts the commands that wait for room as it does all others', async () => {
    const lair = await peer.play(on, [...running, 'stall', 'wait', { say: '%!PS\n' }, 'close']);
    const client = createClient({ timeouts: NEVER });
    await client.connect(lair.address);
    const commands = Array.from({ length: 16 }, () => rejection(client.execute('any', { text })));
    await lair.go();
    const { cause } = await client.closed;
    expect(chainOf(cause)).toEqual(['CodecError ERR_CODEC']);
    for (const error of await Promise.all(commands)) {
      expect(chainOf(error)[0]).toBe('ExecInterruptedError ERR_QMP_INTERRUPTED');
      expect(error).toHaveProperty('cause', cause);
    }
  });
});

describe('over tcp, a peer that has read everything', () => {
  it('and resets when we have ended: that is the cause', async () => {
    const lair = await peer.play('tcp', ['linger', 'wait', 'reset']);
    const { definition } = inbox();
    const protocol = createProtocol(definition, { timeouts: NEVER });
    const recording = recordRunstates(protocol);
    await protocol.connect(lair.address);
    const left = rejection(protocol.disconnect());
    while (!(await lair.tell()).ended);
    await lair.go();
    expect(chainOf(await left)).toEqual(['ClosedError ERR_CLOSED', 'ECONNRESET']);
    expect(await recording.until('IDLE')).toEqual(SESSION_RUNSTATES);
  });
});

/** How much a peer was let write: the same number again and again, as long as nobody reads. */
async function plateauOf(lair: Lair): Promise<number> {
  let written = -1;
  for (let same = 0; same < 20; same += 1) {
    const now = (await lair.tell()).written;
    if (now === written) continue;
    written = now;
    same = 0;
  }
  return written;
}

describe.each(WIRES)('over %s, a peer that floods us', (on) => {
  const FLOOD: Script = [{ flood: `${LINE}\n`, times: 4 * LINES }, 'end'];

  it('waits while a message is handled, and then everything arrives', async () => {
    const lair = await peer.play(on, FLOOD);
    const handled = gate();
    let messages = 0;
    const onMessage = (): Promise<void> => {
      messages += 1;
      return handled.opened;
    };
    const definition = { codec: lines(), onMessage };
    const protocol = createProtocol(definition, { timeouts: NEVER });
    await protocol.connect(lair.address);
    const { value: written, growth } = await weighed(() => plateauOf(lair));
    expect(messages).toBe(1);
    // What two kernels' buffers hold.
    expect(written).toBeLessThan(LINES * LINE_BYTES);
    expect(growth).toBeLessThan(8 * MIB);
    handled.open();
    await protocol.closed;
    expect(messages).toBe(4 * LINES);
  });

  it('with events that nobody reads is answered still, and what is held is bounded', async () => {
    const events: Script = [{ flood: says.event, times: 50_000 }];
    const script: Script = [{ say: says.greeting }, 'take', { say: says.reply }, ...events];
    const lair = await peer.play(on, [...script, 'take', ...events, { say: says.reply }]);
    const client = createClient({ timeouts: NEVER });
    const failing = client.events('STOP');
    const dropping = client.events('STOP', { limit: 100, overflow: 'drop-oldest' });
    const { value, growth } = await weighed(async () => {
      await client.connect(lair.address);
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
