/** Who is told what from when on; and that nothing happens while nobody watches. */

import { describe, expect, it, vi } from 'vitest';
import { type AnyActorRef, assign, createActor, createMachine, fromCallback } from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import { turn } from '../support/signal.ts';
import { Heard, listenTo, stateOf, storyOf } from './support.ts';

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { on: { TOGGLE: 'on' } },
    on: { on: { TOGGLE: 'off' }, invoke: { id: 'glow', src: fromCallback(() => undefined) } },
  },
});

/** How a feed comes to see an actor. */
const WAYS = ['inspect', 'attach'] as const;

/** A lamp that is seen by a feed, in one of the ways. */
function lampOf(feed: Feed, way: (typeof WAYS)[number], id = 'lamp') {
  const actor = createActor(lamp, { id, ...(way === 'inspect' && { inspect: feed.inspect }) });
  if (way === 'attach') feed.inspect.attach(actor);
  return actor.start();
}

describe.each(WAYS)('a watcher that comes late, by %s,', (way) => {
  it('is told of the actors that live, with their present states, parents first', () => {
    const feed = new Feed();
    const actor = lampOf(feed, way);
    actor.send({ type: 'TOGGLE' });
    const heard = listenTo(feed);
    expect(heard.story).toEqual(['register lamp on', 'register glow in lamp active']);
    actor.send({ type: 'TOGGLE' });
    expect(heard.story.slice(2)).toEqual([
      'event lamp TOGGLE',
      'state glow stopped',
      'stop glow',
      'state lamp off',
    ]);
  });

  it('is told of no actor that has ended', () => {
    const feed = new Feed();
    const first = listenTo(feed);
    const actor = lampOf(feed, way);
    for (const type of ['TOGGLE', 'TOGGLE']) actor.send({ type });
    expect(first.story).toContain('stop glow');
    expect(listenTo(feed).story).toEqual(['register lamp off']);
    actor.stop();
    expect(listenTo(feed).lines).toEqual([]);
  });

  it('is told of all systems', () => {
    const feed = new Feed();
    const actors = ['one', 'other'].map((id) => lampOf(feed, way, id));
    const heard = listenTo(feed);
    expect(heard.story).toEqual(['register one off', 'register other off']);
    expect(new Set(actors.map(({ sessionId }) => sessionId)).size).toBe(2);
  });

  it('is told the same as those who were there, from then on', () => {
    const feed = new Feed();
    const first = listenTo(feed);
    const actor = lampOf(feed, way);
    const second = listenTo(feed);
    first.forget();
    second.forget();
    for (const type of ['TOGGLE', 'TOGGLE', 'OTHER']) actor.send({ type });
    expect(first.lines.length).toBeGreaterThan(6);
    expect(second.lines).toEqual(first.lines);
  });

  it('is told once more when it asks', () => {
    const feed = new Feed();
    lampOf(feed, way);
    const heard = listenTo(feed);
    feed.replay(heard.sink);
    expect(heard.story).toEqual(['register lamp off', 'register lamp off']);
  });
});

describe.each(WAYS)('while nobody watches, by %s,', (way) => {
  it('nothing is said, and no context is touched', () => {
    const feed = new Feed();
    const toJSON = vi.fn(() => 'shown');
    const machine = createMachine({ context: { toJSON }, on: { GO: {} } });
    const actor = createActor(machine, way === 'inspect' ? { inspect: feed.inspect } : {});
    if (way === 'attach') feed.inspect.attach(actor);
    actor.start();
    actor.send({ type: 'GO' });
    expect(toJSON).not.toHaveBeenCalled();
    const heard = listenTo(feed);
    expect(toJSON).toHaveBeenCalledTimes(1);
    expect(stateOf(heard.last('service.register')).context).toBe('shown');
    feed.remove(heard.sink);
    actor.send({ type: 'GO' });
    expect(toJSON).toHaveBeenCalledTimes(1);
    expect(heard.lines).toHaveLength(1);
  });

  it('again, the actors that began meanwhile are told of when somebody does', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = lampOf(feed, way);
    feed.remove(heard.sink);
    heard.forget();
    actor.send({ type: 'TOGGLE' });
    expect(heard.lines).toEqual([]);
    feed.add(heard.sink);
    expect(heard.story).toEqual(['register lamp on', 'register glow in lamp active']);
    actor.send({ type: 'OTHER' });
    // Of what was remembered before, nothing is told again.
    expect(heard.last('service.state').wirechart.microsteps).toHaveLength(1);
  });

  it('it is the others that are told, when it is one of several who has gone', () => {
    const feed = new Feed();
    const [stays, goes] = [listenTo(feed), listenTo(feed)];
    const actor = lampOf(feed, way);
    feed.remove(goes.sink);
    goes.forget();
    actor.send({ type: 'TOGGLE' });
    expect(goes.lines).toEqual([]);
    expect(stays.story).toContain('state lamp on');
    expect(feed.isWatched).toBe(true);
    feed.remove(goes.sink);
    expect(feed.isWatched).toBe(true);
  });
});

