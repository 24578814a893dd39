/** Watching does not affect the watched actors, and no watcher affects another. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createActor, createMachine, emit, fromCallback } from 'xstate';
import { Feed, type Sink } from '../../src/inspect/feed.ts';
import { turn } from '../support/signal.ts';
import { eventOf, watch, stateOf } from './support.ts';

const WAYS = ['inspect', 'attach'] as const;

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' } } },
});

function lampOf(feed: Feed, way: (typeof WAYS)[number] = 'inspect') {
  const actor = createActor(lamp, {
    id: 'lamp',
    ...(way === 'inspect' && { inspect: feed.inspect }),
  });
  if (way === 'attach') feed.inspect.attach(actor);
  return actor.start();
}

const thrower = () => {
  throw new Error('broken');
};

/** XState's development build warns when an event is sent to an ended actor. */
function expectWarnings() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => {
    warn.mockRestore();
  });
  return warn;
}

describe.each(WAYS)('a sink that throws, by %s,', (way) => {
  it('affects neither the machine nor the other sinks, whichever was added first', () => {
    const feed = new Feed();
    const before = watch(feed);
    const throwing = vi.fn<Sink>(thrower);
    feed.add(throwing);
    const after = watch(feed);
    const actor = lampOf(feed, way);
    actor.send({ type: 'TOGGLE' });
    expect(actor.getSnapshot()).toMatchObject({ value: 'on', status: 'active' });
    for (const log of [before, after]) {
      const summary = log.summary.filter((line) => !line.startsWith('problem'));
      expect(summary).toEqual([
        'register lamp off',
        'event lamp xstate.init',
        'state lamp off',
        'event lamp TOGGLE',
        'state lamp on',
      ]);
      expect(log.of('wirechart.problem').map(({ text }) => text)).toEqual(
        Array(5).fill('Error: broken'),
      );
    }
    // It still gets everything, including the problem messages, at which it throws too.
    expect(throwing).toHaveBeenCalledTimes(10);
  });

  it('can throw when it gets the registrations', () => {
    const feed = new Feed();
    lampOf(feed, way);
    expect(() => {
      feed.add(thrower);
      feed.replay(thrower);
    }).not.toThrow();
    expect(watch(feed).summary).toEqual(['register lamp off']);
  });

  it('is reported ten times', () => {
    const feed = new Feed();
    const log = watch(feed);
    feed.add(thrower);
    const actor = lampOf(feed, way);
    for (let at = 0; at < 100; at += 1) actor.send({ type: 'TOGGLE' });
    expect(log.of('wirechart.problem')).toHaveLength(10);
    expect(log.statesOf('lamp')).toHaveLength(101);
  });

  it('can throw a value that has no text', () => {
    const feed = new Feed();
    const log = watch(feed);
    feed.add(() => {
      throw Object.create(null);
    });
    lampOf(feed, way);
    expect(log.of('wirechart.problem')[0]?.text).toBe('an unprintable object');
  });
});

describe.each(WAYS)('a value that throws when it is read, by %s,', (way) => {
  const contexts: [string, object][] = [
    [
      'a getter',
      {
        get shy() {
          return thrower();
        },
        n: 1,
      },
    ],
    ['toJSON()', { toJSON: thrower }],
    ['a proxy', { inner: new Proxy({}, { ownKeys: thrower, get: thrower, has: thrower }) }],
  ];

  it.each(contexts)('is hidden without an effect: %s', (_, context) => {
    const feed = new Feed();
    const log = watch(feed);
    const machine = createMachine({ context, on: { GO: {} } });
    const actor = createActor(machine, {
      id: 'm',
      ...(way === 'inspect' && { inspect: feed.inspect }),
    });
    if (way === 'attach') feed.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'GO', context });
    expect(log.summary.slice(-2)).toEqual(['event m GO', 'state m {}']);
    expect(JSON.stringify(stateOf(log.last('service.state')).context)).toContain(
      'threw while it was read',
    );
    expect(eventOf(log.last('service.event')).data['type']).toBe('GO');
    expect(log.of('wirechart.problem')).toEqual([]);
    expect(actor.getSnapshot().status).toBe('active');
  });
});

describe('sanitize', () => {
  const fail = () => {
    throw Object.assign(new Error('broken'), { password: 'hush' });
  };
  const machine = createMachine({ context: { password: 'hush', user: 'me' }, on: { LOGIN: {} } });

  it('replaces values in contexts and events', () => {
    const feed = new Feed((key, value) => (key === 'password' ? '…' : value));
    const log = watch(feed);
    const actor = createActor(machine, { inspect: feed.inspect }).start();
    actor.send({ type: 'LOGIN', password: 'hush' });
    const text = log.lines.join();
    expect(text).not.toContain('hush');
    expect(stateOf(log.last('service.state')).context).toEqual({ password: '…', user: 'me' });
    expect(eventOf(log.last('service.event')).data).toEqual({ type: 'LOGIN', password: '…' });
  });

  it('replaces values in outputs, errors and emitted events', async () => {
    const feed = new Feed((key, value) => (key === 'password' ? '…' : value));
    const log = watch(feed);
    const secret = { password: 'hush' };
    const emitting = createMachine({
      initial: 'a',
      states: { a: { on: { END: 'z' } }, z: { type: 'final' } },
      on: { EMIT: { actions: emit({ type: 'emitted', ...secret }) }, FAIL: { actions: fail } },
      output: secret,
    });
    const [one, other] = ['one', 'other'].map((id) =>
      createActor(emitting, { id, inspect: feed.inspect }),
    );
    other?.subscribe({ error: () => undefined });
    one?.start().on('*', () => undefined);
    one?.send({ type: 'EMIT' });
    expect(log.last('service.state').wirechart.emitted).toEqual([
      { type: 'emitted', password: '…' },
    ]);
    one?.send({ type: 'END' });
    expect(log.last('service.state').wirechart.output).toEqual({ password: '…' });
    other?.start().send({ type: 'FAIL' });
    await turn();
    expect(log.last('service.state').wirechart.error).toMatchObject({ password: '…' });
    expect(log.lines.join()).not.toContain('hush');
  });

  it('hides everything but names when it throws', () => {
    const feed = new Feed(thrower);
    const log = watch(feed);
    const actor = createActor(machine, { id: 'm', inspect: feed.inspect }).start();
    actor.send({ type: 'LOGIN', password: 'hush' });
    expect(log.lines.join()).not.toContain('hush');
    expect(log.summary.slice(-2)).toEqual(['event m LOGIN', 'state m {}']);
    expect(eventOf(log.last('service.event')).data).toEqual({
      type: 'LOGIN',
      hidden: '[hidden, because sanitize threw]',
    });
  });
});

