/** Inspection of whole programs by environment variables. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { startFakeInspector } from './inspectors.ts';
import { run } from './programs.ts';
import { messagesOf } from './recordings.ts';
import { summaryOf } from './support.ts';

expectIdleAfterEach();

/** Runs a session of a facade named vm1, and one of a protocol machine in a parent chart. */
const PROGRAM = `
  const answer = (stream) => stream.resume().on('end', () => stream.end());
  const [near, far] = w.streamPair();
  answer(far);
  const vm1 = new w.AsyncProtocol({ codec: w.lines() }, { name: 'vm1' });
  await vm1.connect({ stream: near });
  await vm1.disconnect();

  const connection = w.createProtocolMachine({ codec: w.lines() });
  const parent = x.setup({ actors: { connection } }).createMachine({
    id: 'parent',
    initial: 'online',
    states: { online: { invoke: { id: 'child', src: 'connection' }, on: { LEAVE: 'offline' } }, offline: {} },
  });
  const actor = x.createActor(parent, { id: 'parent' }).start();
  const child = w.AsyncProtocol.attach(actor.getSnapshot().children.child);
  const [one, other] = w.streamPair();
  answer(other);
  await child.connect({ stream: one });
  actor.send({ type: 'LEAVE' });
  console.log(vm1.runstate, child.runstate, actor.getSnapshot().value);
`;
const RESULT = 'IDLE IDLE offline\n';

/** Asserts that a summary covers both sessions. */
function expectBoth(summary: readonly string[]) {
  expect(summary).toEqual(
    expect.arrayContaining([
      'register vm1 IDLE',
      'state vm1 {"RUNNING":"open"}',
      'register parent online',
      'register child in parent IDLE',
      'state child {"RUNNING":"open"}',
      'event parent LEAVE',
      'stop child',
      'state parent offline',
    ]),
  );
  expect(summary[0]).toMatch(/^program /);
  // Each actor is registered once, after its parent.
  for (const id of ['vm1', 'parent', 'child']) {
    expect(summary.filter((one) => one.startsWith(`register ${id} `))).toHaveLength(1);
  }
  expect(summary.indexOf('register parent online')).toBeLessThan(
    summary.indexOf('register child in parent IDLE'),
  );
  expect(summary.filter((one) => one.startsWith('problem') || one.includes('?'))).toEqual([]);
}

describe('WIRECHART_TRACE_WIRE', () => {
  const SENDING = `
    const [near, far] = w.streamPair();
    far.resume().on('end', () => far.end());
    const vm1 = new w.AsyncProtocol({ codec: w.lines() }, { name: 'vm1' });
    await vm1.connect({ stream: near });
    await vm1.send('hello');
    await vm1.disconnect();
  `;

  it.each([
    ['1', ['message vm1 out hello'], ''],
    ['0', [], ''],
    ['', [], ''],
    ['yes', [], 'WIRECHART_TRACE_WIRE is ignored: it is "yes" (a string); set it to 1, or to 0'],
  ])('of %j decides whether messages are recorded', async (value, expected, warning) => {
    const path = join(await tempDir(), 'trace.jsonl');
    const env = { WIRECHART_TRACE: path, WIRECHART_TRACE_WIRE: value };
    const { code, stderr } = await run(SENDING, { env });
    expect([code, stderr.includes('Warning')]).toEqual([0, warning !== '']);
    expect(stderr).toContain(warning);
    const summary = summaryOf(await messagesOf(path));
    expect(summary).toContain('state vm1 {"RUNNING":"open"}');
    expect(summary.filter((line) => line.startsWith('message'))).toEqual(expected);
  });
});

describe('WIRECHART_TRACE', () => {
  it('records every protocol machine of a program, and its parent charts', async () => {
    const path = join(await tempDir(), 'trace-%p.jsonl');
    const exit = await run(PROGRAM, { env: { WIRECHART_TRACE: path } });
    expect(exit).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    const [file, ...more] = await readdir(join(path, '..'));
    expect(more).toEqual([]);
    expect(file).toMatch(/^trace-\d+\.jsonl$/);
    expectBoth(summaryOf(await messagesOf(join(path, '..', String(file)))));
  });

  it.each([
    ['cannot be created', 'missing/trace.jsonl'],
    ['is a directory', ''],
  ])('only causes a warning when the file %s', async (_, name) => {
    const path = join(await tempDir(), name);
    const exit = await run(PROGRAM, { env: { WIRECHART_TRACE: path } });
    expect(exit).toMatchObject({ code: 0, stdout: RESULT });
    expect(exit.stderr).toContain(
      `WirechartWarning: WIRECHART_TRACE is ignored: Cannot record to '${path}'`,
    );
    expect(exit.stderr.match(/WirechartWarning/g)).toHaveLength(1);
  });
});