describe('an actor that is attached', () => {
  /** How many have subscribed to the inspection of an actor's system. */
  function subscriptionsOf(actor: AnyActorRef) {
    const subscribed = vi.spyOn(actor.system, 'inspect');
    const unsubscribed = vi.fn();
    subscribed.mockImplementation(() => ({ unsubscribe: unsubscribed }));
    return { subscribed, unsubscribed };
  }

  it('has a subscriber while somebody watches, and no longer', () => {
    const feed = new Feed();
    const actor = createActor(lamp).start();
    const { subscribed, unsubscribed } = subscriptionsOf(actor);
    feed.inspect.attach(actor);
    expect(subscribed).not.toHaveBeenCalled();
    const heard = listenTo(feed);
    const other = listenTo(feed);
    expect(subscribed).toHaveBeenCalledTimes(1);
    feed.remove(heard.sink);
    expect(unsubscribed).not.toHaveBeenCalled();
    feed.remove(other.sink);
    expect(unsubscribed).toHaveBeenCalledTimes(1);
    feed.add(heard.sink);
    expect(subscribed).toHaveBeenCalledTimes(2);
  });

  it('is told of at once where somebody watches', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(lamp, { id: 'lamp' }).start();
    actor.send({ type: 'TOGGLE' });
    expect(heard.lines).toEqual([]);
    feed.inspect.attach(actor);
    expect(heard.story).toEqual(['register lamp on', 'register glow in lamp active']);
  });

  it('is attached once, however often it is, and by whomever of its system', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(lamp, { id: 'lamp' }).start();
    actor.send({ type: 'TOGGLE' });
    const glow = actor.getSnapshot().children['glow'];
    if (glow === undefined) throw new Error('It does not glow');
    feed.inspect.attach(glow);
    for (let at = 0; at < 3; at += 1) feed.inspect.attach(actor);
    actor.send({ type: 'OTHER' });
    expect(heard.story).toEqual([
      'register lamp on',
      'register glow in lamp active',
      'event lamp OTHER',
      'state lamp on',
    ]);
  });

  it('is not seen twice where the option sees it too', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = lampOf(feed, 'inspect');
    feed.inspect.attach(actor);
    heard.forget();
    actor.send({ type: 'OTHER' });
    expect(heard.lines).toHaveLength(2);
  });

  it('may be attached by an action of its own, before it has a state', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const machine = createMachine({
      id: 'm',
      context: ({ self }) => {
        feed.inspect.attach(self);
        return { ready: true };
      },
    });
    createActor(machine, { id: 'm' }).start();
    expect(heard.story).toEqual(['register m {}', 'event m xstate.init', 'state m {}']);
    expect(stateOf(heard.registered('m')).context).toEqual({ ready: true });
  });

  it('may have ended before', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const actor = createActor(lamp).start();
    actor.stop();
    feed.inspect.attach(actor);
    expect(heard.lines).toEqual([]);
  });

  it('may be no actor, which is a problem that is told', () => {
    const feed = new Feed();
    const heard = listenTo(feed);
    const attach: (what: unknown) => void = feed.inspect.attach as () => void;
    attach(undefined);
    expect(heard.of('wirechart.problem')).toHaveLength(1);
  });
});

describe('both ways to see an actor', () => {
  it('tell the same from then on', async () => {
    const tell = async (way: (typeof WAYS)[number]) => {
      const feed = new Feed();
      const actor = lampOf(feed, way);
      const heard = listenTo(feed);
      for (const type of ['TOGGLE', 'OTHER', 'TOGGLE']) actor.send({ type });
      actor.stop();
      await turn();
      return storyOf(heard.messages);
    };
    const [option, attached] = [await tell('inspect'), await tell('attach')];
    expect(option.length).toBeGreaterThan(10);
    expect(attached).toEqual(option);
  });
});

describe('a watcher that comes or goes because of what it is told', () => {
  it('misses nothing, and hears nothing afterwards', () => {
    const feed = new Feed();
    const late = new Heard();
    const early = new Heard();
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
    expect(early.story).toEqual([
      'register m {}',
      'event m xstate.init',
      'state m {}',
      'event m GO',
      'state m {}',
    ]);
    expect(late.lines.length).toBeLessThanOrEqual(3);
    expect(late.story[0]).toBe('register m {}');
  });
});
