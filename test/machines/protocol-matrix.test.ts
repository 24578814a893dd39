import { getMicrosteps, initialTransition } from 'xstate';
import { expect, it } from 'vitest';
import {
  activeIn,
  answer,
  POSSIBLE_EVENTS,
  internal,
  leaves,
  type Node,
  pathOfNode,
  type PossibleEvent,
  reportsOf,
  silentSession,
  type Snapshot,
  snapshotIn,
} from './chart.ts';
import { BusyLink, FakeLink, IdleLink } from './fake-link.ts';
import { createChart } from '../../src/machines/protocol.ts';
import { chart, failingChart, pathOf } from './support.ts';

/**
 * The rules of the table:
 * - one row for each state without states below it, and each event that is possible in it;
 * - `-` is a refusal, `(stays)` an event that is handled without a change of state;
 * - the actions are in the order of the chart, and `start` starts an invoked actor; not listed:
 *   every change of state stops the actors and the timers of the states that it leaves;
 * - the event of an actor that does not run there, or of a timer that is not set there, has no row:
 *   a separate test asserts that each is refused. (XState drops them anyway, see `late.test.ts`.
 *   The error of an actor that does not run would be unhandled, which stops the machine.)
 * - the next two parts have the rows that differ for other links;
 * - the last part has those that differ, or are more, if the protocol has logic for its session;
 * - `closed` is left within the step that enters it, so that step is its only row.
 */
const atomicStates = leaves.filter(({ type }) => type === 'atomic');

const rowsOf = (leaf: Node, link?: FakeLink): string[] => {
  const active = activeIn(leaf);
  return POSSIBLE_EVENTS.filter(({ isPossibleIn }) => isPossibleIn(active)).map(
    ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(snapshotIn(leaf, link), event)}`,
  );
};

/** The rows of a chart with the actor `session` that differ, and those of the actor itself, for several links. */
const sessionRowsOf = (leaf: Node): string[] => {
  const usual = rowsOf(leaf);
  const active = activeIn(leaf);
  const textOf = ({ label, event }: PossibleEvent, link?: FakeLink): string =>
    `${pathOfNode(leaf)} · ${label} ${answer(snapshotIn(leaf, link), event, silentSession)}`;
  const rows = POSSIBLE_EVENTS.filter(({ isPossibleIn }) => isPossibleIn(active))
    .map((possible) => textOf(possible))
    .filter((row) => !usual.includes(row));
  const reports = active.some(({ key }) => key === 'RUNNING') ? reportsOf('session') : [];
  const links = [undefined, new IdleLink(), new BusyLink()];
  return [...rows, ...new Set(links.flatMap((link) => reports.map((each) => textOf(each, link))))];
};

/** The rows that differ with another link. */
const otherRowsOf = (leaf: Node, link: FakeLink): string[] => {
  const usual = rowsOf(leaf);
  return rowsOf(leaf, link).filter((row) => !usual.includes(row));
};

it('reacts to every event in every state as the reviewed table says', async () => {
  const table = atomicStates.map((leaf) => rowsOf(leaf).join('\n'));
  const transient = leaves.filter((leaf) => !atomicStates.includes(leaf));
  const rows = transient.map((leaf) => `${pathOfNode(leaf)} · (at once) ${atOnce(leaf)}`);
  const shortcuts = [
    'With nothing to flush, and without a handshake:',
    ...atomicStates.flatMap((leaf) => otherRowsOf(leaf, new IdleLink())),
  ];
  const detours = [
    'While a message is being handled, with a farewell, and with half-open sessions:',
    ...atomicStates.flatMap((leaf) => otherRowsOf(leaf, new BusyLink())),
  ];
  const sessions = [
    'With logic for the session; its end also with nothing to flush, and while a message is being handled:',
    ...atomicStates.flatMap(sessionRowsOf),
  ];
  const others = [shortcuts, detours, sessions].map((part) => part.join('\n'));
  const parts = [...table, ...rows, ...others];
  const text = `${parts.join('\n\n')}\n`;
  await expect(text).toMatchFileSnapshot('./__snapshots__/protocol-matrix.txt');
});

const atOnce = (leaf: Node): string =>
  answer(snapshotIn(leaf), internal({ type: `xstate.done.state.${String(leaf.parent?.id)}` }));

it.each(atomicStates.map((leaf) => [pathOfNode(leaf), leaf] as const))(
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
  const ofStates = chart.events.filter((type) => !known.has(type));
  expect(ofStates).toEqual(['xstate.done.state.protocol.DISCONNECTING']);
});

/**
 * The chart of an actor that connects as soon as it starts, and stops at the end of its session.
 */
const singleUseChart = createChart((link: FakeLink) => link, {
  addressOf: () => '/run/x',
  once: true,
});

it('reaches every state of the chart', () => {
  // Only an actor for a single session has the states ENDED and FAILED; others return to IDLE.
  const reached = new Set([
    ...reachedBy(chart),
    ...reachedBy(singleUseChart),
    ...reachedBy(failingChart),
    ...reachedBy(chart, new BusyLink()),
  ]);
  expect([...reached].sort()).toEqual([...leaves.map(pathOfNode), 'ENDED', 'FAILED'].sort());
});

function reachedBy(machine: typeof chart, link = new FakeLink()): ReadonlySet<string> {
  const reached = new Set<string>();
  const enter = (snapshot: Snapshot): void => {
    const path = pathOf(snapshot.value);
    if (reached.has(path)) return;
    reached.add(path);
    const active = snapshot._nodes;
    for (const { event, isPossibleIn } of POSSIBLE_EVENTS) {
      if (!isPossibleIn(active)) continue;
      for (const [next] of getMicrosteps(machine, snapshot, event)) enter(next);
    }
  };
  enter(initialTransition(machine, link)[0]);
  return reached;
}
