/** Recordings that are saved by the inspector or written by recordTo(), and opened later. */

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine, emit, fromPromise, setup } from 'xstate';
import type { ActorView, Entry } from '../../inspector/shared/view.ts';
import type { Inspector } from '../../inspector/src/index.ts';
import { inspectTo, recordTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { httpRequest, startTestInspector, withToken } from './clients.ts';
import { openFakePage, type FakePage } from './fake-page.ts';
import {
  event,
  introduction,
  openProgram,
  registration,
  state,
  stateText,
  stop,
} from './fake-program.ts';

expectIdleAfterEach();

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

/** Sends messages of every kind. */
async function sendAll(to: Inspector, name: string): Promise<void> {
  const program = await openProgram(to, { name });
  const message = { type: 'wirechart.message', bytes: 3, skipped: 2, at: 1_005, text: 'a\u2028b' };
  program.send(
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
  await program.handled();
}

/** Opens a recording in a new inspector, and a page. */
async function openRecording(name: string, text: Iterable<string>): Promise<FakePage> {
  const inspector = await startTestInspector();
  await inspector.open(name, text);
  const page = await openFakePage(inspector);
  await page.program(name);
  return page;
}

const savedRecording = async (from: Inspector): Promise<string> =>
  (await httpRequest(from, withToken('/recording'))).body;

/** With the ids from before the recording was saved, and without program and size. */
function original(shown: Entry | ActorView): object {
  const text = JSON.stringify({ ...shown, program: '', size: 0 });
  return JSON.parse(text.replaceAll('"p1/p', '"p')) as object;
}
const originals = (page: FakePage): object[] => [
  ...[...page.actors.values()].map(original),
  ...page.entries.map(original),
];
const withoutSizes = (page: FakePage): object[] => {
  const all = [...page.actors.values(), ...page.entries];
  return all.map((one) => ({ ...one, size: 0, ...(one.type === 'actor' && { program: '' }) }));
};

describe('a saved recording', () => {
  it('shows the same history of all programs when it is opened', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    await sendAll(inspector, 'first');
    await sendAll(inspector, 'second');
    await page.until(({ entries }) => entries.length === 20);
    const again = await openRecording('all.jsonl', [await savedRecording(inspector)]);
    await again.until(({ entries }) => entries.length === 20);
    // A problem in a recording belongs to the recording.
    const problems = (one: object) =>
      'kind' in one && one.kind === 'problem' ? { actor: '' } : {};
    const [shown, expected] = [originals(again), withoutSizes(page)];
    expect(shown.map((one) => ({ program: '', ...one, ...problems(one) }))).toEqual(
      expected.map((one) => ({ program: '', ...one, ...problems(one) })),
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

  it('is the same when it is opened and saved again', async () => {
    const inspector = await startTestInspector();
    await sendAll(inspector, 'first');
    const once = await savedRecording(inspector);
    const again = await startTestInspector();
    await again.open('once', [once]);
    const twice = (await savedRecording(again)).replaceAll('p1/p1/', 'p1/');
    expect(twice.split('\n').slice(1)).toEqual(once.split('\n').slice(1));
  });

  it('contains the charts', async () => {
    const inspector = await startTestInspector();
    await sendAll(inspector, 'first');
    const [one, other] = [
      await openFakePage(inspector),
      await openRecording('x', [await savedRecording(inspector)]),
    ];
    expect((await one.actor('parent')).chart).toBe((await other.actor('parent')).chart);
  });

  it('starts with the states before the oldest kept entry', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0'), registration('x:1')]);
    program.send(state('x:0', 'early'));
    for (let times = 0; times < 20_000; times += 1) program.send(event('x:1', 'TICK'));
    program.send(state('x:0', 'late'));
    await program.handled();
    const text = await savedRecording(inspector);
    const page = await openRecording('tail', [text]);
    const actor = await page.actor('x:0');
    expect(actor).toMatchObject({ base: { value: 'early' } });
    await page.until((it) => it.of('state', actor).length > 0);
    expect(page.summaryOf(actor)).toEqual(['start', 'state late']);
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(20_003);
  });

  it('contains the history at the time of the request, however slowly it is read', async () => {
    const inspector = await startTestInspector();
    const program = await openProgram(inspector, {}, [registration('x:0')]);
    for (let at = 0; at < 3_000; at += 1) {
      program.send(event('x:0', `E${String(at)}`, { data: 'x'.repeat(5_000) }));
    }
    await program.handled();
    const answer = await fetch(new URL(withToken('/recording'), inspector.url));
    for (let at = 0; at < 21_000; at += 1) program.send(event('x:0', 'LATER'));
    await program.handled();
    const text = await answer.text();
    expect(text).not.toContain('LATER');
    const names = [...text.matchAll(/\{\\"name\\":\\"(E\d+)\\"/g)].map(([, name]) => name);
    expect(names).toEqual(Array.from({ length: 3_000 }, (_, at) => `E${String(at)}`));
    expect(text).toContain('"type":"service.register"');
  });

  it('is served as an attachment that is not cached', async () => {
    const inspector = await startTestInspector();
    const { status, headers } = await httpRequest(inspector, withToken('/recording'));
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/x-ndjson');
    expect(headers['content-disposition']).toMatch(
      /^attachment; filename="wirechart-[\dTZ-]+\.jsonl"$/,
    );
    expect(headers['cache-control']).toBe('no-store');
  });

  it('can be empty', async () => {
    const inspector = await startTestInspector();
    const page = await openRecording('empty', [await savedRecording(inspector)]);
    expect([page.entries, page.actors.size]).toEqual([[], 0]);
  });
});

describe('a recording by recordTo()', () => {
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

  it('shows what an inspector showed live', async () => {
    const file = join(await tempDir(), 'trace.jsonl');
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const live = inspectTo(inspector.url, { name: 'live' });
    cleanUp(() => live.close());
    await page.program('live');
    const recording = recordTo(file);
    const actor = createActor(machine, { id: 'm' });
    for (const { inspect } of [live, recording]) inspect.attach(actor);
    actor.start();
    actor.send({ type: 'GO' });
    await page.until((it) => it.of('stop').length === 2);
    await recording.close();
    const again = await openRecording('trace.jsonl', [readFileSync(file, 'utf8')]);
    await again.until((it) => it.of('stop').length === 2);
    // Two reports read the clock at different times.
    const comparable = (it: FakePage) => {
      const all = [...it.actors.values(), ...it.entries].filter(
        (one) => one.type === 'actor' || (one.kind !== 'start' && one.kind !== 'state'),
      );
      return all.map((one) => ({ ...one, at: 0, size: 0, start: 0, seq: 0, base: undefined }));
    };
    expect(comparable(again)).toEqual(comparable(page));
    for (const it of [page, again]) {
      const { id } = await it.actor('m');
      expect(it.summaryOf({ id }).filter((one) => one.startsWith('state'))).toEqual([
        ...['state a', 'state b', 'state c (done)'],
      ]);
      const last = it.of('state', { id }).at(-1)?.state;
      expect(last).toMatchObject({ event: 'done.invoke.reader', status: 'done' });
    }
  });

  it('can be read from each of its two files', async () => {
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
    const inspector = await startTestInspector();
    for (const part of [`${file}.1`, file]) {
      await inspector.open(part.slice(-3), createReadStream(part, 'utf8'));
    }
    const page = await openFakePage(inspector);
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
  it('is shown by its file name', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const text = [introduction({ name: 'x' }), registration('x:0'), stop('x:0')];
    const body = text.map((message) => JSON.stringify(message)).join('\r\n');
    const path = withToken(`/recording?name=${encodeURIComponent('tür & tor.jsonl')}`);
    expect(await httpRequest(inspector, path, { method: 'POST', body })).toMatchObject({
      status: 204,
      body: '',
    });
    await page.until((it) => it.of('stop').length > 0);
    expect(await page.program('tür & tor.jsonl')).toMatchObject({
      source: 'recording',
      control: false,
    });
  });

  it('has a default name, and names of bounded length', async () => {
    const inspector = await startTestInspector();
    const page = await openFakePage(inspector);
    const body = JSON.stringify(introduction());
    await httpRequest(inspector, withToken('/recording'), { method: 'POST', body });
    await page.program('recording');
    const path = withToken(`/recording?name=${'n'.repeat(5_000)}`);
    await httpRequest(inspector, path, { method: 'POST', body });
    await page.until(({ programs }) => programs.size === 2);
    expect(page.programs.get('p2')?.name).toMatch(/^n{100,1000}$/);
    expect(page.of('problem')).toEqual([]);
  });

  it('is rejected with the reason', async () => {
    const inspector = await startTestInspector();
    const answer = await httpRequest(inspector, withToken('/recording'), {
      method: 'POST',
      body: '<html>',
    });
    expect(answer).toMatchObject({
      status: 400,
      body: "This is not a wirechart recording: its first line must be a 'wirechart.program' of version 1",
    });
    const empty = await httpRequest(inspector, withToken('/recording'), { method: 'POST' });
    expect(empty).toMatchObject({ status: 400, body: 'The recording is empty' });
  });
});
