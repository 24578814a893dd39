/** What a watcher gets, from when on; and that an unwatched feed does nothing. */

import { describe, expect, it, vi } from 'vitest';
import { type AnyActorRef, assign, createActor, createMachine, fromCallback } from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import { turn } from '../support/signal.ts';
import { MessageLog, watch, stateOf, summaryOf } from './support.ts';

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { on: { TOGGLE: 'on' } },
    on: { on: { TOGGLE: 'off' }, invoke: { id: 'glow', src: fromCallback(() => undefined) } },
  },
});

/** The ways to watch an actor. */
const WAYS = ['inspect', 'attach'] as const;

/** A lamp that a feed watches in one of the ways. */
function lampOf(feed: Feed, way: (typeof WAYS)[number], id = 'lamp') {
  const actor = createActor(lamp, { id, ...(way === 'inspect' && { inspect: feed.inspect }) });
  if (way === 'attach') feed.inspect.attach(actor);
  return actor.start();
}

describe.each(WAYS)('a watcher that is added late, by %s,', (way) => {
  it('gets the living actors with their current states, parents first', () => {
    const feed = new Feed();
    const actor = lampOf(feed, way);
    actor.send({ type: 'TOGGLE' });
    const log = watch(feed);
    expect(log.summary).toEqual(['register lamp on', 'register glow in lamp active']);
    actor.send({ type: 'TOGGLE' });
    expect(log.summary.slice(2)).toEqual([
      'event lamp TOGGLE',
      'state glow stopped',
      'stop glow',
      'state lamp off',
    ]);
  });

  it('gets no ended actors', () => {
    const feed = new Feed();
    const first = watch(feed);
    const actor = lampOf(feed, way);
    for (const type of ['TOGGLE', 'TOGGLE']) actor.send({ type });
    expect(first.summary).toContain('stop glow');
    expect(watch(feed).summary).toEqual(['register lamp off']);
    actor.stop();
    expect(watch(feed).lines).toEqual([]);
  });

  it('gets the actors of all systems', () => {
    const feed = new Feed();
    const actors = ['one', 'other'].map((id) => lampOf(feed, way, id));
    const log = watch(feed);
    expect(log.summary).toEqual(['register one off', 'register other off']);
    expect(new Set(actors.map(({ sessionId }) => sessionId)).size).toBe(2);
  });

  it('gets the same as earlier watchers from then on', () => {
    const feed = new Feed();
    const first = watch(feed);
    const actor = lampOf(feed, way);
    const second = watch(feed);
    first.clear();
    second.clear();
    for (const type of ['TOGGLE', 'TOGGLE', 'OTHER']) actor.send({ type });
    expect(first.lines.length).toBeGreaterThan(6);
    expect(second.lines).toEqual(first.lines);
  });

  it('gets the registrations again when it asks', () => {
    const feed = new Feed();
    lampOf(feed, way);
    const log = watch(feed);
    feed.replay(log.sink);
    expect(log.summary).toEqual(['register lamp off', 'register lamp off']);
  });
});

describe.each(WAYS)('a feed without a watcher, by %s,', (way) => {
  it('reports nothing and reads no context', () => {
    const feed = new Feed();
    const toJSON = vi.fn(() => 'shown');
    const machine = createMachine({ context: { toJSON }, on: { GO: {} } });
    const actor = createActor(machine, way === 'inspect' ? { inspect: feed.inspect } : {});
    if (way === 'attach') feed.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'GO' });
    expect(toJSON).not.toHaveBeenCalled();
    const log = watch(feed);
    expect(toJSON).toHaveBeenCalledTimes(1);
    expect(stateOf(log.last('service.register')).context).toBe('shown');
    feed.remove(log.sink);
    actor.send({ type: 'GO' });
    expect(toJSON).toHaveBeenCalledTimes(1);
    expect(log.lines).toHaveLength(1);
  });

  it('registers the actors that started meanwhile when a watcher is added', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = lampOf(feed, way);
    feed.remove(log.sink);
    log.clear();
    actor.send({ type: 'TOGGLE' });
    expect(log.lines).toEqual([]);
    feed.add(log.sink);
    expect(log.summary).toEqual(['register lamp on', 'register glow in lamp active']);
    actor.send({ type: 'OTHER' });
    // Nothing from before the watcher was added is reported.
    expect(log.last('service.state').wirechart.microsteps).toHaveLength(1);
  });

  it('keeps reporting to the other watchers when one of several is removed', () => {
    const feed = new Feed();
    const [remaining, removed] = [watch(feed), watch(feed)];
    const actor = lampOf(feed, way);
    feed.remove(removed.sink);
    removed.clear();
    actor.send({ type: 'TOGGLE' });
    expect(removed.lines).toEqual([]);
    expect(remaining.summary).toContain('state lamp on');
    expect(feed.isWatched).toBe(true);
    feed.remove(removed.sink);
    expect(feed.isWatched).toBe(true);
  });
});

