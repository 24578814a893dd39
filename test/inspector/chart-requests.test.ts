/** Pages that ask for drawings of charts: large ones hold up no others, and nothing is laid out in vain. */

import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { createMachine } from 'xstate';
import type { ChartRef, ServerMessage } from '../../inspector/shared/view.ts';
import { ChartLayouts } from '../../inspector/src/chart-layouts.ts';
import type { Graph } from '../../inspector/src/graph.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { chainOf, graphFor } from './charts.ts';
import { startTestInspector } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { openProgram, registration } from './fake-program.ts';
import { nested } from './machines.ts';

expectIdleAfterEach();

const small = graphFor(nested);
const large = graphFor(chainOf(1_500));
const impossible: Graph = {
  ...small,
  edges: [{ source: 'nested.off', target: 'unknown', labels: [] }],
};
const GRAPHS: Readonly<Record<string, Graph>> = { small, large, impossible };

function layouts(): { charts: ChartLayouts; count: () => number } {
  let count = 0;
  const charts = new ChartLayouts((id) => {
    count += 1;
    const graph = GRAPHS[id];
    if (graph === undefined) throw new Error('its definition is no longer kept');
    return graph;
  });
  cleanUp(() => charts.close());
  return { charts, count: () => count };
}

/** A page that collects what it gets. */
function page() {
  const messages: ServerMessage[] = [];
  const push = (message: ServerMessage) => {
    messages.push(message);
  };
  const until = (isLast: (message: ServerMessage) => boolean) =>
    vi.waitFor(
      () => {
        const found = messages.find(isLast);
        if (found === undefined) throw new Error('It has not come yet');
        return found;
      },
      { timeout: 15_000, interval: 20 },
    );
  return { messages, push, until };
}

const isChartOf = (id: string) => (message: ServerMessage) =>
  message.type === 'chart' && message.id === id && message.chart.isSimple !== true;

/** Resolves with the next thread that starts. */
const nextThread = (): Promise<Worker> =>
  new Promise((resolve) => {
    process.once('worker', resolve);
  });

describe('a large chart', () => {
  it('comes in a simple layout at once, and the page hears that a better one follows', async () => {
    const { charts } = layouts();
    const one = page();
    charts.request(one, { id: 'large', collapsed: [] }, one.push);
    await one.until(({ type }) => type === 'chart-progress');
    expect(one.messages).toMatchObject([
      { type: 'chart', id: 'large', collapsed: [], chart: { isSimple: true } },
      { type: 'chart-progress', id: 'large', collapsed: [], states: 1_501 },
    ]);
    charts.cancel(one);
  });

  it('does not hold up a small one', async () => {
    const { charts } = layouts();
    const one = page();
    charts.request(one, { id: 'large' }, one.push);
    charts.request(one, { id: 'small' }, one.push);
    await one.until(isChartOf('small'));
    expect(one.messages.some(isChartOf('large'))).toBe(false);
    charts.cancel(one);
  });

  it('is given up when the last page that wants it is gone, and its thread ends', async () => {
    const { charts } = layouts();
    const [one, other] = [page(), page()];
    const thread = nextThread();
    charts.request(one, { id: 'large' }, one.push);
    charts.request(other, { id: 'large' }, other.push);
    const ended = once(await thread, 'exit');
    charts.cancel(one);
    // The other page still waits.
    charts.request(one, { id: 'small' }, one.push);
    await one.until(isChartOf('small'));
    charts.cancel(other, { id: 'large' });
    await ended;
    expect(other.messages.some(isChartOf('large'))).toBe(false);
    // And it can be asked for again.
    charts.request(one, { id: 'large' }, one.push);
    await one.until(({ type }) => type === 'chart-progress');
    charts.cancel(one);
  });
});

describe('a chart', () => {
  it('is laid out once for all pages, and kept', async () => {
    const { charts, count } = layouts();
    const [one, other, late] = [page(), page(), page()];
    charts.request(one, { id: 'small' }, one.push);
    charts.request(other, { id: 'small' }, other.push);
    const [first, second] = [
      await one.until(isChartOf('small')),
      await other.until(isChartOf('small')),
    ];
    expect(second).toBe(first);
    charts.request(late, { id: 'small' }, late.push);
    expect(late.messages).toEqual([first]);
    expect(count()).toBe(1);
  });

  it('has a drawing for each choice of collapsed states, which the answer repeats', async () => {
    const { charts } = layouts();
    const one = page();
    const refs: ChartRef[] = [
      { id: 'small' },
      { id: 'small', collapsed: ['nested.on'] },
      { id: 'small', details: false },
    ];
    for (const ref of refs) charts.request(one, ref, one.push);
    await vi.waitFor(
      () => {
        expect(one.messages).toHaveLength(3);
      },
      { timeout: 15_000 },
    );
    const collapsed = one.messages.find((message) => 'collapsed' in message);
    expect(collapsed).toMatchObject({ type: 'chart', collapsed: ['nested.on'] });
    expect(one.messages).toContainEqual(expect.objectContaining({ details: false }));
  });

  it('that elkjs cannot lay out comes in a simple layout', async () => {
    const { charts } = layouts();
    const one = page();
    charts.request(one, { id: 'impossible' }, one.push);
    expect(await one.until(() => true)).toMatchObject({
      type: 'chart',
      chart: { isSimple: true, edges: [{ points: [] }] },
    });
  });

  it('that is not known has the reason', async () => {
    const { charts } = layouts();
    const one = page();
    charts.request(one, { id: 'gone', collapsed: ['x'] }, one.push);
    expect(await one.until(() => true)).toEqual({
      type: 'no-chart',
      id: 'gone',
      collapsed: ['x'],
      why: 'its definition is no longer kept',
    });
  });
});

describe('a page', () => {
  it('asks for other drawings with texts and numbers of bounded size only', async () => {
    const inspector = await startTestInspector();
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { initial: 'b', states: { b: {} } } },
    });
    await openProgram(inspector, {}, [registration('x:0', { machine: definitionText(machine) })]);
    const fake = await openFakePage(inspector);
    const { chart } = await fake.actor('x:0');
    const collapsed = ['m.a', 7, null, 'x'.repeat(10_000), { id: 'm.a' }];
    fake.socket.send(JSON.stringify({ type: 'chart', id: chart, collapsed, details: 'yes' }));
    await fake.until(({ charts }) => typeof charts.get(chart) === 'object');
    const drawn = fake.charts.get(chart);
    expect(
      typeof drawn === 'object' && drawn.nodes.map(({ id, isHidden }) => [id, isHidden]),
    ).toEqual([
      ...[
        ['m', undefined],
        ['m:initial', undefined],
        ['m.a', undefined],
        ['m.a.b', true],
      ],
    ]);
  });

  it('that closes ends the layout that it waited for', async () => {
    const inspector = await startTestInspector();
    await openProgram(inspector, {}, [
      registration('x:0', { machine: definitionText(chainOf(1_500)) }),
    ]);
    const fake = await openFakePage(inspector);
    const { chart } = await fake.actor('x:0');
    const thread = nextThread();
    fake.send({ type: 'chart', id: chart });
    await fake.handled();
    const ended = once(await thread, 'exit');
    fake.socket.close();
    await ended;
  });
});
