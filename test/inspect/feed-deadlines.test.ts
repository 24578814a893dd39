/** The running timers that are reported with each state of a machine. */

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
import { type MessageLog, watch } from './support.ts';

/** The timers in the last state message, each as its event and its duration. */
const timers = (log: MessageLog): string[] =>
  (log.last('service.state').wirechart.deadlines ?? []).map(
    ({ event, ms }) => `${event} ${String(ms)}`,
  );

function run(machine: AnyStateMachine) {
  const feed = new Feed();
  const log = watch(feed);
  const clock = new SimulatedClock();
  const actor = createActor(machine, { id: 'm', clock, inspect: feed.inspect }).start();
  return { feed, log, clock, actor };
}

const kettle = createMachine({
  id: 'kettle',
  initial: 'cold',
  states: {
    cold: { on: { HEAT: 'warming' } },
    warming: { after: { 1000: 'hot', never: 'cold' }, on: { STOP: 'cold', POKE: {} } },
    hot: { after: { patience: 'cold' } },
  },
}).provide({ delays: { never: 2 ** 31 - 1, patience: () => 5_000 } });

describe('a deadline', () => {
  it('is reported from its start until it expires', () => {
    const { log, clock, actor } = run(kettle);
    expect(log.last('service.state').wirechart).not.toHaveProperty('deadlines');
    actor.send({ type: 'HEAT' });
    expect(timers(log)).toEqual(['xstate.after(1000)#kettle.warming 1000']);
    actor.send({ type: 'POKE' });
    expect(timers(log)).toEqual(['xstate.after(1000)#kettle.warming 1000']);
    clock.increment(1_000);
    expect(timers(log)).toEqual(['xstate.after(patience)#kettle.hot 5000']);
    clock.increment(5_000);
    expect(timers(log)).toEqual([]);
  });

  it('is no longer reported when its state is left', () => {
    const { log, actor } = run(kettle);
    actor.send({ type: 'HEAT' });
    actor.send({ type: 'STOP' });
    expect(timers(log)).toEqual([]);
    actor.send({ type: 'HEAT' });
    expect(timers(log)).toEqual(['xstate.after(1000)#kettle.warming 1000']);
  });

  it('has its start time', () => {
    const { log, actor } = run(kettle);
    const before = log.last('service.state').wirechart.at;
    actor.send({ type: 'HEAT' });
    const { at, deadlines } = log.last('service.state').wirechart;
    const [deadline] = deadlines ?? [];
    expect(deadline?.startedAt).toBeGreaterThanOrEqual(before);
    expect(deadline?.startedAt).toBeLessThanOrEqual(at);
  });

  it('is reported to a watcher that is added after it started', () => {
    const { feed, clock, actor } = run(kettle);
    actor.send({ type: 'HEAT' });
    const late = watch(feed);
    expect(late.registered('m').wirechart.deadlines).toMatchObject([{ ms: 1_000 }]);
    clock.increment(1_000);
    expect(timers(late)).toEqual(['xstate.after(patience)#kettle.hot 5000']);
  });

  it.each(['inspect', 'attach'])(
    'is reported when it started before the first watcher, by %s',
    (how) => {
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
      const log = watch(feed);
      const [deadline, ...more] = log.registered('m').wirechart.deadlines ?? [];
      expect(deadline).toMatchObject({ event: 'xstate.after(1000)#kettle.warming', ms: 1_000 });
      expect(Math.abs((deadline?.startedAt ?? 0) - before)).toBeLessThan(10_000);
      expect(more).toEqual([]);
      actor.send({ type: 'POKE' });
      expect(timers(log)).toHaveLength(1);
      clock.increment(1_000);
      expect(timers(log)).toEqual(['xstate.after(patience)#kettle.hot 5000']);
    },
  );

  it('is reported with the right actor', () => {
    const feed = new Feed();
    const clock = new SimulatedClock();
    const machine = createMachine({
      invoke: { id: 'child', src: kettle },
      on: { HEAT: { actions: sendTo('child', { type: 'HEAT' }) } },
    });
    const actor = createActor(machine, { id: 'parent', clock, inspect: feed.inspect }).start();
    actor.send({ type: 'HEAT' });
    const log = watch(feed);
    expect(log.registered('parent').wirechart).not.toHaveProperty('deadlines');
    expect(log.registered('child').wirechart.deadlines).toHaveLength(1);
  });

  it('ends with its machine', () => {
    const machine = createMachine({
      initial: 'a',
      entry: raise({ type: 'LATER' }, { delay: 10, id: 'later' }),
      states: { a: { on: { END: 'z' } }, z: { type: 'final' } },
    });
    const { log, actor } = run(machine);
    expect(timers(log)).toEqual(['LATER 10']);
    actor.send({ type: 'END' });
    expect(log.last('service.state').wirechart).toMatchObject({ status: 'done' });
    expect(timers(log)).toEqual([]);
  });
});

