/** Copy as test: the generated tests run, and notice when the machine has changed. */

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AnyActorRef, type AnyStateMachine, createActor, waitFor } from 'xstate';
import type { ActorView, Entry } from '../../inspector/shared/view.ts';
import { replayTest, type ReplaySource } from '../../inspector/shared/replay.ts';
import { Hub } from '../../inspector/src/hub.ts';
import { RecordingReader } from '../../inspector/src/recording-reader.ts';
import { recordTo } from '../../src/inspect/index.ts';
import { createQmpMachine } from '../../src/qmp/index.ts';
import { ScriptedQmpServer } from '../../src/testing/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import * as machines from './replay-machines.ts';

expectIdleAfterEach();

type Name = Exclude<keyof typeof machines, 'ODD'>;

/** What an inspector knows of the root actor in a recording. */
async function sourceOf(text: string): Promise<ReplaySource> {
  const actors: ActorView[] = [];
  const entries: Entry[] = [];
  const hub = new (class extends Hub {
    override actor(view: ActorView): void {
      actors.push(view);
    }
    override add(entry: Parameters<Hub['add']>[0]): void {
      entries.push({ ...entry, type: 'entry', seq: entries.length + 1 });
    }
  })(false);
  await new RecordingReader(hub).open('recording', [text]);
  const actor = actors.find(({ parent }) => parent === undefined) ?? expect.fail();
  const shape = hub.charts.shapeOf(actor.chart);
  await hub.close();
  return {
    actor,
    entries: entries.filter((entry) => entry.actor === actor.id),
    shape,
    children: actors.filter(({ parent }) => parent === actor.id).map(({ name }) => name),
    nameOf: (id) => actors.find((one) => one.id === id)?.name,
  };
}

type Run = (actor: AnyActorRef) => void | Promise<void>;
interface Setup {
  readonly input?: unknown;
  /** Events before the recording begins. */
  readonly before?: readonly string[];
}

/** Records what is done with an actor of a machine. */
async function recorded(
  machine: AnyStateMachine,
  run: Run,
  setup: Setup = {},
): Promise<ReplaySource> {
  const path = join(await tempDir(), 'trace.jsonl');
  const recording = recordTo(path);
  const isLater = setup.before !== undefined;
  const actor = createActor(machine, {
    input: setup.input,
    ...(!isLater && { inspect: recording.inspect }),
  });
  actor.subscribe({ error: () => undefined });
  actor.start();
  for (const type of setup.before ?? []) actor.send({ type });
  if (isLater) recording.inspect.attach(actor);
  await run(actor);
  actor.stop();
  await recording.close();
  return sourceOf(readFileSync(path, 'utf8'));
}

const sending =
  (...events: readonly (string | { readonly type: string })[]): Run =>
  (actor) => {
    for (const event of events) actor.send(typeof event === 'string' ? { type: event } : event);
  };
const until = (actor: AnyActorRef, value: unknown): Promise<unknown> =>
  waitFor(
    actor,
    (snapshot: { value?: unknown }) => JSON.stringify(snapshot.value) === JSON.stringify(value),
  );

/** What is recorded, the machine that the generated test imports, and whether it passes. */
const CASES: Readonly<
  Record<string, { machine: Name; tested?: Name; run: Run; setup?: Setup; passes?: false }>
> = {
  guards: {
    machine: 'door',
    setup: { input: { code: 'right' } },
    run: sending(
      { type: 'KEY', code: 'wrong' } as { type: string },
      { type: 'KEY', code: 'right' } as { type: string },
      'LEAVE',
    ),
  },
  changed: {
    machine: 'door',
    tested: 'changedDoor',
    passes: false,
    setup: { input: { code: 'right' } },
    run: sending({ type: 'KEY', code: 'wrong' } as { type: string }, 'LEAVE'),
  },
  timers: {
    machine: 'lamp',
    run: async (actor) => {
      actor.send({ type: 'PRESS' });
      actor.send({ type: 'PRESS' });
      actor.send({ type: 'PRESS' });
      await until(actor, { bright: { heat: 'warm', light: 'c' } });
      actor.send({ type: 'PRESS' });
    },
  },
  actors: {
    machine: 'caller',
    run: async (actor) => {
      await until(actor, { talking: 'echoed' });
      actor.send({ type: 'NEXT' });
      await until(actor, 'failed');
    },
  },
  error: { machine: 'broken', run: sending('NOTHING', 'GO') },
  unhandled: {
    machine: 'unguarded',
    run: async (actor) => {
      await waitFor(actor, ({ status }: { status: string }) => status === 'error').catch(
        () => undefined,
      );
    },
  },
  odd: {
    machine: 'odd',
    run: sending(
      { type: '__proto__', ['__proto__']: { a: 1 }, constructor: machines.ODD } as { type: string },
      machines.ODD,
      ' ',
      'a.b c',
      'nothing',
    ),
  },
  later: { machine: 'lamp', setup: { before: ['PRESS'] }, run: sending('PRESS', 'PRESS') },
  many: { machine: 'lamp', run: sending(...Array<string>(603).fill('PRESS')) },
  self: { machine: 'self', run: sending('GO') },
  connection: {
    machine: 'connection',
    run: async (actor) => {
      await using server = new ScriptedQmpServer();
      actor.send({ type: 'CONNECT', address: await server.listen() });
      await waitFor(actor, (snapshot: { matches: (value: string) => boolean }) =>
        snapshot.matches('RUNNING'),
      );
      actor.stop();
    },
  },
  nothing: { machine: 'self', run: () => undefined },
};

