import { expect, it } from 'vitest';
import {
  answer,
  chart,
  FakePeerPort,
  Harness,
  leaves,
  POSSIBLE_EVENTS,
  ROUTES,
} from './peer-support.ts';
import { activeIn, pathOfNode } from './table.ts';

/**
 * The rules of the table are those of `protocol-matrix.test.ts`. The last part has the rows that
 * differ without TLS, for a session that has ended before the chart handles that it runs, and with the
 * callback `onPeer`.
 */
const atomicStates = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: (typeof leaves)[number], port?: FakePeerPort): string[] =>
  POSSIBLE_EVENTS.filter(({ isPossibleIn }) => isPossibleIn(activeIn(leaf))).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(leaf, event, port)}`,
  );

/** The rows that differ with this port. */
const otherRows = (port: FakePeerPort): string[] =>
  atomicStates.flatMap((leaf) => {
    const usual = rowsOf(leaf);
    return rowsOf(leaf, port).filter((row) => !usual.includes(row));
  });

it('reacts to every event in every state as the reviewed table says', async () => {
  const table = atomicStates.map((leaf) => rowsOf(leaf).join('\n'));
  const plain = Object.assign(new FakePeerPort(), { isTls: false });
  const ended = Object.assign(new FakePeerPort(), { isRunning: false });
  const handled = Object.assign(new FakePeerPort(), { hasHandler: true });
  const loopless = Object.assign(new FakePeerPort(), { isLooping: false });
  const text = [
    ...table,
    ['Without TLS:', ...otherRows(plain)].join('\n'),
    ['With a session that is over already:', ...otherRows(ended)].join('\n'),
    ['With onPeer:', ...otherRows(handled)].join('\n'),
    ['With onPeer that takes no messages in a loop:', ...otherRows(loopless)].join('\n'),
  ].join('\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot('./__snapshots__/peer-matrix.txt');
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

it('has a row for every event that the chart names, and a route to every state', () => {
  const known = new Set<string>(POSSIBLE_EVENTS.map(({ event }) => event.type));
  expect(chart.events.filter((type) => !known.has(type))).toEqual([]);
  expect(Object.keys(ROUTES).sort()).toEqual(leaves.map(pathOfNode).sort());
});

it.each(Object.entries(ROUTES))('reaches %s by its route', async (state, route) => {
  const machine = await new Harness().go(...route);
  expect(machine.state).toBe(state);
  expect(machine.actorErrors).toEqual([]);
});