describe('an event from an inspector', () => {
  const command = (event: object, more: object = {}) => ({
    type: 'xstate.event' as const,
    event: JSON.stringify({ name: 'any', data: event, $$type: 'scxml', type: 'external', ...more }),
  });

  it('reaches the actor in its `origin`, or in `service`', () => {
    const feed = new Feed();
    const log = watch(feed);
    const [one, other] = [lampOf(feed), lampOf(feed, 'attach')];
    feed.send(command({ type: 'TOGGLE', by: 'hand' }, { origin: one.sessionId }));
    expect([one, other].map((actor) => actor.getSnapshot().value)).toEqual(['on', 'off']);
    feed.send({ ...command({ type: 'TOGGLE' }), service: other.sessionId });
    expect([one, other].map((actor) => actor.getSnapshot().value)).toEqual(['on', 'on']);
    expect(eventOf(log.of('service.event').at(-2) ?? log.last('service.event')).data).toEqual({
      type: 'TOGGLE',
      by: 'hand',
    });
  });

  it('gets its version 5 name', () => {
    const feed = new Feed();
    watch(feed);
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { after: { 100_000: 'b' } },
        b: { invoke: { id: 'child', src: fromCallback(() => undefined), onDone: 'c' } },
        c: {},
      },
    });
    const actor = createActor(machine, { inspect: feed.inspect }).start();
    onTestFinished(() => void actor.stop());
    feed.send(command({ type: 'xstate.after(100000)#m.a' }, { origin: actor.sessionId }));
    expect(actor.getSnapshot().value).toBe('b');
    feed.send(command({ type: 'done.invoke.child' }, { origin: actor.sessionId }));
    expect(actor.getSnapshot().value).toBe('c');
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a text', '"TOGGLE"'],
    ['no data', '{"name":"TOGGLE","origin":"x:0"}'],
    ['data that is null', '{"data":null}'],
    ['no type', '{"data":{}}'],
    ['a type that is not a string', '{"data":{"type":5}}'],
  ])('is reported as a problem when it is malformed: %s', (_, event) => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = lampOf(feed);
    log.clear();
    feed.send({ type: 'xstate.event', event, service: actor.sessionId });
    expect(log.summary.map((line) => line.split(' ')[0])).toEqual(['problem']);
    expect(actor.getSnapshot().value).toBe('off');
  });

  it.each(['xstate.stop', 'xstate.init'])(
    'is ignored when only XState itself may send it: %s',
    (type) => {
      const feed = new Feed();
      const log = watch(feed);
      const actor = lampOf(feed);
      log.clear();
      feed.send(command({ type }, { origin: actor.sessionId }));
      expect(log.lines).toEqual([]);
      expect(actor.getSnapshot().status).toBe('active');
    },
  );

  it('is ignored when it names no actor, an unknown one or an ended one', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = lampOf(feed);
    actor.stop();
    log.clear();
    feed.send(command({ type: 'TOGGLE' }));
    feed.send(command({ type: 'TOGGLE' }, { origin: 'unknown' }));
    feed.send(command({ type: 'TOGGLE' }, { origin: actor.sessionId }));
    feed.send(command({ type: 'TOGGLE' }, { origin: 5 }));
    expect(log.lines).toEqual([]);
  });

  it('can make the actor fail', async () => {
    const feed = new Feed();
    const log = watch(feed);
    const machine = createMachine({ on: { GO: { actions: thrower } } });
    const actor = createActor(machine, { id: 'm', inspect: feed.inspect });
    actor.subscribe({ error: () => undefined });
    actor.start();
    feed.send(command({ type: 'GO' }, { origin: actor.sessionId }));
    await turn();
    expect(log.summary.slice(-2)).toEqual(['state m {} (error)', 'stop m']);
  });
});

describe('an event for an actor that has ended', () => {
  it.each(WAYS)('is not reported, by %s', async (way) => {
    const warn = expectWarnings();
    const feed = new Feed();
    const log = watch(feed);
    const actor = lampOf(feed, way);
    actor.stop();
    log.clear();
    actor.send({ type: 'TOGGLE' });
    await turn();
    expect(log.lines).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(watch(feed).lines).toEqual([]);
  });
});
