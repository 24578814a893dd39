/** What is counted of the machines in a recording. */

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type AnyStateMachine,
  createActor,
  createMachine,
  fromPromise,
  setup,
  SimulatedClock,
} from 'xstate';
import {
  type Coverage,
  differing,
  type MachineCoverage,
  mergeCoverage,
  percentOf,
  statesCovered,
  totalShare,
  transitionsCovered,
} from '../../inspector/shared/coverage.ts';
import { percentile } from '../../inspector/shared/coverage-stays.ts';
import { coverageOf } from '../../inspector/src/coverage.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';

expectIdleAfterEach();

type Run = (
  machine: AnyStateMachine,
  inspect: ReturnType<typeof recordTo>['inspect'],
) => void | Promise<void>;

/** The text of a recording of what is done with a machine. */
async function recordingOf(machine: AnyStateMachine, run: Run): Promise<string> {
  const path = join(await tempDir(), 'trace.jsonl');
  const recording = recordTo(path);
  await run(machine, recording.inspect);
  await recording.close();
  return readFileSync(path, 'utf8');
}

/** Starts an actor, and sends it events by their names. */
const sending =
  (...types: readonly string[]): Run =>
  (machine, inspect) => {
    const actor = createActor(machine, { inspect }).start();
    for (const type of types) actor.send({ type });
    actor.stop();
  };

async function coverageBy(
  machine: AnyStateMachine,
  ...events: readonly string[]
): Promise<MachineCoverage> {
  return onlyMachine(await coverageOf([await recordingOf(machine, sending(...events))]));
}

function onlyMachine({ machines }: Coverage): MachineCoverage {
  const [machine] = machines;
  if (machine === undefined || machines.length > 1) throw new Error('Not one machine was covered');
  return machine;
}

const entries = ({ states }: MachineCoverage): Record<string, number> =>
  Object.fromEntries(states.map(({ id, entered }) => [id, entered]));
const taken = ({ transitions }: MachineCoverage): Record<string, number> =>
  Object.fromEntries(
    transitions.map(({ source, event, index, taken: times }) => [
      `${source} ${event} ${String(index)}`,
      times,
    ]),
  );

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { OPEN: [{ guard: () => false, target: 'jammed' }, { target: 'open' }] } },
    open: { on: { CLOSE: 'closed', LOOK: { actions: () => undefined } } },
    jammed: {},
  },
});

