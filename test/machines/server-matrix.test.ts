import { expect, it } from 'vitest';
import {
  answer,
  chart,
  POSSIBLE_EVENTS,
  leaves,
  type Node,
  statesEntered,
} from './server-support.ts';
import { activeIn, pathOfNode } from './table.ts';

/**
 * The rules of the table are those of `protocol-matrix.test.ts`: one row for each state and each
 * event that is possible in it; `-` is a refusal, `(stays)` an event that is handled without a
 * change of state. Not listed: every change of state stops the actors and the timers of the states
 * that it leaves.
 */
const atomicStates = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: Node): string[] =>
  POSSIBLE_EVENTS.filter(({ isPossibleIn }) => isPossibleIn(activeIn(leaf))).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(leaf, event)}`,
  );

it('reacts to every event in every state as the reviewed table says', async () => {
  const text = atomicStates.map((leaf) => `${rowsOf(leaf).join('\n')}\n`).join('\n');
  await expect(text).toMatchFileSnapshot('./__snapshots__/server-matrix.txt');
});

it.each(atomicStates.map((leaf) => [pathOfNode(leaf), leaf] as const))(
  'refuses in %s the output of actors and the timers of other states',
  (_, leaf) => {
    const late = POSSIBLE_EVENTS.filter(({ isPossibleIn }) => !isPossibleIn(activeIn(leaf)))
      .filter(({ label }) => !label.startsWith('xstate.error.'))
      .map(({ event }) => answer(leaf, event));
    expect(new Set(late)).toEqual(new Set(['-']));
  },
);

it('lists every event that the chart names', () => {
  const known = new Set<string>(POSSIBLE_EVENTS.map(({ event }) => event.type));
  expect(chart.events.filter((type) => !known.has(type))).toEqual([
    'xstate.done.state.server.CLOSING',
  ]);
});

it('reaches every state of the chart', () => {
  const reached = new Set<string>();
  const enter = (path: string): void => {
    const leaf = atomicStates.find((node) => pathOfNode(node) === path);
    if (reached.has(path)) return;
    reached.add(path);
    if (leaf === undefined) return;
    for (const { event, isPossibleIn } of POSSIBLE_EVENTS) {
      if (isPossibleIn(activeIn(leaf))) statesEntered(leaf, event).forEach(enter);
    }
  };
  enter('IDLE');
  expect([...reached].sort()).toEqual(leaves.map(pathOfNode).sort());
});
