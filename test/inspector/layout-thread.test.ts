/** The layout thread: after a failure, a timeout or an exit, the next chart is laid out. */

import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMachine } from 'xstate';
import { type Graph } from '../../inspector/src/graph.ts';
import { Layouter } from '../../inspector/src/layout.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { cleanUp, expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, rejection } from '../support/signal.ts';
import { chainOf, graphFor } from './charts.ts';
import { startTestInspector } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { openProgram, registration } from './fake-program.ts';

expectIdleAfterEach();

afterEach(() => {
  vi.useRealTimers();
});

const small = graphFor(createMachine({ id: 'm', initial: 'a', states: { a: {} } }));
/** Its layout takes seconds. */
const large = graphFor(chainOf(1_500));
/** Its layout fails, because an edge has an unknown target. */
const impossible: Graph = { ...small, edges: [{ source: 'm.a', target: 'unknown', labels: [] }] };

function layouter(): Layouter {
  const made = new Layouter();
  cleanUp(() => made.close());
  return made;
}

/** Resolves with the next thread that starts. */
function nextThread(): Promise<Worker> {
  return new Promise((resolve) => {
    process.once('worker', resolve);
  });
}

describe('a layout', () => {
  it('rejects with the reason when it fails, and the next one succeeds', async () => {
    const lay = layouter();
    expect(await rejection(lay.layOut('c', impossible))).toMatchObject({
      message: expect.stringContaining('unknown') as unknown,
    });
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c', nodes: [{ id: 'm' }, {}, {}] });
  });

  it('runs in one thread, however many are requested at once', async () => {
    const threads: Worker[] = [];
    const record = (worker: Worker) => threads.push(worker);
    process.on('worker', record);
    cleanUp(() => process.off('worker', record));
    const lay = layouter();
    const ids = ['a', 'b', 'c'];
    const charts = await Promise.all(ids.map((id) => lay.layOut(id, small)));
    expect(charts.map(({ id }) => id)).toEqual(ids);
    lay.warm();
    await lay.layOut('d', small);
    expect(threads).toHaveLength(1);
  });

  it('does not affect others requested at the same time when it fails', async () => {
    const lay = layouter();
    const all = [lay.layOut('a', small), lay.layOut('b', impossible), lay.layOut('c', small)];
    const outcomes = (await Promise.allSettled(all)).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('rejects when its thread exits, and the next one gets another thread', async () => {
    const lay = layouter();
    const first = nextThread();
    const failure = rejection(lay.layOut('c', large));
    await (await first).terminate();
    expect(await failure).toMatchObject({ message: 'The layout thread has exited' });
    const second = nextThread();
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c' });
    expect(await second).not.toBe(await first);
  });

  it('rejects with the error of its thread, and the next one gets another thread', async () => {
    const lay = layouter();
    const thread = nextThread();
    const failure = rejection(lay.layOut('c', large));
    (await thread).emit('error', new RangeError('no more memory'));
    expect(await failure).toMatchObject({ message: 'no more memory' });
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c' });
  });

  it('succeeds after the idle thread has exited', async () => {
    const lay = layouter();
    const thread = nextThread();
    await lay.layOut('c', small);
    await (await thread).terminate();
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c' });
  });

  it('rejects when it takes too long, its thread ends, and the next one succeeds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const lay = layouter();
    const thread = nextThread();
    const failure = rejection(lay.layOut('c', large));
    const next = lay.layOut('d', small);
    const ended = once(await thread, 'exit');
    await vi.advanceTimersByTimeAsync(19_999);
    const rejected = gate();
    void failure.then(rejected.open);
    await vi.advanceTimersByTimeAsync(1);
    await rejected.opened;
    expect(await failure).toMatchObject({ message: 'The layout took more than 20000 ms' });
    await ended;
    expect(await next).toMatchObject({ id: 'd' });
  });
});

describe('close()', () => {
  it('rejects the current layout, and the pending ones', async () => {
    const lay = layouter();
    const thread = nextThread();
    const failures = [rejection(lay.layOut('c', large)), rejection(lay.layOut('d', small))];
    const ended = once(await thread, 'exit');
    await lay.close();
    await ended;
    for (const failure of failures) {
      expect(await failure).toMatchObject({ message: 'The inspector was closed' });
    }
    expect(await rejection(lay.layOut('e', small))).toMatchObject({ message: /closed/ });
  });

  it('can be called before the thread has started, and again', async () => {
    const lay = layouter();
    lay.warm();
    const failure = rejection(lay.layOut('c', small));
    await Promise.all([lay.close(), lay.close()]);
    expect(await failure).toMatchObject({ message: 'The inspector was closed' });
  });
});

describe('a page that requests a chart', () => {
  it('gets the reason for a failure, and then the next chart', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    await openProgram(inspector, {}, [
      registration('x:0', { id: 'huge', machine: definitionText(chainOf(2_000)) }),
      registration('x:1', { id: 'small' }),
    ]);
    const [huge, other] = await Promise.all([page.actor('huge'), page.actor('small')]);
    for (const { chart } of [huge, other]) page.send({ type: 'chart', id: chart });
    await page.until(({ charts }) => charts.size === 2);
    expect(page.charts.get(huge.chart)).toBe('the machine has 2001 states; at most 2000 are drawn');
    expect(page.charts.get(other.chart)).toMatchObject({ id: other.chart });
  });

  it('gets it at the second request after the thread has exited at the first', async () => {
    const inspector = await startTestInspector();
    await openProgram(inspector, {}, [registration('x:0')]);
    const thread = nextThread();
    const page = await openFakePage(inspector);
    const { chart } = await page.actor('x:0');
    page.send({ type: 'chart', id: chart });
    await page.handled();
    // The thread is starting, or laying out the chart.
    await (await thread).terminate();
    page.send({ type: 'chart', id: chart });
    await page.until(({ charts }) => typeof charts.get(chart) === 'object');
  });

  it('does not prevent the inspector from closing', async () => {
    const inspector = await startTestInspector();
    await openProgram(inspector, {}, [
      registration('x:0', { machine: definitionText(chainOf(1_500)) }),
    ]);
    const thread = nextThread();
    const page = await openFakePage(inspector);
    page.send({ type: 'chart', id: (await page.actor('x:0')).chart });
    await page.handled();
    const ended = once(await thread, 'exit');
    await inspector.close();
    await ended;
  });
});