describe('WIRECHART_INSPECT', () => {
  let endProgram: () => void = () => undefined;

  it('reports every protocol machine of a program, and its parent charts', async () => {
    const inspector = await startFakeInspector();
    const exit = await run(PROGRAM, { env: { WIRECHART_INSPECT: inspector.url } });
    expect(exit).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    expect(inspector.connections).toHaveLength(1);
    const [connection] = inspector.connections;
    await connection?.closed;
    expectBoth(connection?.summary ?? []);
  });

  it('never lets an inspector send events', async () => {
    const inspector = await startFakeInspector();
    const program = `
      const [near, far] = w.streamPair();
      far.resume().on('end', () => far.end());
      const vm1 = new w.AsyncProtocol({ codec: w.lines() }, { name: 'vm1' });
      await vm1.connect({ stream: near });
      process.stdin.resume();
      await new Promise((resolve) => process.stdin.once('end', resolve));
      console.log(vm1.runstate);
      await vm1.disconnect();
    `;
    const exiting = run(program, {
      env: { WIRECHART_INSPECT: inspector.url, WIRECHART_CONTROL: '1' },
      onSpawn: ({ stdin }) => (endProgram = () => stdin?.end()),
    });
    const connection = await inspector.nextConnection();
    await connection.received('state vm1 {"RUNNING":"open"}');
    expect(connection.last('wirechart.program').control).toBe(false);
    connection.sendEvent(connection.registered('vm1').sessionId, 'DISCONNECT');
    await connection.until((all) => all.of('wirechart.problem').length > 0);
    expect(connection.last('wirechart.problem').text).toMatch(/^The program refused an event: /);
    endProgram();
    expect(await exiting).toEqual({ code: 0, stdout: 'RUNNING\n', stderr: '' });
  });

  it('only causes a warning when it is not a URL', async () => {
    const exit = await run(PROGRAM, { env: { WIRECHART_INSPECT: 'localhost:4444' } });
    expect(exit).toMatchObject({ code: 0, stdout: RESULT });
    expect(exit.stderr).toContain(
      "WirechartWarning: WIRECHART_INSPECT is ignored: 'localhost:4444' is not the URL of an inspector",
    );
  });

  it('has no effect when no inspector listens there', async () => {
    const exit = await run(PROGRAM, { env: { WIRECHART_INSPECT: 'http://127.0.0.1:9/' } });
    expect(exit).toEqual({ code: 0, stdout: RESULT, stderr: '' });
  });
});

describe('both variables together', () => {
  it('report the same, without affecting a recording of the program itself', async () => {
    const inspector = await startFakeInspector();
    const directory = await tempDir();
    const [own, ambient] = [join(directory, 'own.jsonl'), join(directory, 'ambient.jsonl')];
    const program = PROGRAM.replace(
      `{ name: 'vm1' }`,
      `{ name: 'vm1', inspect: i.recordTo(${JSON.stringify(own)}, { name: 'p' }).inspect }`,
    );
    const env = { WIRECHART_INSPECT: inspector.url, WIRECHART_TRACE: ambient };
    expect(await run(program, { env })).toEqual({ code: 0, stdout: RESULT, stderr: '' });
    const [connection] = inspector.connections;
    await connection?.closed;
    const recorded = summaryOf(await messagesOf(ambient));
    expectBoth(recorded);
    expect(upTo('state parent offline', connection?.summary)).toEqual(
      upTo('state parent offline', recorded),
    );
    const seen = summaryOf(await messagesOf(own));
    expect(upTo('stop closer', seen).slice(1)).toEqual(upTo('stop closer', recorded).slice(1));
    expect(seen.join()).not.toContain('parent');
  });
});

/** The summary up to one line. Further lines depend on when actors are garbage-collected. */
function upTo(line: string, summary: readonly string[] = []): readonly string[] {
  expect(summary).toContain(line);
  return summary.slice(0, summary.lastIndexOf(line) + 1);
}

describe('an environment without the variables', () => {
  it.each([{}, { WIRECHART_TRACE: '', WIRECHART_INSPECT: '' }])(
    'changes nothing: %j',
    async (env) => {
      const program = `
      const { ambientInspects } = await import('./src/inspect/ambient.js');
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
