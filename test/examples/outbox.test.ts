/** The queue of the example bridge: its shares, its order, its cost. */

import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { Outbox, type Outgoing } from '../../examples/outbox.ts';
import { gate } from '../support/signal.ts';

const VMS = ['vm1', 'vm2'] as const;

describe('an outbox', () => {
  /** A connection whose server confirms nothing until the gate opens. */
  function connection() {
    const sent: string[] = [];
    const { opened, open } = gate();
    const nc: Pick<NatsConnection, 'flush' | 'info' | 'isClosed' | 'publish'> = {
      isClosed: () => false,
      flush: () => opened,
      publish: (subject) => sent.push(subject),
    };
    return { nc, sent, open };
  }

  const message = (vm: string, n: number): Outgoing => ({
    vm,
    subject: `${vm}.${String(n)}`,
    data: '{}',
  });

  it('that is full takes 200 000 messages in the time of a few', () => {
    const { nc } = connection();
    const outbox = new Outbox(nc, 60_000 * 210, VMS);
    for (let n = 0; n < 70_000; n += 1) outbox.add(message('vm1', n));
    expect(outbox.lost).toBeGreaterThan(5_000);
    const start = performance.now();
    for (let n = 0; n < 200_000; n += 1) outbox.add(message('vm1', n));
    // It took 0.2 ms for each: 40 seconds.
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(outbox.size).toBeLessThan(65_000);
  });

  it('lets a machine use what others do not, and gives it back to them', async () => {
    const { nc, sent, open } = connection();
    const outbox = new Outbox(nc, 1_000 * 210, VMS);
    for (let n = 0; n < 2_000; n += 1) outbox.add(message('vm1', n));
    expect(outbox.size).toBeGreaterThan(900);
    for (let n = 0; n < 400; n += 1) outbox.add(message('vm2', n));
    for (let n = 2_000; n < 9_000; n += 1) outbox.add(message('vm1', n));
    open();
    await outbox.sent;
    expect(sent.filter((subject) => subject.startsWith('vm2.'))).toEqual(
      Array.from({ length: 400 }, (_, n) => `vm2.${String(n)}`),
    );
    expect(sent).toContain('vm.vm1.lost');
    expect(sent).not.toContain('vm.vm2.lost');
    expect(sent.at(-1)).toBe('vm1.8999');
  });

  it('sends in turns: one message of each machine', async () => {
    const { nc, sent, open } = connection();
    const outbox = new Outbox(nc, 1_000_000, VMS);
    for (let n = 0; n < 4; n += 1) outbox.add(message('vm1', n));
    for (let n = 0; n < 2; n += 1) outbox.add(message('vm2', n));
    open();
    await outbox.sent;
    expect(sent).toEqual(['vm1.0', 'vm1.1', 'vm2.0', 'vm1.2', 'vm2.1', 'vm1.3']);
  });
});
