/** `qmpEvents`: the events of a server as events of a parent chart. */

import { describe, expect, it } from 'vitest';
import { waitFor } from 'xstate';
import { QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, greetingOf, ManualMonitor } from '../support/qmp.ts';
import { lateParent, setUp, start, until } from './qmp-logic-support.ts';

expectIdleAfterEach();

const QMP = 'qmp' as const;
const EVENTS = 'events' as const;

describe('qmpEvents beside a connection', () => {
  it.each([
    ['before it', [EVENTS, QMP]],
    ['after it', [QMP, EVENTS]],
  ] as const)('hears each event, and no reply, when it is invoked %s', async (_, order) => {
    const monitor = new ManualMonitor();
    const { parts, heard } = setUp();
    const input = { address: { stream: monitor.stream } };
    const parent = start(
      parts.createMachine({
        invoke: order.map((id) =>
          id === QMP ? { id: QMP, src: QMP, input } : { id: EVENTS, src: EVENTS },
        ),
        on: { '*': { actions: 'note' } },
      }),
    );
    // The first comes before the greeting: a message of the handshake.
    monitor.send(eventOf('A'));
    await monitor.establish();
    monitor.send(eventOf('B'), { return: {}, id: 'unknown' }, eventOf('STOP'));
    await waitFor(parent, () => heard.includes('QMP.STOP'));
    expect(heard).toEqual(['QMP.A', 'QMP.B', 'QMP.STOP']);
  });

  it('tells the data and the time of an event', async () => {
    const monitor = new ManualMonitor();
    const { parts } = setUp();
    const seen: object[] = [];
    const parent = start(
      parts.createMachine({
        invoke: [
          { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
          { id: 'events', src: 'events' },
        ],
        on: {
          'QMP.SHUTDOWN': { actions: ({ event }) => seen.push(event) },
          'QMP.STOP': { actions: ({ event }) => seen.push(event) },
        },
      }),
    );
    await monitor.establish();
    monitor.send(eventOf('SHUTDOWN', { guest: true, reason: 'guest-shutdown' }), eventOf('STOP'));
    await waitFor(parent, () => seen.length === 2);
    const timestamp = { seconds: 1, microseconds: 2 };
    expect(seen).toEqual([
      { type: 'QMP.SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' }, timestamp },
      { type: 'QMP.STOP', data: undefined, timestamp },
    ]);
  });
});

describe('qmpEvents over several sessions', () => {
  it('goes on in each, from its first event on', async () => {
    const { parent, monitor, heard, qmp } = lateParent();
    parent.send({ type: 'GO' });
    await monitor.establish();
    monitor.send(eventOf('A'));
    await waitFor(parent, () => heard.length === 1);
    parent.send({ type: 'END' });
    await waitFor(qmp, ({ value }) => value === 'IDLE');
    const next = new ManualMonitor();
    parent.send({ type: 'CONNECT', address: { stream: next.stream } });
    next.send(eventOf('B'), greetingOf());
    next.reply(await next.take());
    await waitFor(parent, () => heard.length === 2);
    expect(heard).toEqual(['QMP.A', 'QMP.B']);
  });

  it('goes on after a session that has failed, which is no error of its own', async () => {
    const { parent, monitor, heard, qmp } = lateParent();
    parent.send({ type: 'GO' });
    await monitor.establish();
    monitor.send('not JSON\n');
    await waitFor(qmp, ({ value }) => value === 'IDLE');
    expect(qmp.getSnapshot().context.outcome?.cause?.code).toBe('ERR_CODEC');
    expect(parent.getSnapshot()).toMatchObject({ status: 'active', value: 'on' });
    expect(parent.getSnapshot().children.events?.getSnapshot().status).toBe('active');
    expect(heard).toEqual([]);
  });
});

describe('qmpEvents and the end', () => {
  it('hears every event of a session before the end of its connection, and is done after it', async () => {
    const monitor = new ManualMonitor();
    const { parts, heard } = setUp({ once: true });
    const parent = start(
      parts.createMachine({
        invoke: [
          {
            id: 'qmp',
            src: 'qmp',
            input: { address: { stream: monitor.stream } },
            onDone: { actions: () => heard.push('qmp done') },
          },
          { id: 'events', src: 'events', onDone: { actions: () => heard.push('events done') } },
        ],
        on: { 'QMP.*': { actions: 'note' } },
      }),
    );
    await monitor.establish();
    monitor.send(eventOf('A'), eventOf('SHUTDOWN', { guest: true, reason: 'guest-shutdown' }));
    monitor.peer.end();
    await waitFor(parent, () => heard.includes('events done'));
    expect(heard).toEqual(['QMP.A', 'QMP.SHUTDOWN', 'qmp done', 'events done']);
  });

  it('is done at once when its connection has ended before', async () => {
    const { parent, monitor, heard, qmp } = lateParent({ once: true });
    await monitor.establish();
    monitor.send(eventOf('A'));
    monitor.peer.end();
    await waitFor(qmp, ({ status }) => status === 'done');
    parent.send({ type: 'GO' });
    await waitFor(parent, () => heard.length > 0);
    expect(heard).toEqual(['events done']);
  });

  it('leaves its parent to the errors of the connection when the definition has thrown', async () => {
    class Broken extends QmpClient {
      static override readonly name = 'Broken';
      constructor() {
        super();
        throw new TypeError('broken');
      }
    }
    const { parts } = setUp();
    const monitor = new ManualMonitor();
    const parent = start(
      parts
        .createMachine({
          invoke: [
            { id: 'events', src: 'events' },
            { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
          ],
        })
        .provide({ actors: { qmp: Broken.createMachine() } }),
    );
    const { qmp } = parent.getSnapshot().children;
    if (qmp === undefined) throw new Error('The parent has no connection');
    await waitFor(qmp, ({ context }) => context.outcome !== undefined);
    expect(qmp.getSnapshot().context.outcome?.cause?.cause).toMatchObject({
      code: 'ERR_HANDLER',
      cause: { message: 'broken' },
    });
    expect(parent.getSnapshot().status).toBe('active');
  });

  it('lets its parent leave in the middle of several events, which the next state gets', async () => {
    const monitor = new ManualMonitor();
    const { parts, heard } = setUp();
    const parent = start(
      parts.createMachine({
        invoke: { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
        initial: 'off',
        states: {
          off: { on: { GO: 'on' } },
          on: {
            invoke: { id: 'events', src: 'events' },
            on: { 'QMP.A': { target: 'next', actions: 'note' } },
          },
          next: { on: { 'QMP.*': { actions: 'note' } } },
        },
      }),
    );
    const { qmp } = parent.getSnapshot().children;
    if (qmp === undefined) throw new Error('The parent has no connection');
    await monitor.establish();
    monitor.send(eventOf('A'), eventOf('B'), eventOf('C'));
    await until(() => QmpClient.attach(qmp).stats.events === 3);
    parent.send({ type: 'GO' });
    expect(parent.getSnapshot().value).toBe('next');
    expect(heard).toEqual(['QMP.A', 'QMP.B', 'QMP.C']);
  });
});
