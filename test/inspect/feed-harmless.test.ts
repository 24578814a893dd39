/** What is watched does not feel it, and no watcher is harmed by another. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createActor, createMachine, emit, fromCallback } from 'xstate';
import { Feed, type Sink } from '../../src/inspect/feed.ts';
import { turn } from '../support/signal.ts';
import { eventOf, listenTo, stateOf } from './support.ts';

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

/** XState's development build warns of an event for an actor that has ended. */
function expectWarnings() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => {
    warn.mockRestore();
  });
  return warn;
}

describe.each(WAYS)('a sink that throws, by %s,', (way) => {
  it('harms neither the machine nor the other sinks, whoever was first', () => {
    const feed = new Feed();
    const before = listenTo(feed);
    const throwing = vi.fn<Sink>(thrower);
    feed.add(throwing);
    const after = listenTo(feed);
    const actor = lampOf(feed, way);
    actor.send({ type: 'TOGGLE' });
    expect(actor.getSnapshot()).toMatchObject({ value: 'on', status: 'active' });
    for (const heard of [before, after]) {
      const story = heard.story.filter((line) => !line.startsWith('problem'));
      expect(story).toEqual([
        'register lamp off',
        'event lamp xstate.init',
        'state lamp off',
        'event lamp TOGGLE',
        'state lamp on',
      ]);
      expect(heard.of('wirechart.problem').map(({ text }) => text)).toEqual(
        Array(5).fill('Error: broken'),
      );
    }
    // It is told of everything all the same, and of the problems, which throw as well.
    expect(throwing).toHaveBeenCalledTimes(10);
  });

  it('may throw when it is told what there is', () => {
    const feed = new Feed();
    lampOf(feed, way);
    expect(() => {
      feed.add(thrower);
      feed.replay(thrower);
    }).not.toThrow();
    expect(listenTo(feed).story).toEqual(['register lamp off']);
  });

  it('is complained of ten times', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    feed.add(thrower);
    const actor = lampOf(feed, way);
    for (let at = 0; at < 100; at += 1) actor.send({ type: 'TOGGLE' });
    expect(heard.of('wirechart.problem')).toHaveLength(10);
    expect(heard.statesOf('lamp')).toHaveLength(101);
  });

  it('may throw what has no text', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    feed.add(() => {
      throw Object.create(null);
    });
    lampOf(feed, way);
    expect(heard.of('wirechart.problem')[0]?.text).toBe('an unprintable object');
  });
});

describe.each(WAYS)('a value that throws when it is looked at, by %s,', (way) => {
  const contexts: [string, object][] = [
    [
      'a getter',
      {
        get secret() {
          return thrower();
        },
        n: 1,
      },
    ],
    ['toJSON()', { toJSON: thrower }],
    ['a proxy', { inner: new Proxy({}, { ownKeys: thrower, get: thrower, has: thrower }) }],
  ];

  it.each(contexts)('is hidden, and harms nobody: %s', (_, context) => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const machine = createMachine({ context, on: { GO: {} } });
    const actor = createActor(machine, {
      id: 'm',
      ...(way === 'inspect' && { inspect: feed.inspect }),
    });
    if (way === 'attach') feed.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'GO', context });
    expect(heard.story.slice(-2)).toEqual(['event m GO', 'state m {}']);
    expect(JSON.stringify(stateOf(heard.last('service.state')).context)).toContain(
      'threw when it was',
    );
    expect(eventOf(heard.last('service.event')).data['type']).toBe('GO');
    expect(heard.of('wirechart.problem')).toEqual([]);
    expect(actor.getSnapshot().status).toBe('active');
  });
});

describe('sanitize', () => {
  const fail = () => {
    throw Object.assign(new Error('broken'), { password: 'hush' });
  };
  const machine = createMachine({ context: { password: 'hush', user: 'me' }, on: { LOGIN: {} } });

  it('replaces in contexts and events', () => {
    const feed = new Feed((key, value) => (key === 'password' ? '…' : value));
    const heard = listenTo(feed);
    const actor = createActor(machine, { inspect: feed.inspect }).start();
    actor.send({ type: 'LOGIN', password: 'hush' });
    const text = heard.lines.join();
    expect(text).not.toContain('hush');
    expect(stateOf(heard.last('service.state')).context).toEqual({ password: '…', user: 'me' });
    expect(eventOf(heard.last('service.event')).data).toEqual({ type: 'LOGIN', password: '…' });
  });

  it('replaces in outputs, in errors and in what is emitted', async () => {
    const feed = new Feed((key, value) => (key === 'password' ? '…' : value));
    const heard = listenTo(feed);
    const secret = { password: 'hush' };
    const emitting = createMachine({
      initial: 'a',
      states: { a: { on: { END: 'z' } }, z: { type: 'final' } },
      on: { TELL: { actions: emit({ type: 'told', ...secret }) }, FAIL: { actions: fail } },
      output: secret,
    });
    const [one, other] = ['one', 'other'].map((id) =>
      createActor(emitting, { id, inspect: feed.inspect }),
    );
    other?.subscribe({ error: () => undefined });
    one?.start().on('*', () => undefined);
    one?.send({ type: 'TELL' });
    expect(heard.last('service.state').wirechart.emitted).toEqual([
      { type: 'told', password: '…' },
    ]);
    one?.send({ type: 'END' });
    expect(heard.last('service.state').wirechart.output).toEqual({ password: '…' });
    other?.start().send({ type: 'FAIL' });
    await turn();
    expect(heard.last('service.state').wirechart.error).toMatchObject({ password: '…' });
    expect(heard.lines.join()).not.toContain('hush');
  });

  it('that throws hides all, but for what is known without it', () => {
    const feed = new Feed(thrower);
    const heard = listenTo(feed);
    const actor = createActor(machine, { id: 'm', inspect: feed.inspect }).start();
    actor.send({ type: 'LOGIN', password: 'hush' });
    expect(heard.lines.join()).not.toContain('hush');
    expect(heard.story.slice(-2)).toEqual(['event m LOGIN', 'state m {}']);
    expect(eventOf(heard.last('service.event')).data).toEqual({
      type: 'LOGIN',
      hidden: '[hidden, because sanitize threw]',
    });
  });
});

