/** What was recorded, or saved, and is looked at later. */

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine, emit, fromPromise, setup } from 'xstate';
import type { ActorView, Entry } from '../../inspector/shared/view.ts';
import type { Inspector } from '../../inspector/src/index.ts';
import { inspectTo, recordTo } from '../../src/inspect/index.ts';
import { cleanUp, expectHomeAfterEach, tempDir } from '../support/cleanup.ts';
import { ask, inspector, withToken } from './clients.ts';
import { openPage, type Page } from './page.ts';
import { event, introduction, openTeller, registration, state, stateText, stop } from './teller.ts';

expectHomeAfterEach();

const RICH = {
  at: 1_010.25,
  status: 'error',
  error: { name: 'TypeError', message: 'ä "quoted"\n' },
  microsteps: [
    {
      event: 'GO',
      value: 'a',
      transitions: [{ source: 'm', event: 'GO', target: ['m.a', 'm.b'] }],
    },
  ],
  actions: ['one', 'two'],
  emitted: [{ type: 'blink' }],
  deadlines: [{ event: 'xstate.after(5)#m', ms: 5, startedAt: 1_009 }],
} as const;

/** A program with everything in it that can be told. */
async function tellAll(to: Inspector, name: string): Promise<void> {
  const teller = await openTeller(to, { name });
  const message = { type: 'wirechart.message', bytes: 3, skipped: 2, at: 1_005, text: 'a\u2028b' };
  teller.say(
    registration('x:0', { id: 'parent' }),
    registration('x:1', { id: 'child', parent: 'x:0', wirechart: { ...RICH, kind: 'actor' } }),
    event('x:0', 'GO', { data: { type: 'GO', deep: [null, { a: 1.5 }] }, origin: 'x:1' }),
    state(
      'x:0',
      { a: 'b', c: {} },
      { state: stateText({ a: 'b', c: {} }, { context: { n: [1] } }) },
    ),
    state('x:1', 'failed', { wirechart: RICH }),
    { ...message, sessionId: 'x:0', direction: 'in' },
    { ...message, sessionId: 'x:1', direction: 'out' },
    { type: 'wirechart.problem', text: 'It was slow', at: 1_006 },
    state('x:0', 'over', { wirechart: { at: 1_007, status: 'done', output: { ok: true } } }),
    stop('x:1'),
  );
  await teller.taken();
}

/** An inspector that shows a recording, and a page that looks at it until an entry has come. */
async function opened(name: string, text: Iterable<string>): Promise<Page> {
  const here = await inspector();
  await here.open(name, text);
  const page = await openPage(here);
  await page.program(name);
  return page;
}

const saved = async (from: Inspector): Promise<string> =>
  (await ask(from, withToken('/recording'))).body;

/** Ids as they were before what was saved was opened, and without what is counted. */
function original(shown: Entry | ActorView): object {
  const text = JSON.stringify({ ...shown, program: '', size: 0 });
  return JSON.parse(text.replaceAll('"p1/p', '"p')) as object;
}
const originals = (page: Page): object[] => [
  ...[...page.actors.values()].map(original),
  ...page.entries.map(original),
];
const asTold = (page: Page): object[] => {
  const all = [...page.actors.values(), ...page.entries];
  return all.map((one) => ({ ...one, size: 0, ...(one.type === 'actor' && { program: '' }) }));
};

