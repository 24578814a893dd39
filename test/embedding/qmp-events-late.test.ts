/** `qmpEvents` that starts in the middle of a session: the backlog. */

import { describe, expect, it, vi } from 'vitest';
import { waitFor } from 'xstate';
import { lineOf } from '../qmp/event-skipper-support.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, ManualMonitor } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { lateParent, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

describe('qmpEvents that is invoked late in a session', () => {
  it('hears all events of the session, then the later ones', async () => {
    const { parent, monitor, heard, qmp } = lateParent();
    monitor.send(eventOf('A'));
    await monitor.establish();
    await waitFor(qmp, (snapshot) => snapshot.hasTag('up'));
    monitor.send(eventOf('B'));
    await turn();
    expect(heard).toEqual([]);
    parent.send({ type: 'GO' });
    expect(heard).toEqual(['QMP.A', 'QMP.B']);
    monitor.send(eventOf('C'));
    await waitFor(parent, () => heard.length === 3);
    expect(heard).toEqual(['QMP.A', 'QMP.B', 'QMP.C']);
  });

  it('hears no event twice when its state is entered again, and none that came in between', async () => {
    const { parent, monitor, heard, qmp } = lateParent();
    await monitor.establish();
    await waitFor(qmp, (snapshot) => snapshot.hasTag('up'));
    monitor.send(eventOf('A'));
    await turn();
    parent.send({ type: 'GO' });
    parent.send({ type: 'GO' });
    expect(heard).toEqual(['QMP.A']);
    parent.send({ type: 'BACK' });
    monitor.send(eventOf('B'));
    await turn();
    parent.send({ type: 'GO' });
    monitor.send(eventOf('C'));
    await waitFor(parent, () => heard.includes('QMP.C'));
    expect(heard).toEqual(['QMP.A', 'QMP.C']);
  });

  it('hears the newest events when the backlog is full, and the others are counted', async () => {
    const { parent, monitor, heard, client } = lateParent({ eventBacklog: { limit: 2 } });
    await monitor.establish();
    monitor.send(...['A', 'B', 'C', 'STOP'].map((name) => eventOf(name)));
    await until(() => client.stats.events === 4);
    parent.send({ type: 'GO' });
    expect(heard).toEqual(['QMP.C', 'QMP.STOP']);
    expect(client.stats.eventsDropped).toBe(2);
  });

  it('does not hear an event that takes more memory than the backlog may', async () => {
    const { parent, monitor, heard, client } = lateParent({ eventBacklog: { maxBytes: 4096 } });
    await monitor.establish();
    monitor.send(eventOf('A'), eventOf('B', { text: 'x'.repeat(4096) }), eventOf('C'));
    await until(() => client.stats.events === 3);
    parent.send({ type: 'GO' });
    expect(heard).toEqual(['QMP.C']);
    expect(client.stats.eventsDropped).toBe(2);
  });

  it('hears events that were skipped in order with the others, and they are decoded only then', async () => {
    const { parent, monitor, heard, events, client } = lateParent();
    await monitor.establish();
    const parse = vi.spyOn(JSON, 'parse');
    const big = '18446744073709551615';
    monitor.send(lineOf('A', { text: 'ä', members: [1, { a: null }] }), eventOf('B'));
    monitor.send(lineOf('C', { n: 1 }).replace('"n": 1', `"n": ${big}`), lineOf('STOP'));
    await until(() => client.stats.events === 4);
    // Only those that QEMU would not write so.
    expect(parse.mock.calls.flat().join()).not.toContain('"C"');
    parse.mockRestore();
    parent.send({ type: 'GO' });
    expect(heard).toEqual(['QMP.A', 'QMP.B', 'QMP.C', 'QMP.STOP']);
    expect(events).toMatchObject([
      {
        data: { text: 'ä', members: [1, { a: null }] },
        timestamp: { seconds: 1, microseconds: 2 },
      },
      { data: undefined },
      { data: { n: BigInt(big) } },
      { data: undefined },
    ]);
  });

  it('hears only later events without a backlog, and earlier ones are not decoded', async () => {
    const { parent, monitor, heard, client } = lateParent({ eventBacklog: { limit: 0 } });
    await monitor.establish();
    // As QEMU writes it: only then is an event skipped.
    monitor.send('{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "A"}\r\n');
    await until(() => client.stats.events === 1);
    expect(client.stats.messagesIn).toBe(2);
    parent.send({ type: 'GO' });
    monitor.send(eventOf('B'));
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['QMP.B']);
  });

  it('hears no event of a session that has ended', async () => {
    const { parent, monitor, heard, qmp } = lateParent();
    await monitor.establish();
    monitor.send(eventOf('A'));
    monitor.peer.end();
    await waitFor(qmp, ({ value }) => value === 'IDLE');
    parent.send({ type: 'GO' });
    await turn();
    expect(heard).toEqual([]);
    const next = new ManualMonitor();
    parent.send({ type: 'CONNECT', address: { stream: next.stream } });
    await next.establish();
    next.send(eventOf('B'));
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['QMP.B']);
  });

  it('hears no event of an attempt that failed before', async () => {
    const { parent, monitor, heard, qmp, client } = lateParent();
    monitor.send(eventOf('A'), { wrong: 'greeting' });
    await waitFor(qmp, ({ value, context }) => value === 'IDLE' && context.session === 1);
    expect(client.stats.events).toBe(1);
    parent.send({ type: 'GO' });
    await turn();
    expect(heard).toEqual([]);
  });
});