describe('an event that is sent back', () => {
  const said = (event: object, more: object = {}) => ({
    type: 'xstate.event' as const,
    event: JSON.stringify({ name: 'any', data: event, $$type: 'scxml', type: 'external', ...more }),
  });

  it('reaches the actor that is its origin, or the one that is named beside it', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const [one, other] = [lampOf(feed), lampOf(feed, 'attach')];
    feed.send(said({ type: 'TOGGLE', by: 'hand' }, { origin: one.sessionId }));
    expect([one, other].map((actor) => actor.getSnapshot().value)).toEqual(['on', 'off']);
    feed.send({ ...said({ type: 'TOGGLE' }), service: other.sessionId });
    expect([one, other].map((actor) => actor.getSnapshot().value)).toEqual(['on', 'on']);
    expect(eventOf(heard.of('service.event').at(-2) ?? heard.last('service.event')).data).toEqual({
      type: 'TOGGLE',
      by: 'hand',
    });
  });

  it('is called as version 5 calls it', () => {
    const feed = new Feed();
    listenTo(feed);
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
    feed.send(said({ type: 'xstate.after(100000)#m.a' }, { origin: actor.sessionId }));
    expect(actor.getSnapshot().value).toBe('b');
    feed.send(said({ type: 'done.invoke.child' }, { origin: actor.sessionId }));
    expect(actor.getSnapshot().value).toBe('c');
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a text', '"TOGGLE"'],
    ['no data', '{"name":"TOGGLE","origin":"x:0"}'],
    ['data that is null', '{"data":null}'],
    ['no type', '{"data":{}}'],
    ['a type that is no text', '{"data":{"type":5}}'],
  ])('is a problem that is told when it is none: %s', (_, event) => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = lampOf(feed);
    heard.forget();
    feed.send({ type: 'xstate.event', event, service: actor.sessionId });
    expect(heard.story.map((line) => line.split(' ')[0])).toEqual(['problem']);
    expect(actor.getSnapshot().value).toBe('off');
  });

  it.each(['xstate.stop', 'xstate.init'])(
    "is ignored when it is XState's own to send: %s",
    (type) => {
      const feed = new Feed();
      const heard = listenTo(feed);
      const actor = lampOf(feed);
      heard.forget();
      feed.send(said({ type }, { origin: actor.sessionId }));
      expect(heard.lines).toEqual([]);
      expect(actor.getSnapshot().status).toBe('active');
    },
  );

  it('is ignored where nobody is meant, or one who is not there any more', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = lampOf(feed);
    actor.stop();
    heard.forget();
    feed.send(said({ type: 'TOGGLE' }));
    feed.send(said({ type: 'TOGGLE' }, { origin: 'nobody' }));
    feed.send(said({ type: 'TOGGLE' }, { origin: actor.sessionId }));
    feed.send(said({ type: 'TOGGLE' }, { origin: 5 }));
    expect(heard.lines).toEqual([]);
  });

  it('may be one that the actor fails at', async () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const machine = createMachine({ on: { GO: { actions: thrower } } });
    const actor = createActor(machine, { id: 'm', inspect: feed.inspect });
    actor.subscribe({ error: () => undefined });
    actor.start();
    feed.send(said({ type: 'GO' }, { origin: actor.sessionId }));
    await turn();
    expect(heard.story.slice(-2)).toEqual(['state m {} (error)', 'stop m']);
  });
});

describe('an event for an actor that has ended', () => {
  it.each(WAYS)('says nothing, by %s', async (way) => {
    const warn = expectWarnings();
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = lampOf(feed, way);
    actor.stop();
    heard.forget();
    actor.send({ type: 'TOGGLE' });
    await turn();
    expect(heard.lines).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(listenTo(feed).lines).toEqual([]);
  });
});
