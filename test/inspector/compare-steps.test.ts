/** Comparing what two actors did. */

import { describe, expect, it } from 'vitest';
import {
  compareSteps,
  firstDifference,
  folded,
  MAX_STEPS,
  pathsOf,
  stepsIn,
  type CompareStep,
} from '../../inspector/shared/compare-steps.ts';
import type { ActorState, ActorView, Entry } from '../../inspector/shared/view.ts';

const BASE: ActorState = { at: 0, status: 'active', value: 'a', context: {}, event: 'xstate.init' };

const actor = (id: string, name: string, parent?: string): ActorView => ({
  type: 'actor',
  id,
  program: 'p1',
  name,
  kind: 'machine',
  chart: 'c',
  start: 1,
  base: BASE,
  ...(parent !== undefined && { parent }),
});

/** The entries of an actor that handles events, each 100 ms after the other. */
const statesOf = (
  id: string,
  ...states: readonly (readonly [event: string, value: string])[]
): Entry[] =>
  states.map(([event, value], at) => ({
    type: 'entry',
    kind: 'state',
    seq: at + 1,
    at: at * 100,
    actor: id,
    size: 1,
    state: { ...BASE, at: at * 100, event, value },
  }));

const stepsOf = (...states: readonly (readonly [string, string])[]): readonly CompareStep[] =>
  stepsIn(statesOf('a', ...states), new Map([['a', '']])).steps;

const [START, OPEN, FAIL] = [
  ['xstate.init', 'IDLE'],
  ['OPENED', 'open'],
  ['FAILED', 'IDLE'],
] as const;

describe('two actors', () => {
  it('are compared by their events and states, and the first difference is told', () => {
    const rows = compareSteps(stepsOf(START, OPEN, FAIL), stepsOf(START, OPEN, OPEN));
    expect(rows.map(({ isSame, left, right }) => [isSame, left?.event, right?.event])).toEqual([
      [true, 'start', 'start'],
      [true, 'OPENED', 'OPENED'],
      [false, 'FAILED', 'OPENED'],
    ]);
    expect(firstDifference(rows)).toBe(
      "First difference: at +0.200 s the left got 'FAILED', the right 'OPENED'.",
    );
  });

  it('differ in what only one of them got, and in what the same event led to', () => {
    expect(firstDifference(compareSteps(stepsOf(START), stepsOf(START, OPEN)))).toBe(
      "First difference: at +0.100 s only the right got 'OPENED'.",
    );
    expect(firstDifference(compareSteps(stepsOf(START, OPEN), stepsOf(START)))).toBe(
      "First difference: at +0.100 s only the left got 'OPENED'.",
    );
    const other = stepsOf(START, ['OPENED', 'shut']);
    expect(firstDifference(compareSteps(stepsOf(START, OPEN), other))).toBe(
      "First difference: at +0.100 s after 'OPENED' the left is in 'open', the right in 'shut'.",
    );
  });

  it('do not differ when they did the same, however long it took', () => {
    expect(
      firstDifference(compareSteps(stepsOf(START, OPEN), stepsOf(START, OPEN))),
    ).toBeUndefined();
    expect(firstDifference(compareSteps([], []))).toBeUndefined();
  });

  it('are compared with their children by the names of these, not by their numbers', () => {
    const actors = [
      actor('p1/x:0', 'root'),
      actor('p1/x:1', 'child', 'p1/x:0'),
      actor('p1/x:7', 'x:7', 'p1/x:1'),
      actor('p1/x:9', 'other'),
    ];
    const [root] = actors;
    if (root === undefined) throw new Error('There is no root');
    expect([...pathsOf(root, actors, true)]).toEqual([
      ['p1/x:0', ''],
      ['p1/x:1', 'child'],
      ['p1/x:7', 'child / unnamed'],
    ]);
    expect([...pathsOf(root, actors, false)]).toEqual([['p1/x:0', '']]);
    const { steps } = stepsIn(
      statesOf('p1/x:7', ['done.invoke.x:12', 'a']),
      pathsOf(root, actors, true),
    );
    expect(steps[0]).toMatchObject({ path: 'child / unnamed', event: 'unnamed done' });
  });

  it('have a bounded number of steps', () => {
    const many = Array<readonly [string, string]>(MAX_STEPS + 5).fill(OPEN);
    const { steps, isCut } = stepsIn(statesOf('a', ...many), new Map([['a', '']]));
    expect([steps.length, isCut]).toEqual([MAX_STEPS, true]);
  });
});

describe('equal rows', () => {
  const same = (count: number) => Array<readonly [string, string]>(count).fill(OPEN);
  const rows = compareSteps(
    stepsOf(START, ...same(10), FAIL, ...same(10)),
    stepsOf(START, ...same(10), ...same(10)),
  );
  const kinds = (unfolded: ReadonlySet<number>): string =>
    folded(rows, unfolded)
      .map((row) => (row.kind === 'fold' ? `(${String(row.count)})` : row.row.isSame ? '=' : '!'))
      .join('');

  it('are folded, but for some around each difference', () => {
    expect(kinds(new Set())).toBe('=(8)==!==(8)');
  });

  it('are shown where they were unfolded', () => {
    expect(kinds(new Set([1]))).toBe(`${'='.repeat(11)}!==(8)`);
  });

  it('are all there when they are counted', () => {
    const counted = folded(rows, new Set()).map((row) => (row.kind === 'fold' ? row.count : 1));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(rows.length);
  });
});