describe('an attached actor', () => {
  /** Spies on the subscriptions to the inspection of an actor's system. */
  function subscriptionsOf(actor: AnyActorRef) {
    const subscribed = vi.spyOn(actor.system, 'inspect');
    const unsubscribed = vi.fn();
    subscribed.mockImplementation(() => ({ unsubscribe: unsubscribed }));
    return { subscribed, unsubscribed };
  }

  it('has a subscriber only while the feed is watched', () => {
    const feed = new Feed();
    const actor = createActor(lamp).start();
    const { subscribed, unsubscribed } = subscriptionsOf(actor);
    feed.inspect.attach(actor);
    expect(subscribed).not.toHaveBeenCalled();
    const log = watch(feed);
    const other = watch(feed);
    expect(subscribed).toHaveBeenCalledTimes(1);
    feed.remove(log.sink);
    expect(unsubscribed).not.toHaveBeenCalled();
    feed.remove(other.sink);
    expect(unsubscribed).toHaveBeenCalledTimes(1);
    feed.add(log.sink);
    expect(subscribed).toHaveBeenCalledTimes(2);
  });

  it('is reported at once when the feed is watched', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(lamp, { id: 'lamp' }).start();
    actor.send({ type: 'TOGGLE' });
    expect(log.lines).toEqual([]);
    feed.inspect.attach(actor);
    expect(log.summary).toEqual(['register lamp on', 'register glow in lamp active']);
  });

  it('is attached once, however often it or another actor of its system is passed', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(lamp, { id: 'lamp' }).start();
    actor.send({ type: 'TOGGLE' });
    const glow = actor.getSnapshot().children['glow'];
    if (glow === undefined) throw new Error("The lamp has no child 'glow'");
    feed.inspect.attach(glow);
    for (let at = 0; at < 3; at += 1) feed.inspect.attach(actor);
    actor.send({ type: 'OTHER' });
    expect(log.summary).toEqual([
      'register lamp on',
      'register glow in lamp active',
      'event lamp OTHER',
      'state lamp on',
    ]);
  });

  it('is not reported twice when the option `inspect` watches it too', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = lampOf(feed, 'inspect');
    feed.inspect.attach(actor);
    log.clear();
    actor.send({ type: 'OTHER' });
    expect(log.lines).toHaveLength(2);
  });

  it('can attach itself while its context is created', () => {
    const feed = new Feed();
    const log = watch(feed);
    const machine = createMachine({
      id: 'm',
      context: ({ self }) => {
        feed.inspect.attach(self);
        return { ready: true };
      },
    });
    createActor(machine, { id: 'm' }).start();
    expect(log.summary).toEqual(['register m {}', 'event m xstate.init', 'state m {}']);
    expect(stateOf(log.registered('m')).context).toEqual({ ready: true });
  });

  it('can have ended before', () => {
    const feed = new Feed();
    const log = watch(feed);
    const actor = createActor(lamp).start();
    actor.stop();
    feed.inspect.attach(actor);
    expect(log.lines).toEqual([]);
  });

  it('is reported as a problem when it is not an actor', () => {
    const feed = new Feed();
    const log = watch(feed);
    const attach: (what: unknown) => void = feed.inspect.attach as () => void;
    attach(undefined);
    expect(log.of('wirechart.problem')).toHaveLength(1);
  });
});

describe('both ways to watch an actor', () => {
  it('report the same', async () => {
    const summaryBy = async (way: (typeof WAYS)[number]) => {
      const feed = new Feed();
      const actor = lampOf(feed, way);
      const log = watch(feed);
      for (const type of ['TOGGLE', 'OTHER', 'TOGGLE']) actor.send({ type });
      actor.stop();
      await turn();
      return summaryOf(log.messages);
    };
    const [option, attached] = [await summaryBy('inspect'), await summaryBy('attach')];
    expect(option.length).toBeGreaterThan(10);
    expect(attached).toEqual(option);
  });
});

describe('a watcher that is added or removed by a sink', () => {
  it('misses nothing before, and gets nothing afterwards', () => {
    const feed = new Feed();
    const late = new MessageLog();
    const early = new MessageLog();
    feed.add((line) => {
      early.sink(line);
      if (early.lines.length === 1) feed.add(late.sink);
      if (late.lines.length === 3) feed.remove(late.sink);
    });
    const actor = createActor(
      createMachine({ context: { n: 0 }, on: { GO: { actions: assign({ n: 1 }) } } }),
      { id: 'm', inspect: feed.inspect },
    );
    actor.start();
    actor.send({ type: 'GO' });
    expect(early.summary).toEqual([
      'register m {}',
      'event m xstate.init',
      'state m {}',
      'event m GO',
      'state m {}',
    ]);
    expect(late.lines.length).toBeLessThanOrEqual(3);
    expect(late.summary[0]).toBe('register m {}');
  });
});