describe('what is saved', () => {
  it('shows the same when it is opened, of all programs', async () => {
    const here = await inspector();
    const page = await openPage(here);
    await tellAll(here, 'first');
    await tellAll(here, 'second');
    await page.until(({ entries }) => entries.length === 20);
    const again = await opened('all.jsonl', [await saved(here)]);
    await again.until(({ entries }) => entries.length === 20);
    // A problem is that of the recording.
    const problems = (told: object) =>
      'kind' in told && told.kind === 'problem' ? { actor: '' } : {};
    const [shown, told] = [originals(again), asTold(page)];
    expect(shown.map((one) => ({ program: '', ...one, ...problems(one) }))).toEqual(
      told.map((one) => ({ program: '', ...one, ...problems(one) })),
    );
    expect([...again.programs.values()]).toEqual([
      ...[
        {
          type: 'program',
          id: 'p1',
          name: 'all.jsonl',
          pid: 0,
          source: 'recording',
          control: false,
        },
      ],
    ]);
  });

  it('is the same when it is saved again', async () => {
    const here = await inspector();
    await tellAll(here, 'first');
    const once = await saved(here);
    const again = await inspector();
    await again.open('once', [once]);
    const twice = (await saved(again)).replaceAll('p1/p1/', 'p1/');
    expect(twice.split('\n').slice(1)).toEqual(once.split('\n').slice(1));
  });

  it('has the charts', async () => {
    const here = await inspector();
    await tellAll(here, 'first');
    const [one, other] = [await openPage(here), await opened('x', [await saved(here)])];
    expect((await one.actor('parent')).chart).toBe((await other.actor('parent')).chart);
  });

  it('begins with what there was before the oldest entry that is kept', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0'), registration('x:1')]);
    teller.say(state('x:0', 'early'));
    for (let times = 0; times < 20_000; times += 1) teller.say(event('x:1', 'TICK'));
    teller.say(state('x:0', 'late'));
    await teller.taken();
    const text = await saved(here);
    const page = await opened('tail', [text]);
    const actor = await page.actor('x:0');
    expect(actor).toMatchObject({ base: { value: 'early' } });
    await page.until((it) => it.of('state', actor).length > 0);
    expect(page.storyOf(actor)).toEqual(['state late']);
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(20_003);
  });

  it('is what there was when it was asked for, however slowly it is read', async () => {
    const here = await inspector();
    const teller = await openTeller(here, {}, [registration('x:0')]);
    for (let at = 0; at < 3_000; at += 1) {
      teller.say(event('x:0', `E${String(at)}`, { data: 'x'.repeat(5_000) }));
    }
    await teller.taken();
    const answer = await fetch(new URL(withToken('/recording'), here.url));
    for (let at = 0; at < 21_000; at += 1) teller.say(event('x:0', 'LATER'));
    await teller.taken();
    const text = await answer.text();
    expect(text).not.toContain('LATER');
    const names = [...text.matchAll(/\{\\"name\\":\\"(E\d+)\\"/g)].map(([, name]) => name);
    expect(names).toEqual(Array.from({ length: 3_000 }, (_, at) => `E${String(at)}`));
    expect(text).toContain('"type":"service.register"');
  });

  it('is a file to be kept, and for nobody else', async () => {
    const here = await inspector();
    const { status, headers } = await ask(here, withToken('/recording'));
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/x-ndjson');
    expect(headers['content-disposition']).toMatch(
      /^attachment; filename="wirechart-[\dTZ-]+\.jsonl"$/,
    );
    expect(headers['cache-control']).toBe('no-store');
  });

  it('can be opened where nothing has happened', async () => {
    const here = await inspector();
    const page = await opened('nothing', [await saved(here)]);
    expect([page.entries, page.actors.size]).toEqual([[], 0]);
  });
});

