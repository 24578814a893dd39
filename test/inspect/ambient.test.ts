/** Inspection by the environment, of programs that know nothing of it. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach, tempDir } from '../support/cleanup.ts';
import { startInspector } from './inspectors.ts';
import { run } from './programs.ts';
import { messagesOf } from './recordings.ts';
import { storyOf } from './support.ts';

expectHomeAfterEach();

/** A session of a facade that is called vm1, and one of a machine that is the line of a house. */
const PROGRAM = `
  const answer = (stream) => stream.resume().on('end', () => stream.end());
  const [near, far] = w.streamPair();
  answer(far);
  const vm1 = new w.AsyncProtocol({ codec: w.lines() }, { name: 'vm1' });
  await vm1.connect({ stream: near });
  await vm1.disconnect();

  const connection = w.createProtocolMachine({ codec: w.lines() });
  const house = x.setup({ actors: { connection } }).createMachine({
    id: 'house',
    initial: 'online',
    states: { online: { invoke: { id: 'line', src: 'connection' }, on: { LEAVE: 'offline' } }, offline: {} },
  });
  const actor = x.createActor(house, { id: 'house' }).start();
  const line = w.AsyncProtocol.attach(actor.getSnapshot().children.line);
  const [one, other] = w.streamPair();
  answer(other);
  await line.connect({ stream: one });
  actor.send({ type: 'LEAVE' });
  console.log(vm1.runstate, line.runstate, actor.getSnapshot().value);
`;
const RESULT = 'IDLE IDLE offline\n';

/** What of a story is known of every run. */
function expectBoth(story: readonly string[]) {
  expect(story).toEqual(
    expect.arrayContaining([
      'register vm1 IDLE',
      'state vm1 {"RUNNING":"open"}',
      'register house online',
      'register line in house IDLE',
      'state line {"RUNNING":"open"}',
      'event house LEAVE',
      'stop line',
      'state house offline',
    ]),
  );
  expect(story[0]).toMatch(/^program /);
  // Each is introduced once, with those above it before it.
  for (const id of ['vm1', 'house', 'line']) {
    expect(story.filter((one) => one.startsWith(`register ${id} `))).toHaveLength(1);
  }
  expect(story.indexOf('register house online')).toBeLessThan(
    story.indexOf('register line in house IDLE'),
  );
  expect(story.filter((one) => one.startsWith('problem') || one.includes('?'))).toEqual([]);
}

describe('WIRECHART_TRACE', () => {
  it('records every protocol of a program, and the charts that they are in', async () => {
    const path = join(await tempDir(), 'trace-%p.jsonl');
    const exit = await run(PROGRAM, { env: { WIRECHART_TRACE: path } });
    expect(exit).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    const [file, ...more] = await readdir(join(path, '..'));
    expect(more).toEqual([]);
    expect(file).toMatch(/^trace-\d+\.jsonl$/);
    expectBoth(storyOf(await messagesOf(join(path, '..', String(file)))));
  });

  it.each([
    ['cannot be made', 'missing/trace.jsonl'],
    ['is a directory', ''],
  ])('is a warning where the file %s, and the program works', async (_, name) => {
    const path = join(await tempDir(), name);
    const exit = await run(PROGRAM, { env: { WIRECHART_TRACE: path } });
    expect(exit).toMatchObject({ code: 0, stdout: RESULT });
    expect(exit.stderr).toContain(
      `WirechartWarning: WIRECHART_TRACE is ignored. Nothing can be recorded to ${path}`,
    );
    expect(exit.stderr.match(/WirechartWarning/g)).toHaveLength(1);
  });
});

describe('WIRECHART_INSPECT', () => {
  it('reports every protocol of a program, and the charts that they are in', async () => {
    const inspector = await startInspector();
    const exit = await run(PROGRAM, { env: { WIRECHART_INSPECT: inspector.url } });
    expect(exit).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    expect(inspector.visits).toHaveLength(1);
    const [visit] = inspector.visits;
    await visit?.closed;
    expectBoth(visit?.story ?? []);
  });

  it('is a warning where it is no URL, and the program works', async () => {
    const exit = await run(PROGRAM, { env: { WIRECHART_INSPECT: 'localhost:4444' } });
    expect(exit).toMatchObject({ code: 0, stdout: RESULT });
    expect(exit.stderr).toContain(
      "WirechartWarning: WIRECHART_INSPECT is ignored. 'localhost:4444' is not the URL of an inspector",
    );
  });

  it('is nothing that is felt where nobody is there', async () => {
    const exit = await run(PROGRAM, { env: { WIRECHART_INSPECT: 'http://127.0.0.1:9/' } });
    expect(exit).toEqual({ code: 0, stdout: RESULT, stderr: '' });
  });
});

describe('both together', () => {
  it('tell the same, beside what the program itself watches', async () => {
    const inspector = await startInspector();
    const directory = await tempDir();
    const [own, ambient] = [join(directory, 'own.jsonl'), join(directory, 'ambient.jsonl')];
    const program = PROGRAM.replace(
      `{ name: 'vm1' }`,
      `{ name: 'vm1', inspect: i.recordTo(${JSON.stringify(own)}, { name: 'p' }).inspect }`,
    );
    const env = { WIRECHART_INSPECT: inspector.url, WIRECHART_TRACE: ambient };
    expect(await run(program, { env })).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    const [visit] = inspector.visits;
    await visit?.closed;
    const recorded = storyOf(await messagesOf(ambient));
    expectBoth(recorded);
    expect(upTo('state house offline', visit?.story)).toEqual(
      upTo('state house offline', recorded),
    );
    const seen = storyOf(await messagesOf(own));
    expect(upTo('stop closer', seen).slice(1)).toEqual(upTo('stop closer', recorded).slice(1));
    expect(seen.join()).not.toContain('house');
  });
});

/** A story up to a line of it. What comes after it may be the collection of what was dropped. */
function upTo(line: string, story: readonly string[] = []): readonly string[] {
  expect(story).toContain(line);
  return story.slice(0, story.lastIndexOf(line) + 1);
}

describe('an environment that says nothing of it', () => {
  it.each([{}, { WIRECHART_TRACE: '', WIRECHART_INSPECT: '' }])(
    'changes nothing: %j',
    async (env) => {
      const program = `
      const { ambientInspects } = await import('./src/inspect/ambient.ts');
      const machine = w.createProtocolMachine({ codec: w.lines() });
      console.log(ambientInspects().length, 'WebSocket' in globalThis, process.listenerCount('exit'));
      x.createActor(machine).start();
    `;
      const exit = await run(program, { env });
      expect(exit.stdout).toMatch(/^0 /);
      expect(exit).toMatchObject({ code: 0, stderr: '' });
    },
  );
});