describe('a delayed event', () => {
  it('is reported until it arrives, whatever its id is', () => {
    const machine = createMachine({
      entry: [
        raise({ type: 'A' }, { delay: 10 }),
        raise({ type: 'B' }, { delay: 20, id: 'bee' }),
        sendTo(({ self }) => self, { type: 'C' }, { delay: 30 }),
      ],
      on: { '*': {} },
    });
    const { log, clock } = run(machine);
    const seen = [timers(log)];
    for (let at = 0; at < 3; at += 1) {
      clock.increment(10);
      seen.push(timers(log));
    }
    expect(seen).toEqual([['A 10', 'B 20', 'C 30'], ['B 20', 'C 30'], ['C 30'], []]);
    expect(log.last('service.state').wirechart).not.toHaveProperty('actions');
  });

  it('is not confused with an event of the same name that arrives earlier', () => {
    const machine = createMachine({ entry: raise({ type: 'A' }, { delay: 10 }), on: { A: {} } });
    const { log, clock, actor } = run(machine);
    actor.send({ type: 'A' });
    expect(timers(log)).toEqual(['A 10']);
    clock.increment(10);
    expect(timers(log)).toEqual([]);
  });

  it('can be scheduled twice, and ends twice', () => {
    const event = { type: 'A' };
    const machine = createMachine({
      entry: [raise(event, { delay: 20, id: 'long' }), raise(event, { delay: 10, id: 'short' })],
      on: { A: {} },
    });
    const { log, clock } = run(machine);
    expect(timers(log)).toEqual(['A 20', 'A 10']);
    clock.increment(10);
    expect(timers(log)).toEqual(['A 20']);
    clock.increment(10);
    expect(timers(log)).toEqual([]);
  });

  it('can be cancelled', () => {
    const machine = createMachine({
      entry: [
        raise({ type: 'A' }, { delay: 10, id: 'a' }),
        raise({ type: 'B' }, { delay: 10, id: 'b' }),
      ],
      on: { STOP: { actions: cancel('a') } },
    });
    const { log, actor } = run(machine);
    actor.send({ type: 'STOP' });
    expect(timers(log)).toEqual(['B 10']);
  });

  it('can be for another actor, and is a timer of the sender', () => {
    const machine = createMachine({
      invoke: { id: 'child', src: fromCallback(() => undefined) },
      entry: sendTo('child', { type: 'HI' }, { delay: 10 }),
      on: { POKE: {} },
    });
    const { log, clock, actor } = run(machine);
    expect(log.statesOf('m').at(-1)?.wirechart.deadlines).toMatchObject([{ event: 'HI' }]);
    expect(log.statesOf('child').at(-1)?.wirechart).not.toHaveProperty('deadlines');
    clock.increment(10);
    expect(log.summary).toContain('event child HI from m');
    actor.send({ type: 'POKE' });
    expect(timers(log)).toEqual([]);
  });

  it('is reported for at most a hundred timers', () => {
    const machine = createMachine({
      entry: Array.from({ length: 150 }, (_, at) =>
        raise({ type: `E${String(at)}` }, { delay: 10 }),
      ),
    });
    expect(timers(run(machine).log)).toHaveLength(100);
  });
});
