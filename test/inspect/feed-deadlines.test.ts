/** The timers of a machine, as they are told of with each of its states. */

import { describe, expect, it } from 'vitest';
import {
  type AnyStateMachine,
  cancel,
  createActor,
  createMachine,
  fromCallback,
  raise,
  sendTo,
  SimulatedClock,
} from 'xstate';
import { Feed } from '../../src/inspect/feed.ts';
import { type Heard, listenTo } from './support.ts';

/** The timers that the last message speaks of, each as its event and its length. */
const timers = (heard: Heard): string[] =>
  (heard.last('service.state').wirechart.deadlines ?? []).map(
    ({ event, ms }) => `${event} ${String(ms)}`,
  );

function run(machine: AnyStateMachine) {
  const feed = new Feed();
  const heard = listenTo(feed);
  const clock = new SimulatedClock();
  const actor = createActor(machine, { id: 'm', clock, inspect: feed.inspect }).start();
  return { feed, heard, clock, actor };
}

const kettle = createMachine({
  id: 'kettle',
  initial: 'cold',
  states: {
    cold: { on: { HEAT: 'warming' } },
    warming: { after: { 1000: 'hot', never: 'cold' }, on: { STOP: 'cold', LOOK: {} } },
    hot: { after: { patience: 'cold' } },
  },
}).provide({ delays: { never: 2 ** 31 - 1, patience: () => 5_000 } });

describe('a deadline', () => {
  it('is told of from its beginning until it has passed', () => {
    const { heard, clock, actor } = run(kettle);
    expect(heard.last('service.state').wirechart).not.toHaveProperty('deadlines');
    actor.send({ type: 'HEAT' });
    expect(timers(heard)).toEqual(['xstate.after(1000)#kettle.warming 1000']);
    actor.send({ type: 'LOOK' });
    expect(timers(heard)).toEqual(['xstate.after(1000)#kettle.warming 1000']);
    clock.increment(1_000);
    expect(timers(heard)).toEqual(['xstate.after(patience)#kettle.hot 5000']);
    clock.increment(5_000);
    expect(timers(heard)).toEqual([]);
  });

  it('is told of no more once its state was left', () => {
    const { heard, actor } = run(kettle);
    actor.send({ type: 'HEAT' });
    actor.send({ type: 'STOP' });
    expect(timers(heard)).toEqual([]);
    actor.send({ type: 'HEAT' });
    expect(timers(heard)).toEqual(['xstate.after(1000)#kettle.warming 1000']);
  });

  it('has the time at which it began', () => {
    const { heard, actor } = run(kettle);
    const before = heard.last('service.state').wirechart.at;
    actor.send({ type: 'HEAT' });
    const { at, deadlines } = heard.last('service.state').wirechart;
    const [deadline] = deadlines ?? [];
    expect(deadline?.startedAt).toBeGreaterThanOrEqual(before);
    expect(deadline?.startedAt).toBeLessThanOrEqual(at);
  });

  it('is told of to a watcher that came after it began', () => {
    const { feed, clock, actor } = run(kettle);
    actor.send({ type: 'HEAT' });
    const late = listenTo(feed);
    expect(late.registered('m').wirechart.deadlines).toMatchObject([{ ms: 1_000 }]);
    clock.increment(1_000);
    expect(timers(late)).toEqual(['xstate.after(patience)#kettle.hot 5000']);
  });

  it.each(['inspect', 'attach'])('is told of where it began while nobody watched, by %s', (how) => {
    const feed = new Feed();
    const clock = new SimulatedClock();
    const actor = createActor(kettle, {
      id: 'm',
      clock,
      ...(how === 'inspect' && { inspect: feed.inspect }),
    });
    if (how === 'attach') feed.inspect.attach(actor);
    const before = Date.now();
    actor.start();
    actor.send({ type: 'HEAT' });
    const heard = listenTo(feed);
    const [deadline, ...more] = heard.registered('m').wirechart.deadlines ?? [];
    expect(deadline).toMatchObject({ event: 'xstate.after(1000)#kettle.warming', ms: 1_000 });
    expect(Math.abs((deadline?.startedAt ?? 0) - before)).toBeLessThan(10_000);
    expect(more).toEqual([]);
    actor.send({ type: 'LOOK' });
    expect(timers(heard)).toHaveLength(1);
    clock.increment(1_000);
    expect(timers(heard)).toEqual(['xstate.after(patience)#kettle.hot 5000']);
  });

  it('is told of with the right actor', () => {
    const feed = new Feed();
    const clock = new SimulatedClock();
    const machine = createMachine({
      invoke: { id: 'child', src: kettle },
      on: { HEAT: { actions: sendTo('child', { type: 'HEAT' }) } },
    });
    const actor = createActor(machine, { id: 'parent', clock, inspect: feed.inspect }).start();
    actor.send({ type: 'HEAT' });
    const heard = listenTo(feed);
    expect(heard.registered('parent').wirechart).not.toHaveProperty('deadlines');
    expect(heard.registered('child').wirechart.deadlines).toHaveLength(1);
  });

  it('ends with its machine', () => {
    const machine = createMachine({
      initial: 'a',
      entry: raise({ type: 'LATER' }, { delay: 10, id: 'later' }),
      states: { a: { on: { END: 'z' } }, z: { type: 'final' } },
    });
    const { heard, actor } = run(machine);
    expect(timers(heard)).toEqual(['LATER 10']);
    actor.send({ type: 'END' });
    expect(heard.last('service.state').wirechart).toMatchObject({ status: 'done' });
    expect(timers(heard)).toEqual([]);
  });
});

