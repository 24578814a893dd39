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
  POSSIBLE_EVENTS,
  leaves,
  type Node,
  pathOfNode,
  REFUSED,
  connectionEvent,
  silentAlways,
  silentWithoutOnUp,
  type Snapshot,
  snapshotIn,
} from './chart.ts';

/**
 * The rules of the table:
 * - one row for each state without states below it, and each event that is possible in it;
 * - `-` is a refusal, `(stays)` an event that is handled without a change of state;
 * - the actions are in the order of the chart, and `start` starts an invoked actor; not listed: the
 *   actors and timers of a state that is left are stopped;
 * - a row is one microstep. The events that the chart raises (ENDING, OVER) have their own rows,
 *   and the second part has the steps that need no event;
 * - the third part has the rows that depend on the state of the connection, the fourth those that
 *   depend on the policy after a clean end.
 */
const stable = leaves.filter(({ key }) => key !== 'JUDGING');

const rowsOf = (leaf: Node): string[] => {
  const active = activeIn(leaf);
  return POSSIBLE_EVENTS.filter(({ isPossibleIn }) => isPossibleIn(active)).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(snapshotIn(leaf), event)}`,
  );
};

const leafAt = (path: string): Node => {
  const leaf = leaves.find((node) => pathOfNode(node) === path);
  if (leaf === undefined) throw new Error(`There is no state ${path}`);
  return leaf;
};

/** States and contexts in which the chart may take a step without an event. */
const EVENTLESS = [
  ['CONNECTING.locating', 'the connection is at home', {}],
  ['CONNECTING.locating', 'the connection is busy', { connection: 'busy' }],
  ['CONNECTING.connecting', 'there is no session', {}],
  ['CONNECTING.connecting', 'there is a session', { up: 1 }],
  ['JUDGING', 'an actor that is new', { beginning: 'CONNECTING' }],
  [
    'JUDGING',
    'an actor that was restored while it failed',
    { beginning: 'CONNECTING', cause: BROKEN },
  ],
  ['JUDGING', 'an actor that had stopped', { beginning: 'STOPPED' }],
  [
    'JUDGING',
    'an actor that had stopped after a failure',
    { beginning: 'STOPPED', cause: REFUSED },
  ],
  ['JUDGING', 'an actor that had given up', { beginning: 'GIVEN_UP', cause: REFUSED }],
  ['JUDGING', 'an actor that had given up without a cause', { beginning: 'GIVEN_UP' }],
  ['JUDGING', 'an end that was clean', {}],
  ['JUDGING', 'an end that merits a retry', { cause: REFUSED }],
  ['JUDGING', 'an end that does not', { cause: BROKEN }],
  ['JUDGING', 'the last attempt but one', { cause: REFUSED, attempts: 2 }],
  ['JUDGING', 'the last attempt', { cause: REFUSED, attempts: 3 }],
  ['JUDGING', 'a session that has lasted', { cause: REFUSED, attempts: 0 }],
  ['JUDGING', 'the only stream is spent', { cause: REFUSED, isSpent: true }],
  [
    'JUDGING',
    'the only stream is spent, and an end that does not',
    { cause: BROKEN, isSpent: true },
  ],
  ['JUDGING', 'the only stream is spent, and an end that was clean', { isSpent: true }],
  ['WAITING', 'the connection is at home', {}],
  ['WAITING', 'the connection is busy', { connection: 'busy' }],
] as const;

const eventlessRows = (): string[] => [
  ...EVENTLESS.map(
    ([path, label, context]) =>
      `${path} · (at once) ${label} ${atOnce(snapshotIn(leafAt(path), context))}`,
  ),
  `CONNECTING.connecting · (at once) there is a session, and no onUp ${atOnce(
    snapshotIn(leafAt('CONNECTING.connecting'), { up: 1 }, silentWithoutOnUp),
  )}`,
];

const connectionRows = (): string[] =>
  ['STOPPED', 'GIVEN_UP'].flatMap((path) =>
    (['busy', 'ended'] as const).flatMap((connection) =>
      COMMANDS.map(({ label, event }) => {
        const answered = answer(snapshotIn(leafAt(path), { connection }), event);
        return `${path} · ${label}, the connection is ${connection} ${answered}`;
      }),
    ),
  );

/** What the policy `always` changes. */
const alwaysRows = (): string[] =>
  ['CONNECTING.synchronizing', 'UP'].flatMap((path) =>
    POSSIBLE_EVENTS.filter(({ label }) => label.startsWith('ENDING')).map(({ label, event }) => {
      const answered = answer(snapshotIn(leafAt(path), {}, silentAlways), event);
      return `${path} · ${label}, with the policy \`always\` ${answered}`;
    }),
  );

it('reacts to every event in every state as the reviewed table says', async () => {
  const tables = [...stable.map(rowsOf), eventlessRows(), connectionRows(), alwaysRows()];
  const text = `${tables.map((rows) => rows.join('\n')).join('\n\n')}\n`;
  await expect(text).toMatchFileSnapshot('./__snapshots__/matrix.txt');
});

it.each(leaves.map((leaf) => [pathOfNode(leaf), leaf] as const))(
  'handles STOP in %s',
  (_, leaf) => {
    for (const connection of ['idle', 'busy', 'ended'] as const) {
      const from = snapshotIn(leaf, { connection });
      const answered = answer(from, { type: 'STOP' });
      const isStopped = leaf.key === 'STOPPED' && connection !== 'busy';
      expect(answered).toMatch(isStopped ? /^-$/ : /^(→ STOPP(ING|ED)|\(stays\)) {2}\[/);
    }
  },
);

it.each(stable.map((leaf) => [pathOfNode(leaf), leaf] as const))(
  'refuses in %s the output of actors and the timers of other states',
  (_, leaf) => {
    const active = activeIn(leaf);
    const late = POSSIBLE_EVENTS.filter(({ isPossibleIn }) => !isPossibleIn(active)).map(
      ({ label, event }) => [label, answer(snapshotIn(leaf), event)] as const,
    );
    const errors = late.filter(([label]) => label.startsWith('xstate.error.'));
    const others = late.filter((row) => !errors.includes(row));
    expect(new Set(others.map(([, answered]) => answered))).toEqual(new Set(['-']));
    expect(new Set(errors.map(([, answered]) => answered))).toEqual(new Set(['(dies)']));
  },
);

it('lists every event that the chart names', () => {
  const known = new Set<string>(POSSIBLE_EVENTS.map(({ event }) => event.type));
  expect(chart.events.filter((type) => !known.has(type))).toEqual([]);
});

it('reaches every state of the chart', () => {
  const reached = new Set<string>();
  const seen = new Set<string>();
  const enter = (snapshot: Snapshot): void => {
    const { connection, up, attempts, session } = snapshot.context;
    const path = pathOf(snapshot.value);
    const key = [path, connection, up !== undefined, attempts].join();
    reached.add(path);
    if (seen.has(key) || attempts > 3) return;
    seen.add(key);
    const connectionEvents = RUNSTATES.map((runstate) =>
      connectionEvent(runstate, session + 1, REFUSED),
    );
    const possible = POSSIBLE_EVENTS.filter(({ isPossibleIn }) => isPossibleIn(snapshot._nodes));
    for (const event of [...connectionEvents, ...possible.map(({ event }) => event)]) {
      for (const [next] of getMicrosteps(chart, snapshot, event)) enter(next);
    }
  };
  enter(initialTransition(chart, { address: '/run/x' })[0]);
  expect([...reached].sort()).toEqual(leaves.map(pathOfNode).sort());
});
