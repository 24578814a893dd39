import { getMicrosteps, initialTransition } from 'xstate';
import { expect, it } from 'vitest';
import {
  activeIn,
  answer,
  HAPPENINGS,
  internal,
  leaves,
  type Node,
  pathOfNode,
  type Snapshot,
  standing,
} from './chart.ts';
import { FakeLink, IdleLink } from './fake-link.ts';
import { createChart } from '../../src/machines/protocol.ts';
import { chart, pathOf } from './support.ts';

/**
 * The rules of the table:
 * - one row for each state that has no states below it, and each thing that can happen in it;
 * - `-` is a refusal, `(stays)` an event that is heard without a change of state;
 * - the actions are in the order of the chart, and `start` is an invoked actor's; what every change
 *   of state does is left out: it stops the actors and the timers of the states that it leaves;
 * - a report of an actor that does not run there, or of a timer that is not set there, has no row:
 *   that each of them is refused is a test of its own. (XState drops them anyway; see also
 *   `late.test.ts`. The error of an actor that does not run would be heard by nobody, and be fatal.)
 * - the last part has the rows that differ for a link with nothing to flush and without a handshake;
 * - `closed` is passed through within one step, so all that can happen in it is that step.
 */
const resting = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: Node, link?: FakeLink): string[] => {
  const active = activeIn(leaf);
  return HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(active)).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(standing(leaf, link), event)}`,
  );
};

/** What is answered otherwise when there is nothing to flush, and no handshake. */
const shortWaysOf = (leaf: Node): string[] => {
  const usual = rowsOf(leaf);
  return rowsOf(leaf, new IdleLink()).filter((row) => !usual.includes(row));
};

it('answers every event in every state as reviewed', async () => {
  const table = resting.map((leaf) => rowsOf(leaf).join('\n'));
  const passed = leaves.filter((leaf) => !resting.includes(leaf));
  const rows = passed.map((leaf) => `${pathOfNode(leaf)} · (at once) ${atOnce(leaf)}`);
  const short = [
    'With nothing to flush, and without a handshake:',
    ...resting.flatMap(shortWaysOf),
  ];
  const text = `${[...table, ...rows, short.join('\n')].join('\n\n')}\n`;
  await expect(text).toMatchFileSnapshot('./__snapshots__/protocol-matrix.txt');
});

const atOnce = (leaf: Node): string =>
  answer(standing(leaf), internal({ type: `xstate.done.state.${String(leaf.parent?.id)}` }));

it.each(resting.map((leaf) => [pathOfNode(leaf), leaf] as const))(
  'refuses in %s the successes of actors and the timers of other states',
  (_, leaf) => {
    const active = activeIn(leaf);
    const late = HAPPENINGS.filter(({ isLiveIn }) => !isLiveIn(active)).map(
      ({ label, event }) => [label, answer(standing(leaf), event)] as const,
    );
    const errors = late.filter(([label]) => label.startsWith('xstate.error.'));
    const others = late.filter((one) => !errors.includes(one));
    expect(new Set(others.map(([, answered]) => answered))).toEqual(new Set(['-']));
    expect(new Set(errors.map(([, answered]) => answered))).toEqual(new Set(['(dies)']));
  },
);

it('knows every event that the chart names', () => {
  const known = new Set<string>(HAPPENINGS.map(({ event }) => event.type));
  const ofStates = chart.events.filter((type) => !known.has(type));
  expect(ofStates).toEqual(['xstate.done.state.protocol.DISCONNECTING']);
});

/** The chart of an actor that connects as soon as it starts, and ends with its session. */
const forOnce = createChart((link: FakeLink) => link, { addressOf: () => '/run/x', once: true });

it('can reach every state that the chart names', () => {
  // Only an actor that is made for one session has a state to end in; others are IDLE again.
  const reached = new Set([...reachedBy(chart), ...reachedBy(forOnce)]);
  expect([...reached].sort()).toEqual([...leaves.map(pathOfNode), 'ENDED'].sort());
});

function reachedBy(machine: typeof chart): ReadonlySet<string> {
  const reached = new Set<string>();
  const enter = (snapshot: Snapshot): void => {
    const path = pathOf(snapshot.value);
    if (reached.has(path)) return;
    reached.add(path);
    const active = snapshot._nodes;
    for (const { event, isLiveIn } of HAPPENINGS) {
      if (!isLiveIn(active)) continue;
      for (const [next] of getMicrosteps(machine, snapshot, event)) enter(next);
    }
  };
  enter(initialTransition(machine, new FakeLink())[0]);
  return reached;
}