describe('the coverage of a recording', () => {
  it('counts the states that were entered, those that never were, and the transitions taken', async () => {
    const coverage = await coverageBy(door, 'OPEN', 'LOOK', 'CLOSE', 'OPEN');
    expect(entries(coverage)).toEqual({ 'door.closed': 2, 'door.open': 2, 'door.jammed': 0 });
    expect(taken(coverage)).toEqual({
      'door.closed OPEN 0': 0,
      'door.closed OPEN 1': 2,
      'door.open CLOSE 0': 1,
      'door.open LOOK 0': 1,
    });
    expect(percentOf(statesCovered(coverage))).toBe(66);
    expect(percentOf(transitionsCovered(coverage))).toBe(75);
    expect(coverage.states[0]).toMatchObject({ initial: 1, found: 0 });
  });

  it('tells which of several candidates with one target was taken', async () => {
    const choice = createMachine({
      id: 'choice',
      initial: 'a',
      states: {
        a: {
          on: {
            GO: [{ guard: () => false, target: 'b' }, { guard: () => true, target: 'b' }, 'b'],
          },
        },
        b: {},
      },
    });
    expect(taken(await coverageBy(choice, 'GO'))).toEqual({
      'choice.a GO 0': 0,
      'choice.a GO 1': 1,
      'choice.a GO 2': 0,
    });
  });

  it('counts the events that were received, and those that no transition was taken for', async () => {
    const { events } = await coverageBy(door, 'CLOSE', 'OPEN', 'CLOSE', 'KNOCK');
    expect(events).toEqual([
      { name: 'CLOSE', received: 2, unhandled: 1 },
      { name: 'KNOCK', received: 1, unhandled: 1 },
      { name: 'OPEN', received: 1, unhandled: 0 },
    ]);
  });

  it('counts each state on the way of eventless transitions, the first ones of an actor included', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { always: 'b' },
        b: { on: { GO: 'c' } },
        c: { always: 'd' },
        d: { always: { guard: () => false, target: 'a' } },
      },
    });
    const coverage = await coverageBy(machine, 'GO');
    expect(entries(coverage)).toMatchObject({ 'm.b': 1, 'm.c': 1, 'm.d': 1 });
    expect(taken(coverage)).toMatchObject({ 'm.b GO 0': 1, 'm.c  0': 1, 'm.d  0': 0 });
  });

  it('counts a state again that a transition re-enters, and all states in it', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'outer',
      states: {
        outer: {
          initial: 'first',
          states: { first: { on: { NEXT: 'second' } }, second: {} },
          on: {
            AGAIN: { target: 'outer', reenter: true },
            RESTART: '.first',
            SAME: 'outer',
          },
        },
      },
    });
    expect(entries(await coverageBy(machine, 'AGAIN'))).toEqual({
      'm.outer': 2,
      'm.outer.first': 2,
      'm.outer.second': 0,
    });
    expect(entries(await coverageBy(machine, 'RESTART', 'SAME', 'NEXT'))).toEqual({
      'm.outer': 1,
      'm.outer.first': 3,
      'm.outer.second': 1,
    });
  });

  it('counts the regions of a parallel state on their own, and wildcards by their own names', async () => {
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: {
        one: { initial: 'a', states: { a: { on: { 'go.*': 'b' } }, b: {} } },
        two: { initial: 'a', states: { a: { on: { '*': 'b' } }, b: {} } },
      },
    });
    const coverage = await coverageBy(machine, 'go.now', 'else');
    expect(entries(coverage)).toEqual({
      'm.one': 1,
      'm.one.a': 1,
      'm.one.b': 1,
      'm.two': 1,
      'm.two.a': 1,
      'm.two.b': 1,
    });
    expect(taken(coverage)).toEqual({ 'm.one.a go.* 0': 1, 'm.two.a * 0': 1 });
  });

  it('counts states that history restores, but no history state', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'on',
      states: {
        on: {
          initial: 'slow',
          states: { slow: { on: { FASTER: 'fast' } }, fast: {}, last: { type: 'history' } },
          on: { PAUSE: 'paused' },
        },
        paused: { on: { RESUME: 'on.last' } },
      },
    });
    const coverage = await coverageBy(machine, 'FASTER', 'PAUSE', 'RESUME');
    expect(entries(coverage)).toEqual({ 'm.on': 2, 'm.on.slow': 1, 'm.on.fast': 2, 'm.paused': 1 });
    expect(percentOf(transitionsCovered(coverage))).toBe(100);
  });

  it('counts all actors of one machine together, and each machine of a system', async () => {
    const child = createMachine({
      id: 'child',
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: {} },
    });
    const parent = setup({
      actors: { child, ask: fromPromise(() => Promise.resolve(1)) },
    }).createMachine({
      id: 'parent',
      initial: 'one',
      invoke: { src: 'ask' },
      states: {
        one: { invoke: { src: 'child' }, on: { GO: 'two' } },
        two: { invoke: { src: 'child' } },
      },
    });
    const coverage = await coverageOf([await recordingOf(parent, sending('GO'))]);
    expect(coverage.machines.map(({ machine, actors }) => [machine, actors])).toEqual([
      ['child', 2],
      ['parent', 1],
    ]);
    expect(totalShare(coverage.machines.map(statesCovered))).toEqual({ covered: 3, all: 4 });
  });

  it('tells a state that an actor was found in from one that it entered', async () => {
    const text = await recordingOf(door, (machine, { attach }) => {
      const actor = createActor(machine).start();
      actor.send({ type: 'OPEN' });
      attach(actor);
      actor.send({ type: 'CLOSE' });
      actor.stop();
    });
    const { states } = onlyMachine(await coverageOf([text]));
    expect(states).toMatchObject([
      { id: 'door.closed', entered: 1, initial: 0, found: 0 },
      { id: 'door.open', entered: 0, initial: 0, found: 1, stays: { count: 0 } },
      { id: 'door.jammed', entered: 0, found: 0 },
    ]);
  });

  it('has the times in each state', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 20: 'b' } }, b: { type: 'final' } },
    });
    const text = await recordingOf(machine, async (one, inspect) => {
      const actor = createActor(one, { inspect }).start();
      await new Promise((resolve) =>
        actor.subscribe({
          complete: () => {
            resolve(undefined);
          },
        }),
      );
    });
    const { states } = onlyMachine(await coverageOf([text]));
    expect(states.map(({ id, stays: { count } }) => [id, count])).toEqual([
      ['m.a', 1],
      ['m.b', 0],
    ]);
    expect(percentile(states[0]?.stays ?? expect.fail(), 0.5)).toBeGreaterThan(15);
  });

  it('keeps different definitions of one machine apart when it is merged, and names them', async () => {
    const changed = createMachine({ id: 'door', initial: 'closed', states: { closed: {} } });
    const [old, other] = [await coverageBy(door, 'OPEN'), await coverageBy(changed)];
    const of = (...machines: readonly MachineCoverage[]): Coverage => ({
      type: 'wirechart.coverage',
      version: 1,
      machines,
    });
    const merged = mergeCoverage(of(old), of(other));
    expect(merged.machines.map(({ states }) => states.length).sort()).toEqual([1, 3]);
    expect(differing(merged)).toEqual(['door']);
    const same = mergeCoverage(of(old), of(await coverageBy(door, 'CLOSE')));
    expect(differing(same)).toEqual([]);
    expect(same.machines).toMatchObject([
      { actors: 2, states: [{ entered: 2 }, { entered: 1 }, {}] },
    ]);
  });

  it('is read from a file in pieces, and refused when the file is no recording', async () => {
    const path = join(await tempDir(), 'trace.jsonl');
    const recording = recordTo(path);
    await sending('OPEN')(door, recording.inspect);
    await recording.close();
    const coverage = await coverageOf(
      createReadStream(path, { encoding: 'utf8', highWaterMark: 64 }),
    );
    expect(entries(onlyMachine(coverage))).toMatchObject({ 'door.open': 1 });
    await expect(coverageOf(['{}\n'])).rejects.toThrow('This is not a wirechart recording');
    await expect(coverageOf([])).rejects.toThrow('The recording is empty');
  });

  it('does not count timers of a clock that was never advanced', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { after: { 20: 'b' } }, b: {} },
    });
    const text = await recordingOf(machine, (one, inspect) => {
      createActor(one, { inspect, clock: new SimulatedClock() }).start().stop();
    });
    expect(taken(onlyMachine(await coverageOf([text])))).toEqual({
      'm.a xstate.after(20)#m.a 0': 0,
    });
  });
});
