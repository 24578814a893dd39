/** The thread that lays charts out: it may fail, take too long, or die, and the next chart is there. */

import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMachine } from 'xstate';
import { type Graph } from '../../inspector/src/graph.ts';
import { Layouter } from '../../inspector/src/layout.ts';
import { definitionText } from '../../src/inspect/definition.ts';
import { cleanUp, expectHomeAfterEach } from '../support/cleanup.ts';
import { gate, rejection } from '../support/signal.ts';
import { chainOf, drawn } from './charts.ts';
import { inspector } from './clients.ts';
import { openPage } from './page.ts';
import { openTeller, registration } from './teller.ts';

expectHomeAfterEach();

afterEach(() => {
  vi.useRealTimers();
});

const small = drawn(createMachine({ id: 'm', initial: 'a', states: { a: {} } }));
/** Takes seconds. */
const large = drawn(chainOf(1_500));
/** Leads nowhere, and so cannot be laid out. */
const impossible: Graph = { ...small, edges: [{ source: 'm.a', target: 'nowhere', labels: [] }] };

function layouter(): Layouter {
  const made = new Layouter();
  cleanUp(() => made.close());
  return made;
}

/** The next thread that is begun. */
function nextThread(): Promise<Worker> {
  return new Promise((resolve) => {
    process.once('worker', resolve);
  });
}

describe('a layout', () => {
  it('that is not possible fails with the reason, and the next one does not', async () => {
    const lay = layouter();
    expect(await rejection(lay.layOut('c', impossible))).toMatchObject({
      message: expect.stringContaining('nowhere') as unknown,
    });
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c', nodes: [{ id: 'm' }, {}, {}] });
  });

  it('takes place in one thread, however many are asked for at once', async () => {
    const threads: Worker[] = [];
    const note = (worker: Worker) => threads.push(worker);
    process.on('worker', note);
    cleanUp(() => process.off('worker', note));
    const lay = layouter();
    const ids = ['a', 'b', 'c'];
    const charts = await Promise.all(ids.map((id) => lay.layOut(id, small)));
    expect(charts.map(({ id }) => id)).toEqual(ids);
    lay.warm();
    await lay.layOut('d', small);
    expect(threads).toHaveLength(1);
  });

  it('fails alone, among those that were asked for at the same time', async () => {
    const lay = layouter();
    const all = [lay.layOut('a', small), lay.layOut('b', impossible), lay.layOut('c', small)];
    const outcomes = (await Promise.allSettled(all)).map(({ status }) => status);
    expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails when its thread dies, and the next one has another', async () => {
    const lay = layouter();
    const first = nextThread();
    const failure = rejection(lay.layOut('c', large));
    await (await first).terminate();
    expect(await failure).toMatchObject({ message: 'The thread that lays it out has ended' });
    const second = nextThread();
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c' });
    expect(await second).not.toBe(await first);
  });

  it('fails when its thread does, with the reason, and the next one has another', async () => {
    const lay = layouter();
    const thread = nextThread();
    const failure = rejection(lay.layOut('c', large));
    (await thread).emit('error', new RangeError('no more memory'));
    expect(await failure).toMatchObject({ message: 'no more memory' });
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c' });
  });

  it('does not mind a thread that dies when it has nothing to do', async () => {
    const lay = layouter();
    const thread = nextThread();
    await lay.layOut('c', small);
    await (await thread).terminate();
    expect(await lay.layOut('c', small)).toMatchObject({ id: 'c' });
  });

  it('that takes too long fails alone, and its thread ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const lay = layouter();
    const thread = nextThread();
    const failure = rejection(lay.layOut('c', large));
    const next = lay.layOut('d', small);
    const ended = once(await thread, 'exit');
    await vi.advanceTimersByTimeAsync(19_999);
    const late = gate();
    void failure.then(late.open);
    await vi.advanceTimersByTimeAsync(1);
    await late.opened;
    expect(await failure).toMatchObject({ message: 'It was not laid out within 20000 ms' });
    await ended;
    expect(await next).toMatchObject({ id: 'd' });
  });
});

describe('close()', () => {
  it('ends what is being laid out, and what waits for it', async () => {
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

  it('may come before the thread has begun, and again', async () => {
    const lay = layouter();
    lay.warm();
    const failure = rejection(lay.layOut('c', small));
    await Promise.all([lay.close(), lay.close()]);
    expect(await failure).toMatchObject({ message: 'The inspector was closed' });
  });
});

describe('a page that asks for a chart', () => {
  it('is told why there is none, and gets the next one', async () => {
    const here = await inspector();
    const page = await openPage(here);
    await openTeller(here, {}, [
      registration('x:0', { id: 'huge', machine: definitionText(chainOf(2_000)) }),
      registration('x:1', { id: 'small' }),
    ]);
    const [huge, other] = await Promise.all([page.actor('huge'), page.actor('small')]);
    for (const { chart } of [huge, other]) page.say({ type: 'chart', id: chart });
    await page.until(({ charts }) => charts.size === 2);
    expect(page.charts.get(huge.chart)).toBe('it has 2001 states');
    expect(page.charts.get(other.chart)).toMatchObject({ id: other.chart });
  });

  it('gets it when it asks again, though the thread died the first time', async () => {
    const here = await inspector();
    await openTeller(here, {}, [registration('x:0')]);
    const thread = nextThread();
    const page = await openPage(here);
    const { chart } = await page.actor('x:0');
    page.say({ type: 'chart', id: chart });
    await page.taken();
    // While it warms up, or lays out.
    await (await thread).terminate();
    page.say({ type: 'chart', id: chart });
    await page.until(({ charts }) => typeof charts.get(chart) === 'object');
  });

  it('does not keep the inspector from being closed', async () => {
    const here = await inspector();
    await openTeller(here, {}, [registration('x:0', { machine: definitionText(chainOf(1_500)) })]);
    const thread = nextThread();
    const page = await openPage(here);
    page.say({ type: 'chart', id: (await page.actor('x:0')).chart });
    await page.taken();
    const ended = once(await thread, 'exit');
    await here.close();
    await ended;
  });
});
