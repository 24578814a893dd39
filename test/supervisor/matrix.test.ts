import { getMicrosteps, initialTransition } from 'xstate';
import { expect, it } from 'vitest';
import { RUNSTATES } from '../../src/core/runstate.ts';
import { pathOf } from '../machines/support.ts';
import {
  activeIn,
  answer,
  atOnce,
  BROKEN,
  chart,
  COMMANDS,
  HAPPENINGS,
  leaves,
  type Node,
  pathOfNode,
  REFUSED,
  shown,
  silentWithoutOnUp,
  type Snapshot,
  standing,
} from './chart.ts';

/**
 * The rules of the table:
 * - one row for each state that has no states below it, and each thing that can happen in it;
 * - `-` is a refusal, `(stays)` an event that is heard without a change of state;
 * - the actions are in the order of the chart, and `start` is an invoked actor's; that the actors and
 *   timers of a state that is left are stopped is left out;
 * - a row is one step. What the chart raises (ENDING, OVER) has rows of its own, and what it does without
 *   an event stands in the second part;
 * - the third part has the rows that differ with the place of the connection.
 */
const resting = leaves.filter(({ key }) => key !== 'JUDGING');

const rowsOf = (leaf: Node): string[] => {
  const active = activeIn(leaf);
  return HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(active)).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(standing(leaf), event)}`,
  );
};

const leafAt = (path: string): Node => {
  const leaf = leaves.find((one) => pathOfNode(one) === path);
  if (leaf === undefined) throw new Error(`There is no state ${path}`);
  return leaf;
};

/** What happens without an event, or does not. */
const PASSED = [
  ['CONNECTING.locating', 'the connection is at home', {}],
  ['CONNECTING.locating', 'the connection is busy', { connection: 'busy' }],
  ['CONNECTING.connecting', 'there is no session', {}],
  ['CONNECTING.connecting', 'there is a session', { up: 1 }],
  ['JUDGING', 'an end that was asked for', {}],
  ['JUDGING', 'an end that merits a retry', { cause: REFUSED }],
  ['JUDGING', 'an end that does not', { cause: BROKEN }],
  ['JUDGING', 'the last attempt but one', { cause: REFUSED, attempts: 2 }],
  ['JUDGING', 'the last attempt', { cause: REFUSED, attempts: 3 }],
  ['JUDGING', 'a session that has lasted', { cause: REFUSED, attempts: 0 }],
  ['WAITING', 'the connection is at home', {}],
  ['WAITING', 'the connection is busy', { connection: 'busy' }],
] as const;

const passedRows = (): string[] => [
  ...PASSED.map(
    ([path, label, context]) =>
      `${path} · (at once) ${label} ${atOnce(standing(leafAt(path), context))}`,
  ),
  `CONNECTING.connecting · (at once) there is a session, and no onUp ${atOnce(
    standing(leafAt('CONNECTING.connecting'), { up: 1 }, silentWithoutOnUp),
  )}`,
];

const placedRows = (): string[] =>
  ['STOPPED', 'GIVEN_UP'].flatMap((path) =>
    (['busy', 'ended'] as const).flatMap((connection) =>
      COMMANDS.map(({ label, event }) => {
        const answered = answer(standing(leafAt(path), { connection }), event);
        return `${path} · ${label}, the connection is ${connection} ${answered}`;
      }),
    ),
  );

it('answers every event in every state as reviewed', async () => {
  const tables = [...resting.map(rowsOf), passedRows(), placedRows()];
  const text = `${tables.map((rows) => rows.join('\n')).join('\n\n')}\n`;
  await expect(text).toMatchFileSnapshot('./__snapshots__/matrix.txt');
});

it.each(leaves.map((leaf) => [pathOfNode(leaf), leaf] as const))('hears STOP in %s', (_, leaf) => {
  for (const connection of ['idle', 'busy', 'ended'] as const) {
    const from = standing(leaf, { connection });
    const answered = answer(from, { type: 'STOP' });
    const isStopped = leaf.key === 'STOPPED' && connection !== 'busy';
    expect(answered).toMatch(isStopped ? /^-$/ : /^(→ STOPP(ING|ED)|\(stays\)) {2}\[/);
  }
});

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
  expect(chart.events.filter((type) => !known.has(type))).toEqual([]);
});

it('can reach every state that the chart names', () => {
  const reached = new Set<string>();
  const seen = new Set<string>();
  const enter = (snapshot: Snapshot): void => {
    const { connection, up, attempts, session } = snapshot.context;
    const path = pathOf(snapshot.value);
    const key = [path, connection, up !== undefined, attempts].join();
    reached.add(path);
    if (seen.has(key) || attempts > 3) return;
    seen.add(key);
    const news = RUNSTATES.map((runstate) => shown(runstate, session + 1, REFUSED));
    const lived = HAPPENINGS.filter(({ isLiveIn }) => isLiveIn(snapshot._nodes));
    for (const event of [...news, ...lived.map((one) => one.event)]) {
      for (const [next] of getMicrosteps(chart, snapshot, event)) enter(next);
    }
  };
  enter(initialTransition(chart)[0]);
  expect([...reached].sort()).toEqual(leaves.map(pathOfNode).sort());
});
