import { expect, it } from 'vitest';
import { answer, chart, HAPPENINGS, leaves, type Node, passes } from './server-support.ts';
import { activeIn, pathOfNode } from './table.ts';

/**
 * The rules of the table are those of `matrix.test.ts`: one row for each state and each thing that can
 * happen in it, `-` is a refusal, `(stays)` an event that is heard without a change of state. What every
 * change of state does is left out: it stops the actors and the timers of the states that it leaves.
 */
const resting = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: Node): string[] =>
  HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(activeIn(leaf))).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(leaf, event)}`,
  );

it('answers every event in every state as reviewed', async () => {
  const text = resting.map((leaf) => `${rowsOf(leaf).join('\n')}\n`).join('\n');
  await expect(text).toMatchFileSnapshot('./__snapshots__/server-matrix.txt');
});

it.each(resting.map((leaf) => [pathOfNode(leaf), leaf] as const))(
  'refuses in %s the successes of actors and the timers of other states',
  (_, leaf) => {
    const late = HAPPENINGS.filter(({ isLiveIn }) => !isLiveIn(activeIn(leaf)))
      .filter(({ label }) => !label.startsWith('xstate.error.'))
      .map(({ event }) => answer(leaf, event));
    expect(new Set(late)).toEqual(new Set(['-']));
  },
);

it('knows every event that the chart names', () => {
  const known = new Set<string>(HAPPENINGS.map(({ event }) => event.type));
  expect(chart.events.filter((type) => !known.has(type))).toEqual([
    'xstate.done.state.server.CLOSING',
  ]);
});

it('can reach every state that the chart names', () => {
  const reached = new Set<string>();
  const enter = (path: string): void => {
    const leaf = resting.find((node) => pathOfNode(node) === path);
    if (reached.has(path)) return;
    reached.add(path);
    if (leaf === undefined) return;
    for (const { event, isLiveIn } of HAPPENINGS) {
      if (isLiveIn(activeIn(leaf))) passes(leaf, event).forEach(enter);
    }
  };
  enter('IDLE');
  expect([...reached].sort()).toEqual(leaves.map(pathOfNode).sort());
});
