import { expect, it } from 'vitest';
import { answer, chart, FakePeerPort, HAPPENINGS, leaves, ROUTES } from './peer-support.ts';
import { activeIn, pathOfNode } from './table.ts';

/**
 * The rules of the table are those of `protocol-matrix.test.ts`. The last part has the rows that differ
 * without TLS, and for a session that has ended before the chart hears that it runs.
 */
const resting = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: (typeof leaves)[number], port?: FakePeerPort): string[] =>
  HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(activeIn(leaf))).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(leaf, event, port)}`,
  );

/** What is answered otherwise. */
const otherRows = (port: FakePeerPort): string[] =>
  resting.flatMap((leaf) => {
    const usual = rowsOf(leaf);
    return rowsOf(leaf, port).filter((row) => !usual.includes(row));
  });

it('answers every event in every state as reviewed', async () => {
  const table = resting.map((leaf) => rowsOf(leaf).join('\n'));
  const plain = Object.assign(new FakePeerPort(), { isTls: false });
  const over = Object.assign(new FakePeerPort(), { isRunning: false });
  const text = [
    ...table,
    ['Without TLS:', ...otherRows(plain)].join('\n'),
    ['With a session that is over already:', ...otherRows(over)].join('\n'),
  ].join('\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot('./__snapshots__/peer-matrix.txt');
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
