/** `qmpEvents`: the events of a server as events of a parent chart. */

import { describe, expect, it } from 'vitest';
import { sendTo, waitFor } from 'xstate';
import { QmpClient } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { eventOf, greetingOf, ManualMonitor } from '../support/qmp.ts';
import { turn } from '../support/signal.ts';
import { setUp, start, until } from './qmp-logic-support.ts';

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
    monitor.send(eventOf('B'), { return: {}, id: 'of nobody' }, eventOf('STOP'));
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

/** A parent that invokes `qmpEvents` in its state `on` only. */
function lateParent(options: Parameters<typeof setUp>[0] = {}) {
  const monitor = new ManualMonitor();
  const { parts, heard } = setUp(options);
  const parent = start(
    parts.createMachine({
      invoke: { id: 'qmp', src: 'qmp', input: { address: { stream: monitor.stream } } },
      on: {
        'QMP.*': { actions: 'note' },
        CONNECT: { actions: sendTo('qmp', ({ event }) => event) },
        END: { actions: 'end' },
      },
      initial: 'off',
      states: {
        off: { on: { GO: 'on' } },
        on: {
          invoke: {
            id: 'events',
            src: 'events',
            onDone: { actions: () => heard.push('events done') },
          },
          on: { BACK: 'off', GO: { target: 'on', reenter: true } },
        },
      },
    }),
  );
  const qmp = parent.getSnapshot().children.qmp;
  if (qmp === undefined) throw new Error('The parent has no connection');
  return { parent, monitor, heard, qmp, client: QmpClient.attach(qmp) };
}

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