describe('what recordTo() wrote', () => {
  const machine = setup({
    actors: { reader: fromPromise(() => Promise.resolve({ read: 1 })) },
    types: { emitted: {} as { type: 'blink' } },
  }).createMachine({
    id: 'm',
    initial: 'a',
    states: {
      a: { on: { GO: { target: 'b', actions: emit({ type: 'blink' }) } }, after: { 60_000: 'c' } },
      b: { invoke: { id: 'reader', src: 'reader', onDone: 'c' } },
      c: { type: 'final' },
    },
  });

  it('shows what an inspector showed at that time', async () => {
    const file = join(await tempDir(), 'trace.jsonl');
    const here = await inspector();
    const page = await openPage(here);
    const live = inspectTo(here.url, { name: 'live' });
    cleanUp(() => live.close());
    await page.program('live');
    const recording = recordTo(file);
    const actor = createActor(machine, { id: 'm' });
    for (const { inspect } of [live, recording]) inspect.attach(actor);
    actor.start();
    actor.send({ type: 'GO' });
    await page.until((it) => it.of('stop').length === 2);
    await recording.close();
    const again = await opened('trace.jsonl', [readFileSync(file, 'utf8')]);
    await again.until((it) => it.of('stop').length === 2);
    // Two reports do not look at the clock in the same moment.
    const told = (it: Page) => {
      const all = [...it.actors.values(), ...it.entries].filter(
        (one) => one.type === 'actor' || (one.kind !== 'start' && one.kind !== 'state'),
      );
      return all.map((one) => ({ ...one, at: 0, size: 0, start: 0, seq: 0, base: undefined }));
    };
    expect(told(again)).toEqual(told(page));
    for (const it of [page, again]) {
      const { id } = await it.actor('m');
      expect(it.storyOf({ id }).filter((one) => one.startsWith('state'))).toEqual([
        ...['state a', 'state b', 'state c (done)'],
      ]);
      const last = it.of('state', { id }).at(-1)?.state;
      expect(last).toMatchObject({ event: 'done.invoke.reader', status: 'done' });
    }
  });

  it('can be read in two parts, each alone', async () => {
    const file = join(await tempDir(), 'trace.jsonl');
    const recording = recordTo(file, { maxBytes: 64 * 1024 });
    const counter = createMachine({
      id: 'counter',
      initial: 'a',
      states: { a: { on: { N: {} } } },
    });
    const actor = createActor(counter, { id: 'counter' });
    recording.inspect.attach(actor);
    actor.start();
    for (let n = 0; n < 200; n += 1) actor.send({ type: 'N', n });
    await recording.close();
    const here = await inspector();
    for (const part of [`${file}.1`, file]) {
      await here.open(part.slice(-3), createReadStream(part, 'utf8'));
    }
    const page = await openPage(here);
    await page.until(({ actors }) => actors.size === 2);
    await page.until((it) => JSON.stringify(it.of('event').at(-1)?.data).includes('199'));
    const counts = ['p1', 'p2'].map(
      (id) => page.of('event', { id: `${id}/${actor.sessionId}` }).length,
    );
    expect(Math.min(...counts)).toBeGreaterThan(10);
    expect([...page.actors.values()]).toMatchObject([
      { name: 'counter', program: 'p1', base: { value: 'a' } },
      { name: 'counter', program: 'p2', base: { value: 'a' } },
    ]);
    expect(page.of('problem')).toEqual([]);
  });
});

describe('a recording that a page posts', () => {
  it('is shown, by the name of its file', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const text = [introduction({ name: 'x' }), registration('x:0'), stop('x:0')];
    const body = text.map((message) => JSON.stringify(message)).join('\r\n');
    const path = withToken(`/recording?name=${encodeURIComponent('tür & tor.jsonl')}`);
    expect(await ask(here, path, { method: 'POST', body })).toMatchObject({
      status: 204,
      body: '',
    });
    await page.until((it) => it.of('stop').length > 0);
    expect(await page.program('tür & tor.jsonl')).toMatchObject({
      source: 'recording',
      control: false,
    });
  });

  it('is called a recording without a name, and not by a very long one', async () => {
    const here = await inspector();
    const page = await openPage(here);
    const body = JSON.stringify(introduction());
    await ask(here, withToken('/recording'), { method: 'POST', body });
    await page.program('recording');
    const path = withToken(`/recording?name=${'n'.repeat(5_000)}`);
    await ask(here, path, { method: 'POST', body });
    await page.until(({ programs }) => programs.size === 2);
    expect(page.programs.get('p2')?.name).toMatch(/^n{100,1000}$/);
    expect(page.of('problem')).toEqual([]);
  });

  it('is refused with the reason', async () => {
    const here = await inspector();
    const answer = await ask(here, withToken('/recording'), { method: 'POST', body: '<html>' });
    expect(answer).toMatchObject({
      status: 400,
      body: 'It is no recording of wirechart: its first line does not say so',
    });
    const empty = await ask(here, withToken('/recording'), { method: 'POST' });
    expect(empty).toMatchObject({ status: 400, body: 'It is empty' });
  });
});
