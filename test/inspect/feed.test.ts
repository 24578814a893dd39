/** Which messages a feed sends about an actor system, and in which order. */

import { describe, expect, it } from 'vitest';
import { assign, createActor, createMachine, emit, log as logAction, setup } from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import { eventOf, watch, nodeOf, stateOf } from './support.ts';

const door = createMachine({
  id: 'door',
  context: { opened: 0 },
  initial: 'closed',
  states: {
    closed: { on: { OPEN: { target: 'open', actions: [assign({ opened: 1 }), 'creak'] } } },
    open: { tags: ['wide'], on: { CLOSE: 'closed', REMOVE: 'gone' } },
    gone: { type: 'final' },
  },
  output: { wood: true },
}).provide({ actions: { creak: () => undefined } });

describe('a simple machine', () => {
  it('is registered, then reported event by event until it ends', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(door, { id: 'door', inspect: feed.inspect });
    actor.start();
    actor.send({ type: 'OPEN' });
    actor.send({ type: 'UNKNOWN' });
    actor.send({ type: 'REMOVE' });
    expect(log.summary).toEqual([
      'register door closed',
      'event door xstate.init',
      'state door closed',
      'event door OPEN',
      'state door open',
      'event door UNKNOWN',
      'state door open',
      'event door REMOVE',
      'state door gone (done)',
      'stop door',
    ]);
  });

  it('is registered with its definition and state', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(door, { id: 'front', inspect: feed.inspect }).start();
    const { sessionId } = actor;
    const message = log.registered('front');
    expect(message).toMatchObject({ sessionId, wirechart: { kind: 'machine', status: 'active' } });
    expect(message).not.toHaveProperty('parent');
    expect(nodeOf(message.machine)).toMatchObject({ id: 'door', initial: 'closed' });
    expect(stateOf(message)).toEqual({
      value: 'closed',
      context: { opened: 0 },
      _event: {
        name: 'xstate.init',
        data: { type: 'xstate.init' },
        $$type: 'scxml',
        type: 'external',
      },
      _sessionid: sessionId,
      event: { type: 'xstate.init' },
      actions: [],
      activities: {},
      meta: {},
      events: [],
      children: {},
      done: false,
      tags: [],
    });
  });

  it('has events with their data, and states with the event that led to them', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(door, { inspect: feed.inspect }).start();
    actor.send({ type: 'OPEN', by: { hand: 2n } });
    expect(eventOf(log.last('service.event'))).toEqual({
      name: 'OPEN',
      data: { type: 'OPEN', by: { hand: '2n' } },
      $$type: 'scxml',
      type: 'external',
    });
    expect(stateOf(log.last('service.state'))).toMatchObject({
      value: 'open',
      context: { opened: 1 },
      event: { type: 'OPEN', by: { hand: '2n' } },
      _event: { name: 'OPEN' },
      tags: ['wide'],
      done: false,
    });
  });

  it('has the executed actions, its output, and non-decreasing times', () => {
    const before = Date.now();
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(door, { inspect: feed.inspect }).start();
    actor.send({ type: 'OPEN' });
    expect(log.last('service.state').wirechart).toMatchObject({ actions: ['creak'] });
    actor.send({ type: 'REMOVE' });
    const { wirechart } = log.last('service.state');
    expect(wirechart).toMatchObject({ status: 'done', output: { wood: true } });
    expect(wirechart).not.toHaveProperty('actions');
    expect(stateOf(log.last('service.state')).done).toBe(true);
    const times = log.messages.map((message) =>
      'wirechart' in message ? message.wirechart.at : message.at,
    );
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(Math.abs((times[0] ?? 0) - before)).toBeLessThan(10_000);
  });

  it('is reported to be stopped', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(door, { id: 'door', inspect: feed.inspect }).start();
    log.clear();
    actor.stop();
    expect(log.of('service.state')).toMatchObject([{ wirechart: { status: 'stopped' } }]);
    expect(log.of('service.stop')).toMatchObject([{ sessionId: actor.sessionId }]);
    expect(log.lines).toHaveLength(2);
  });
});

describe('the handling of one event', () => {
  const traffic = setup({
    types: { emitted: {} as { type: 'blink'; times: bigint } },
    actions: { honk: () => undefined },
    guards: { isNight: () => true },
  }).createMachine({
    id: 'traffic',
    initial: 'red',
    states: {
      red: { on: { GO: { target: 'amber', actions: emit({ type: 'blink', times: 2n }) } } },
      amber: { always: { guard: 'isNight', target: 'flashing', actions: 'honk' } },
      flashing: {
        entry: [() => undefined, logAction('flash')],
        always: { actions: 'honk', guard: () => false },
      },
    },
    on: { NOTE: {} },
  });

  function started() {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(traffic, { id: 't', inspect: feed.inspect, logger: () => undefined });
    actor.on('blink', () => undefined);
    actor.start();
    return { log, actor };
  }

  it('is reported as microsteps with the transitions taken', () => {
    const { log, actor } = started();
    actor.send({ type: 'GO' });
    expect(log.last('service.state').wirechart.microsteps).toEqual([
      {
        event: 'GO',
        value: 'amber',
        transitions: [{ source: 'traffic.red', event: 'GO', target: ['traffic.amber'] }],
      },
      {
        event: 'GO',
        value: 'flashing',
        transitions: [{ source: 'traffic.amber', event: '', target: ['traffic.flashing'] }],
      },
    ]);
  });

  it('is a microstep without a transition when the event is not handled', () => {
    const { log, actor } = started();
    actor.send({ type: 'STRANGE' });
    expect(log.last('service.state').wirechart.microsteps).toEqual([
      { event: 'STRANGE', value: 'red', transitions: [] },
    ]);
    actor.send({ type: 'NOTE' });
    expect(log.last('service.state').wirechart.microsteps).toEqual([
      {
        event: 'NOTE',
        value: 'red',
        transitions: [{ source: 'traffic', event: 'NOTE', target: [] }],
      },
    ]);
  });

  it('is reported with all actions in order, and the emitted events', () => {
    const { log, actor } = started();
    actor.send({ type: 'GO' });
    const { wirechart } = log.last('service.state');
    expect(wirechart.actions).toEqual(['honk', 'inline', 'xstate.log']);
    expect(wirechart.emitted).toEqual([{ type: 'blink', times: '2n' }]);
    actor.send({ type: 'NOTE' });
    expect(log.last('service.state').wirechart).not.toHaveProperty('emitted');
  });

  it('includes the eventless transitions from the initial state', () => {
    const feed = new Feed();
    const log = watch(feed);
    const machine = createMachine({
      initial: 'a',
      states: { a: { always: 'b' }, b: { always: 'c' }, c: {} },
    });
    createActor(machine, { inspect: feed.inspect }).start();
    const steps = log.last('service.state').wirechart.microsteps ?? [];
    expect(steps.map(({ value }) => value)).toEqual(['b', 'c']);
  });

  it('is reported up to a hundred microsteps', () => {
    const feed = new Feed();
    const log = watch(feed);
    const counter = createMachine({
      context: { n: 0 },
      always: {
        guard: ({ context }) => context.n < 1_000,
        actions: [assign({ n: ({ context }) => context.n + 1 }), 'tick', emit({ type: 'tick' })],
      },
    }).provide({ actions: { tick: () => undefined } });
    createActor(counter, { inspect: feed.inspect }).start();
    const { microsteps, actions, emitted } = log.last('service.state').wirechart;
    expect([microsteps, actions, emitted].map((all) => all?.length)).toEqual([100, 100, 100]);
  });
});