describe('the test that is generated', { timeout: 120_000 }, () => {
  const texts = new Map<string, string>();
  /** The result of each, by its name. */
  let results = new Map<string, string>();
  let output = '';

  beforeAll(async () => {
    const dir = await tempDir();
    symlinkSync(resolve('node_modules'), join(dir, 'node_modules'));
    for (const [name, { machine, tested = machine, run, setup }] of Object.entries(CASES)) {
      const text = replayTest(await recorded(machines[machine], run, setup))?.replace(
        "'wirechart/qmp'",
        `'${resolve('src/qmp/index.ts')}'`,
      );
      texts.set(name, text ?? '');
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, 'replay.test.ts'), text ?? '');
      const from = resolve('test/inspector/replay-machines.ts');
      writeFileSync(
        join(dir, name, 'machine.ts'),
        `export { ${tested} as machine } from '${from}';\n`,
      );
    }
    [output, results] = await runAll(dir);
    cleanUp(() => undefined);
  }, 120_000);

  for (const [name, { passes = true }] of Object.entries(CASES)) {
    it(`${passes ? 'passes' : 'fails'} for '${name}'`, () => {
      expect(results.get(name), `${texts.get(name) ?? ''}\n${output}`).toBe(
        passes ? 'passed' : 'failed',
      );
    });
  }
});

/** Runs all tests of a folder in a process of their own. */
async function runAll(dir: string): Promise<[string, Map<string, string>]> {
  const file = join(dir, 'results.json');
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--root',
    dir,
    '--reporter=json',
    `--outputFile=${file}`,
    '--maxWorkers=1',
    '--no-isolate',
  ];
  const output = await new Promise<string>((done) => {
    execFile(
      process.execPath,
      args,
      { env: { ...process.env, VITEST: undefined, NODE_ENV: undefined } },
      (_, stdout, stderr) => {
        done(stdout + stderr);
      },
    );
  });
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as {
    testResults: {
      name: string;
      status: string;
      message: string;
      assertionResults: { failureMessages: string[] }[];
    }[];
  };
  const messages = testResults.flatMap(({ name, message, assertionResults }) => [
    name,
    message,
    ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
  ]);
  return [
    [output, ...messages].join('\n'),
    new Map(testResults.map(({ name, status }) => [name.split('/').at(-2) ?? '', status])),
  ];
}

/** The text of the test of what is done with a machine. */
const textFor = async (machine: Name, run: Run, setup?: Setup): Promise<string> =>
  replayTest(await recorded(machines[machine], run, setup)) ?? '';

describe('the text of the test', () => {
  it('says at its top what to fill in, and in its title what happens', async () => {
    const text = await textFor('door', sending('LEAVE'), { input: { code: 'right' } });
    expect(text.split('\n')[0]).toBe(
      "// Fill in the path of your machine 'door' in the import of './machine.ts'.",
    );
    expect(text).toContain("import { machine } from './machine.ts';\n");
    expect(text).toContain("test('door goes from closed to closed, then stops', () => {");
  });

  it('marks values that the recording hides, and cuts data that is too long', async () => {
    const text = await textFor(
      'door',
      sending(
        { type: 'LOGIN', password: 'x' } as { type: string },
        {
          type: 'LONG',
          list: Array<string>(30).fill('y'.repeat(1_000)),
        } as { type: string },
      ),
      { input: { code: 'c', token: 'x' } },
    );
    expect(
      text.match(/'\[redacted\]' stands for what the recording does not have: fill it in/g),
    ).toHaveLength(2);
    expect(text).toContain("actor.send({ type: 'LOGIN', password: '[redacted]' });");
    expect(text).toContain(
      "// Its data is too long for a test: fill it in.\n  actor.send({ type: 'LONG' });",
    );
    expect(text).not.toContain('yyy');
  });

  it('never sends the event of a timer, and does not repeat what the actor sends itself', async () => {
    const text = await textFor('lamp', async (actor) => {
      actor.send({ type: 'PRESS' });
      await waitFor(actor, ({ value }: { value: unknown }) => value !== 'dim');
    });
    expect(text).toContain('clock.increment(10);');
    expect(text).not.toMatch(/send\(\{ type: '(?:xstate|TICK)/);
    expect(await textFor('self', sending('GO'))).not.toMatch(/MORE|INNER/);
  });

  it('has at most 500 events, and says where it begins', async () => {
    const text = await textFor('lamp', sending(...Array<string>(603).fill('PRESS')));
    expect(text.match(/actor\.send/g)).toHaveLength(499);
    expect(text).toMatch(
      /\/\/ What came before is left out, because a test has at most 500 events/,
    );
    expect(text).toContain("snapshot: tested.resolveState({ value: 'off', context: {} })");
  });

  it('keeps hostile names within literals and comments', async () => {
    const text = await textFor('odd', sending(machines.ODD));
    expect(text).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\u2028\u2029]/u);
    for (const line of text.split('\n').filter((one) => one.includes('process.exit')))
      expect(line).toMatch(/^(?:\/\/|test\(|.*'\\'\); process\.exit\(3\); \(\\'\\n)/);
  });

  it('suggests the machine of a connection of wirechart', async () => {
    const source = await recorded(createQmpMachine(), () => undefined);
    expect(replayTest(source)).toContain(
      "import { createQmpMachine } from 'wirechart/qmp';\n\nconst machine = createQmpMachine();",
    );
  });

  it('is none for an actor that is no machine', async () => {
    const source = await recorded(machines.self, () => undefined);
    expect(replayTest({ ...source, actor: { ...source.actor, kind: 'actor' } })).toBeUndefined();
    expect(replayTest({ ...source, entries: [] })).toContain("test('self starts in a'");
  });
});
