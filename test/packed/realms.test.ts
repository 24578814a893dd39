/** The packages in other realms, and beside a second copy of themselves. */

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluate, folderIn, run, TOOLS } from './support/project.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** What `check()` of `fixtures/checks.mjs` must resolve with. */
const FACTS = {
  refused: ['ConnectError', true, true],
  absent: true,
  tls: true,
  invalid: false,
  attempts: 3,
  staleSocket: 'CONNECTING',
  heard: [{ hello: 'bob', bytes: 'ä' }],
  handler: ['HandlerError', 'Failed to establish session: The callback handshake threw: mine'],
  aborted: 'the reason',
  qmp: [true, 'ExecuteError'],
};

/** A folder in the project with the tools, with fixtures and other files. */
function folderWith(fixtures: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const folder = folderIn(TOOLS);
  for (const name of fixtures) copyFileSync(join(FIXTURES, name), join(folder, name));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const binary = (name: string): string => join(TOOLS, 'node_modules/.bin', name);

const TEST = `
  import { check } from './checks.mjs';
  test('everything holds', async () => {
    expect(await check()).toEqual(${JSON.stringify(FACTS)});
  });`;

describe('the packages work', () => {
  test('in the realm of Node', async () => {
    const folder = folderWith(['checks.mjs'], {
      'main.mjs':
        "import { check } from './checks.mjs'; console.log(JSON.stringify(await check()));",
    });
    const { stdout } = await run(process.execPath, [join(folder, 'main.mjs')]);
    expect(JSON.parse(stdout)).toEqual(FACTS);
  });

  test('in a context of node:vm', async () => {
    const folder = folderWith(['checks.mjs', 'context.mjs']);
    const args = ['--experimental-vm-modules', '--experimental-import-meta-resolve'];
    const { stdout } = await run(process.execPath, [...args, join(folder, 'context.mjs')]);
    expect(JSON.parse(stdout)).toEqual(FACTS);
  });

  test('in Jest', async () => {
    const folder = folderWith(['checks.mjs'], {
      'it.test.mjs': TEST,
      'package.json': '{"type":"module"}',
      'jest.config.json': JSON.stringify({ testMatch: ['**/*.test.mjs'], transform: {} }),
    });
    const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' };
    const { stderr } = await run(binary('jest'), ['--ci'], { cwd: folder, env });
    expect(stderr).toContain('1 passed, 1 total');
  });

  test.each(['forks', 'threads', 'vmThreads', 'vmForks'])(
    'in Vitest, with its pool %s',
    async (pool) => {
      const folder = folderWith(['checks.mjs'], { 'it.test.mjs': TEST });
      const args = ['run', '--root', folder, '--globals', '--pool', pool];
      const { stdout } = await run(binary('vitest'), args, { cwd: folder });
      expect(stdout).toMatch(/Tests\s+1 passed \(1\)/);
    },
  );
});

describe('a second copy of the package', () => {
  const evaluateCopies = (body: string) =>
    evaluate(
      TOOLS,
      'main.mjs',
      `import * as ours from 'wirechart';
       import * as theirs from 'wirechart-copy';
       import { QmpClient } from 'wirechart/qmp';
       import { QmpClient as TheirQmpClient } from 'wirechart-copy/qmp';
       const rejection = (promise) => promise.then(() => undefined, (error) => error);
       ${body}`,
    );

  test('has classes of its own', async () => {
    const code = 'console.log(ours.ClosedError === theirs.ClosedError);';
    expect(await evaluateCopies(code)).toBe(false);
  });

  test('has errors that are recognized, and keep their verdict', async () => {
    const code = `
      const handshake = () => { throw new theirs.TimeoutError('wait', 5); };
      const protocol = new ours.AsyncProtocol({ codec: ours.lines(), handshake });
      const error = await rejection(protocol.connect({ stream: ours.streamPair()[0] }));
      console.log(JSON.stringify({
        isKnown: ours.isWirechartError(error.cause),
        isWrapped: error.cause instanceof ours.HandlerError,
        retryable: error.retryable,
      }));`;
    const facts = { isKnown: true, isWrapped: false, retryable: true };
    expect(await evaluateCopies(code)).toEqual(facts);
  });

  test('has clients that can be supervised', async () => {
    const code = `
      const options = { attempts: 3, backoff: { initial: 1 } };
      const supervisor = ours.supervise(TheirQmpClient, { port: 1 }, options);
      await rejection(supervisor.up());
      const outages = supervisor.failures.map(({ cause, count }) => [cause.retryable, count]);
      console.log(JSON.stringify(outages));`;
    expect(await evaluateCopies(code)).toEqual([[true, 3]]);
  });

  test('has codecs and streams that can be used', async () => {
    const code = `
      const [left, right] = theirs.streamPair();
      const heard = [];
      const a = new ours.AsyncProtocol({ codec: theirs.jsonLines() });
      const b = new theirs.AsyncProtocol({
        codec: ours.jsonLines(),
        onMessage: (message) => void heard.push(message),
      });
      await Promise.all([a.connect({ stream: left }), b.connect({ stream: right })]);
      await a.send('hello');
      await a.disconnect();
      await b.closed;
      console.log(JSON.stringify(heard));`;
    expect(await evaluateCopies(code)).toEqual(['hello']);
  });
});
