/** Parallel regions, and other states without transitions between them, are arranged in rows. */

import { afterAll, describe, expect, it } from 'vitest';
import { type AnyStateMachine, createMachine } from 'xstate';
import { Layouter } from '../../inspector/src/layout.ts';
import { packed, sizeOfRows } from '../../inspector/src/packing.ts';
import { chartOf, expectValidLayout } from './charts.ts';

const layouter = new Layouter();
afterAll(() => layouter.close());

const region = (at: number, onFailure = {}) => ({
  initial: 'idle',
  states: {
    idle: { on: { [`START_${String(at)}`]: 'working' } },
    working: { on: { FINISH: 'finished', FAIL: 'failed' }, after: { 1000: 'failed' } },
    failed: { on: { RETRY: 'working', ...onFailure } },
    finished: { on: { RESET: 'idle' } },
  },
});

const withRegions = (count: number, onFailure?: object): AnyStateMachine =>
  createMachine({
    id: 'm',
    initial: 'run',
    states: {
      run: {
        type: 'parallel',
        states: Object.fromEntries(
          Array.from({ length: count }, (_, at) => [`r${String(at)}`, region(at, onFailure)]),
        ),
      },
      over: {},
    },
  });

describe('parallel regions', () => {
  it.each([
    ['seven', withRegions(7), 1_400],
    ['thirty', withRegions(30), 2_600],
    ['seven, of which transitions lead out,', withRegions(7, { GIVE_UP: '#m.over' }), 1_800],
    ['seven, between which transitions lead,', withRegions(7, { AGAIN: '#m.run.r0.idle' }), 3_000],
  ])('%s are in rows', { timeout: 60_000 }, async (_, machine, widest) => {
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(chart.width).toBeLessThan(widest);
    const rows = new Set(
      chart.nodes.filter(({ parent }) => parent === 'm.run').map(({ y }) => Math.round(y / 100)),
    );
    expect(rows.size).toBeGreaterThan(1);
  });

  it('within regions are in rows, too', { timeout: 60_000 }, async () => {
    const inner = {
      type: 'parallel',
      states: { x: region(1), y: region(2), z: region(3) },
    } as const;
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: { a: inner, b: region(4), c: inner, d: region(5) },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(chart.width).toBeLessThan(1_800);
  });
});

describe('packed()', () => {
  const boxes = (...sizes: readonly (readonly [number, number])[]) =>
    sizes.map(([width, height]) => ({ width, height }));

  it('leaves what fits in one row', () => {
    expect(packed(boxes([200, 300], [200, 300]))).toHaveLength(1);
    expect(packed([])).toEqual([]);
  });

  it('keeps all boxes, the first one first', () => {
    const many = boxes(
      ...Array.from({ length: 40 }, (_, at) => [100 + at, 500 - 10 * at] as const),
    );
    const rows = packed(many);
    expect(new Set(rows.flat())).toEqual(new Set(many));
    expect(rows[0]?.[0]).toBe(many[0]);
    const { width, height } = sizeOfRows(rows);
    expect(width / height).toBeGreaterThan(0.6);
    expect(width / height).toBeLessThan(2.5);
  });
});