describe('a delayed event', () => {
  it('is told of until it has come, whatever its id is', () => {
    const machine = createMachine({
      entry: [
        raise({ type: 'A' }, { delay: 10 }),
        raise({ type: 'B' }, { delay: 20, id: 'bee' }),
        sendTo(({ self }) => self, { type: 'C' }, { delay: 30 }),
      ],
      on: { '*': {} },
    });
    const { heard, clock } = run(machine);
    const seen = [timers(heard)];
    for (let at = 0; at < 3; at += 1) {
      clock.increment(10);
      seen.push(timers(heard));
    }
    expect(seen).toEqual([['A 10', 'B 20', 'C 30'], ['B 20', 'C 30'], ['C 30'], []]);
    expect(heard.last('service.state').wirechart).not.toHaveProperty('actions');
  });

  it('is not taken for an event of the same name that comes before it', () => {
    const machine = createMachine({ entry: raise({ type: 'A' }, { delay: 10 }), on: { A: {} } });
    const { heard, clock, actor } = run(machine);
    actor.send({ type: 'A' });
    expect(timers(heard)).toEqual(['A 10']);
    clock.increment(10);
    expect(timers(heard)).toEqual([]);
  });

  it('may be set twice, and ends twice', () => {
    const event = { type: 'A' };
    const machine = createMachine({
      entry: [raise(event, { delay: 20, id: 'long' }), raise(event, { delay: 10, id: 'short' })],
      on: { A: {} },
    });
    const { heard, clock } = run(machine);
    expect(timers(heard)).toEqual(['A 20', 'A 10']);
    clock.increment(10);
    expect(timers(heard)).toEqual(['A 20']);
    clock.increment(10);
    expect(timers(heard)).toEqual([]);
  });

  it('may be cancelled', () => {
    const machine = createMachine({
      entry: [
        raise({ type: 'A' }, { delay: 10, id: 'a' }),
        raise({ type: 'B' }, { delay: 10, id: 'b' }),
      ],
      on: { STOP: { actions: cancel('a') } },
    });
    const { heard, actor } = run(machine);
    actor.send({ type: 'STOP' });
    expect(timers(heard)).toEqual(['B 10']);
  });

  it('may be for another actor, and is the timer of the sender', () => {
    const machine = createMachine({
      invoke: { id: 'child', src: fromCallback(() => undefined) },
      entry: sendTo('child', { type: 'HI' }, { delay: 10 }),
      on: { LOOK: {} },
    });
    const { heard, clock, actor } = run(machine);
    expect(heard.statesOf('m').at(-1)?.wirechart.deadlines).toMatchObject([{ event: 'HI' }]);
    expect(heard.statesOf('child').at(-1)?.wirechart).not.toHaveProperty('deadlines');
    clock.increment(10);
    expect(heard.story).toContain('event child HI from m');
    actor.send({ type: 'LOOK' });
    expect(timers(heard)).toEqual([]);
  });

  it('is told of up to a hundred', () => {
    const machine = createMachine({
      entry: Array.from({ length: 150 }, (_, at) =>
        raise({ type: `E${String(at)}` }, { delay: 10 }),
      ),
    });
    expect(timers(run(machine).heard)).toHaveLength(100);
  });
});
