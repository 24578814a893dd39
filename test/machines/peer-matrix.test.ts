import { expect, it } from 'vitest';
import { answer, chart, HAPPENINGS, leaves, ROUTES } from './peer-support.ts';
import { activeIn, pathOfNode } from './table.ts';

/** The rules of the table are those of `protocol-matrix.test.ts`. */
const resting = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: (typeof leaves)[number]): string[] =>
  HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(activeIn(leaf))).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(leaf, event)}`,
  );

it('answers every event in every state as reviewed', async () => {
  const text = resting.map((leaf) => `${rowsOf(leaf).join('\n')}\n`).join('\n');
  await expect(text).toMatchFileSnapshot('./__snapshots__/peer-matrix.txt');
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

it('names no event that is missing in the table, and no state without a route', () => {
  const known = new Set<string>(HAPPENINGS.map(({ event }) => event.type));
  expect(chart.events.filter((type) => !known.has(type))).toEqual([]);
  expect(Object.keys(ROUTES).sort()).toEqual(leaves.map(pathOfNode).sort());
});
