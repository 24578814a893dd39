/** The contents and the layout of charts. */

import { afterAll, describe, expect, it } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import type { Chart, ChartLine } from '../../inspector/shared/view.ts';
import { Layouter } from '../../inspector/src/layout.ts';
import { createProtocolMachine, lines as linesCodec } from '../../src/index.ts';
import { chainOf, chartOf, graphFor, expectValidLayout } from './charts.ts';

const layouter = new Layouter();
afterAll(() => layouter.close());

const nodeOf = ({ nodes }: Chart, id: string) => nodes.find((node) => node.id === id);
const linesOf = (chart: Chart, id: string): readonly ChartLine[] => nodeOf(chart, id)?.lines ?? [];

/** The transitions, each as `source -> target: labels`. */
const arrowsOf = ({ edges }: Pick<Chart, 'edges'>): string[] =>
  edges.map(({ source, target, labels }) => {
    const texts = labels.map(({ text }) => text).join(', ');
    return `${source} -> ${target}${texts === '' ? '' : `: ${texts}`}`;
  });

describe('a chart', () => {
  it('nests the states of a nested machine', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { on: { IN: 'b.c.e', NEXT: 'b' } },
        b: {
          initial: 'c',
          states: {
            c: { initial: 'd', states: { d: { on: { DEEPER: 'e' } }, e: { on: { OUT: '#m.a' } } } },
          },
          on: { UP: 'a' },
        },
      },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(arrowsOf(chart)).toEqual([
      ...['m:initial -> m.a', 'm.a -> m.b.c.e: IN', 'm.a -> m.b: NEXT', 'm.b:initial -> m.b.c'],
      ...['m.b -> m.a: UP', 'm.b.c:initial -> m.b.c.d', 'm.b.c.d -> m.b.c.e: DEEPER'],
      'm.b.c.e -> m.a: OUT',
    ]);
  });

  it('has the regions of a parallel machine without an initial one', async () => {
    const region = { initial: 'off', states: { off: { on: { A: 'on' } }, on: {} } };
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: { x: region, y: region, z: {} },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(nodeOf(chart, 'm')).toMatchObject({ kind: 'parallel' });
    expect(chart.nodes.filter(({ kind }) => kind === 'initial')).toMatchObject([
      { id: 'm.x:initial', parent: 'm.x' },
      { id: 'm.y:initial', parent: 'm.y' },
    ]);
    expect(arrowsOf(chart)).toContain('m.y.off -> m.y.on: A');
  });

  it('has history and final states', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'away',
      states: {
        away: { on: { SHALLOW: 'there.back', DEEP: 'there.deep' } },
        there: {
          initial: 'one',
          states: {
            one: { on: { NEXT: 'two' } },
            two: { type: 'final' },
            back: { type: 'history' },
            deep: { type: 'history', history: 'deep', target: 'one' },
          },
          onDone: 'over',
        },
        over: { type: 'final' },
      },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(['back', 'deep', 'two'].map((key) => nodeOf(chart, `m.there.${key}`)?.kind)).toEqual([
      ...['history', 'history', 'final'],
    ]);
    expect(arrowsOf(chart)).toContain('m.there -> m.over: done');
    expect(arrowsOf(chart)).toContain('m.away -> m.there.deep: DEEP');
  });

  it('lists the actors, deadlines and internal events of a state below its name', async () => {
    const machine = setup({
      actors: { reader: fromPromise(() => Promise.resolve(1)) },
      delays: { patience: 1_000 },
      guards: { isBad: () => true },
    }).createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          description: 'Waiting.',
          invoke: {
            id: 'reader',
            src: 'reader',
            onDone: 'b',
            onError: { actions: () => undefined },
          },
          after: { patience: 'b', 5_000: { actions: () => undefined } },
          on: { NOTE: { actions: () => undefined }, '*': { guard: 'isBad' } },
        },
        b: {},
      },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(nodeOf(chart, 'm.a')).toMatchObject({ description: 'Waiting.' });
    expect(nodeOf(chart, 'm.b')).not.toHaveProperty('description');
    const lines = [...linesOf(chart, 'm.a')].map(({ kind, text }) => `${kind} ${text}`);
    expect(lines.filter((line) => !line.startsWith('event'))).toEqual([
      ...['actor reader', 'deadline 5000 ms', 'deadline patience'],
    ]);
    expect(lines).toContain('event NOTE');
    expect(lines).toContain('event * [isBad]');
    expect(arrowsOf(chart)).toContain('m.a -> m.b: reader done, after patience');
    const [a, b] = [nodeOf(chart, 'm.a'), nodeOf(chart, 'm.b')];
    expect(a?.height).toBeGreaterThan((b?.height ?? Infinity) + 2 * 16);
  });

  it('has one edge from one state to another, with all labels', async () => {
    const machine = setup({ guards: { isReady: () => true } }).createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          on: {
            GO: [{ guard: 'isReady', target: 'b' }, { guard: () => false, target: 'b' }, 'c'],
            ALSO: 'b',
          },
        },
        b: { always: [{ guard: 'isReady', target: 'c' }, 'a'] },
        c: { after: { 10: 'a' } },
      },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(arrowsOf(chart)).toEqual([
      ...['m:initial -> m.a', 'm.a -> m.b: GO [isReady], GO [guard], ALSO', 'm.a -> m.c: GO'],
      ...['m.b -> m.c: always [isReady]', 'm.b -> m.a: always', 'm.c -> m.a: after 10 ms'],
    ]);
    const events = chart.edges.flatMap(({ labels }) => labels.map(({ event }) => event));
    expect(events).toEqual(['GO', 'GO', 'ALSO', 'GO', '', '', 'xstate.after(10)#m.c']);
  });

  it('has self-transitions, transitions from the root, and into descendants', async () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      on: { RESET: '.a', AGAIN: '#m', LOST: '.b.d' },
      states: {
        a: { on: { SELF: { target: 'a', reenter: true }, SAME: {} } },
        b: {
          initial: 'c',
          on: { INNER: '.d', WHOLE: { target: 'b', reenter: true } },
          states: { c: { on: { OUTER: '#m.b' } }, d: {} },
        },
      },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    const arrows = ['m -> m.a: RESET', 'm -> m: AGAIN', 'm -> m.b.d: LOST', 'm.a -> m.a: SELF'];
    const inner = ['m.b -> m.b.d: INNER', 'm.b -> m.b: WHOLE', 'm.b.c -> m.b: OUTER'];
    for (const arrow of [...arrows, ...inner]) expect(arrowsOf(chart)).toContain(arrow);
  });

  it('can be that of a machine with a single state', async () => {
    const machine = createMachine({ id: 'm', on: { X: '#m' } });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(chart.nodes).toMatchObject([{ id: 'm', kind: 'atomic' }]);
  });

  it('has states as wide as their names', async () => {
    const name = 'aVeryLongName'.repeat(8);
    const machine = createMachine({
      id: 'm',
      initial: name,
      states: { [name]: { on: { [name]: 'b' } }, b: {} },
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(nodeOf(chart, `m.${name}`)?.width).toBeGreaterThan(name.length * 7);
  });

  it('can have any names, even with a special meaning elsewhere', async () => {
    const names = [':all', 'edge 0', 'label', 'a:b', 'x y', '<b>', '"', 'ä', '🚪', '1', 'toString'];
    const machine = createMachine({
      id: 'm',
      initial: 'toString',
      states: Object.fromEntries(
        names.map((name) => [name, { id: name, on: { [name]: '#label' } }]),
      ),
    });
    const chart = await chartOf(layouter, machine);
    expectValidLayout(chart, machine);
    expect(nodeOf(chart, '<b>')).toMatchObject({ key: '<b>' });
  });

  it('can be that of the protocol machine', async () => {
    const machine = createProtocolMachine({ codec: linesCodec() });
    expectValidLayout(await chartOf(layouter, machine), machine);
  });

  it('can be deeply nested', async () => {
    interface Config {
      readonly initial?: string;
      readonly states?: Readonly<Record<string, Config>>;
    }
    let config: Config = {};
    for (let depth = 0; depth < 30; depth += 1) config = { initial: 'in', states: { in: config } };
    const machine = createMachine({ id: 'm', ...config });
    expectValidLayout(await chartOf(layouter, machine), machine);
  });

  it('can have 200 states', async () => {
    const machine = chainOf(200);
    expectValidLayout(await chartOf(layouter, machine), machine);
  });
});

describe('a graph', () => {
  it('has at most 2000 states', () => {
    expect(graphFor(chainOf(1_999)).root.children).toHaveLength(2_000);
    expect(() => graphFor(chainOf(2_000))).toThrow(RangeError);
    expect(() => graphFor(chainOf(2_000))).toThrow('the machine has 2001 states');
  });
});
