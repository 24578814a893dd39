import { initialTransition, transition } from 'xstate';
import { describe, expect, it } from 'vitest';
import { heartbeat } from '../../src/machines/heartbeat.ts';
import { HeartbeatRun } from '../../src/machines/heartbeat-run.ts';
import { FakePulse } from './heartbeat-support.ts';
import { pathOf } from './support.ts';
import { definedNames, usedNames } from './setup-use.ts';
import {
  actionText,
  activeIn,
  answerText,
  isLeaf,
  nodesFrom,
  pathOfNode,
  possibleEventsOf,
} from './table.ts';

type Node = typeof heartbeat.root;
const nodes = nodesFrom<Node>(heartbeat.root, ({ states }) => Object.values(states));
const leaves = nodes.filter(isLeaf).filter(({ type }) => type !== 'final');

/** The chart with actions that do nothing, so that `transition()` returns all of them, by name. */
const silent = heartbeat.provide({
  actions: Object.fromEntries(
    Object.keys(heartbeat.implementations.actions).map((name) => [name, () => undefined]),
  ),
});

/** What is true of a peer when an event arrives. */
interface Facts {
  readonly answers?: number;
  readonly signsOfLife?: number;
  readonly isAtWork?: boolean;
  readonly isLeaving?: boolean;
  readonly misses?: FakePulse['misses'];
}

const answer = (leaf: Node, event: { readonly type: string }, facts: Facts): string => {
  const pulse = new FakePulse();
  const run = new HeartbeatRun(pulse, { remote: undefined }, {} as never);
  const [{ context }] = initialTransition(heartbeat, { run });
  const { isLeaving = false, ...others } = facts;
  Object.assign(pulse, others);
  Object.defineProperty(run, 'isLeaving', { value: isLeaving });
  const [outer = '', inner = ''] = leaf.path;
  const snapshot = silent.resolveState({ value: { [outer]: inner }, context });
  const [to, actions] = transition(silent, snapshot, event as never);
  const names = actions.flatMap(({ type, params }) => actionText({ type, params }));
  return answerText(pathOfNode(leaf), pathOf(to.value), names);
};

const EVENTS = ['stopped', 'gone', 'running'].flatMap((output) =>
  possibleEventsOf(nodes, {}, { output, error: new Error('broken') })
    .filter(({ label }) => output === 'stopped' || label === 'xstate.done.actor.looker')
    .map((possible) => ({
      ...possible,
      label:
        possible.label === 'xstate.done.actor.looker'
          ? `${possible.label} (${output})`
          : possible.label,
    })),
);

/** A timer with several arrows is listed several times. */
const rowsOf = (leaf: Node, facts: Facts = {}): string[] => [
  ...new Set(
    EVENTS.filter(({ isPossibleIn }) => isPossibleIn(activeIn(leaf))).map(
      ({ label, event }) => `${pathOfNode(leaf)} · ${label} ${answer(leaf, event, facts)}`,
    ),
  ),
];

/** The rows that differ with these facts. */
const otherRows = (title: string, facts: Facts): string =>
  [
    `${title}:`,
    ...leaves.flatMap((leaf) => {
      const usual = rowsOf(leaf);
      return rowsOf(leaf, facts).filter((row) => !usual.includes(row));
    }),
  ].join('\n');

it('reacts to every event in every state as the reviewed table says', async () => {
  const once = { silent: 0, stopped: 0, dead: 0 };
  const text = [
    ...leaves.map((leaf) => rowsOf(leaf).join('\n')),
    otherRows('After an answer', { answers: 1 }),
    otherRows('After a sign of life', { signsOfLife: 1 }),
    otherRows('With work that it was given', { isAtWork: true }),
    otherRows('While the end of the session is expected', { isLeaving: true }),
    otherRows('When the last miss is one too many', { misses: once }),
  ].join('\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot('./__snapshots__/heartbeat-matrix.txt');
});

describe('the chart of a heartbeat', () => {
  const arrows = nodes.flatMap((from) =>
    [...[...from.transitions.values()].flat(), ...(from.always ?? [])].map((arrow) => ({
      from,
      ...arrow,
    })),
  );

  it('waits nowhere without a deadline, and handles the error of every actor', () => {
    const waiting = leaves.filter((node) => !activeIn(node).some(({ after }) => after.length > 0));
    expect(waiting.map(pathOfNode)).toEqual([]);
    const unhandled = nodes.flatMap((node) =>
      node.invoke.filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`)),
    );
    expect(unhandled).toEqual([]);
  });

  it('leads from every state of a peer to every one', () => {
    const states = ['healthy', 'busy', 'stopped', 'silent', 'dead'];
    const targetsOf = (state: string): string[] => [
      ...new Set(
        arrows
          .filter(({ from }) => from.path[0] === state && from.path.length > 1)
          .flatMap(({ target }) => (target ?? []).map(pathOfNode))
          .filter((path) => states.includes(path)),
      ),
    ];
    for (const state of states) expect(targetsOf(state).sort()).toEqual([...states].sort());
  });

  it('describes each of its states, and uses exactly what its setup defines', () => {
    const undescribed = nodes.filter(({ description, path }) => !description && path.length > 0);
    expect(undescribed.map(pathOfNode)).toEqual([]);
    expect(usedNames(nodes, arrows)).toEqual(definedNames(heartbeat));
  });
});
