/** The command `wirechart-inspector`. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { inspectTo } from '../../src/inspect/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { httpRequest, closeCode, startTestInspector, portOf, TOKEN, tokenOf } from './clients.ts';
import { openFakePage } from './fake-page.ts';
import { type Child, outputMatching, runNode } from './process.ts';
import { event, introduction, registration } from './fake-program.ts';

expectIdleAfterEach();

const CLI = 'inspector/src/cli.js';
const RECORDING = [introduction({ name: 'recorded' }), registration('x:0'), event('x:0', 'E')]
  .map((message) => `${JSON.stringify(message)}\n`)
  .join('');

/** Starts the command with its own state directory. */
async function start(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Child> {
  return runNode([CLI, ...args], { XDG_STATE_HOME: await tempDir(), ...environment });
}

/** The environment that fixes the token. */
const FIXED = { WIRECHART_INSPECTOR_TOKEN: TOKEN };

/** The URL that the command prints. */
async function urlOf(child: Child): Promise<string> {
  const [, url = ''] = await outputMatching(child, /^The inspector is at (\S+)\n/);
  return url;
}

/** A free port. */
async function freePort(): Promise<string> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return String(typeof address === 'object' ? address?.port : 0);
}

describe('wirechart-inspector', () => {
  it('prints one line with the URL, and runs until it is interrupted', async () => {
    const child = await start(['--port', '0']);
    const url = await urlOf(child);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{24}$/);
    expect(await openFakePage({ url })).toMatchObject({ control: false });
    child.process.kill('SIGINT');
    expect(await child.exited).toBe(0);
    expect(child.output).toEqual({ stdout: `The inspector is at ${url}\n`, stderr: '' });
  });

  it('exits cleanly with open connections when it is terminated', async () => {
    const child = await start(['--port', '0', '--control'], FIXED);
    const url = await urlOf(child);
    expect(tokenOf({ url })).toBe(TOKEN);
    const page = await openFakePage({ url });
    expect(page.control).toBe(true);
    child.process.kill('SIGTERM');
    await closeCode(page.socket);
    expect(await child.exited).toBe(0);
  });

  it('listens on the given address, and accepts the given origins', async () => {
    const port = await freePort();
    const args = ['--port', port, '--host', '0.0.0.0', '--origin', 'http://127.0.0.1:3000'];
    const child = await start([...args, '--origin', 'http://127.0.0.1:4000'], FIXED);
    expect(await urlOf(child)).toBe(`http://localhost:${port}/?token=${TOKEN}`);
    const there = { url: `http://127.0.0.2:${port}` };
    for (const [origin, status] of [
      ['http://127.0.0.1:4000', 200],
      ['http://127.0.0.1:5000', 403],
    ]) {
      const headers = { origin: String(origin) };
      expect(await httpRequest(there, '/', { headers })).toMatchObject({ status });
    }
  });

  it('prints its usage with --help', async () => {
    const child = await start(['--help']);
    expect(await child.exited).toBe(0);
    expect(child.output.stdout).toMatch(/^Usage: wirechart-inspector \[options\]/);
    expect(child.output.stderr).toBe('');
  });
});

describe('a failure to start', () => {
  it.each([
    [['--none'], /Unknown option '--none'/],
    [['--port', '65536'], /^--port is '65536'; it must be from 0 to 65535$/m],
    [['--port', '0x10'], /^--port is '0x10'; it must be/m],
    [['--port=-1'], /^--port is '-1'; it must be/m],
    [['--port'], /argument missing/],
    [['--control=yes'], /does not take an argument/],
    [['--token', TOKEN], /^There is no --token, .*; use --token-file FILE or .*_INSPECTOR_TOKEN$/m],
    [[`--token=${TOKEN}`], /^There is no --token, /m],
    [['--token-file', '/none'], /^The token file '\/none' is refused: ENOENT/m],
    [['--socket', `/${'x'.repeat(200)}/s`], /has more than the \d+ bytes of a UNIX socket$/m],
    [['--origin', 'nonsense'], /^'nonsense' is not an origin/m],
    [['show', 'x'], /^Unknown command 'show'$/m],
    [['open'], /^'open' needs the path of at least one recording$/m],
  ])('is explained with the usage when arguments are invalid: %j', async (args, message) => {
    const child = await start(args);
    expect(await child.exited).toBe(2);
    expect(child.output.stderr).toMatch(message);
    expect(child.output.stderr).toMatch(/^Usage: wirechart-inspector/m);
    expect(child.output.stderr).not.toMatch(/^ +at /m);
    expect(child.output.stdout).toBe('');
  });

  it('is explained when the port is in use', async () => {
    const port = String(portOf(await startTestInspector()));
    const child = await start(['--port', port]);
    expect(await child.exited).toBe(2);
    expect(child.output.stderr).toMatch(`Port ${port} is in use; choose another with --port`);
  });

  it('has the system error when the address is that of another machine', async () => {
    const child = await start(['--port', '0', '--host', '192.0.2.1']);
    expect(await child.exited).toBe(1);
    expect(child.output.stderr).toMatch(/EADDRNOTAVAIL/);
  });
});

describe('open', () => {
  it('shows recordings by their file names', async () => {
    const directory = await tempDir();
    const files = ['one.jsonl', 'other.jsonl'].map((name) => join(directory, name));
    for (const file of files) writeFileSync(file, RECORDING);
    const child = await start(['--port', '0', 'open', ...files]);
    const page = await openFakePage({ url: await urlOf(child) });
    for (const name of ['one.jsonl', 'other.jsonl']) {
      expect(await page.program(name)).toMatchObject({ source: 'recording' });
    }
    await page.until((it) => it.of('event').length === 2);
  });

  it.each([
    ['does not exist', 'none', /^Cannot open '.*none': ENOENT/],
    ['is a directory', '.', /^Cannot open '.*': EISDIR/],
    ['is not a recording', 'other', /^Cannot open '.*other': This is not a wirechart recording/],
  ])('explains the failure when a file %s', async (_, name, message) => {
    const directory = await tempDir();
    writeFileSync(join(directory, 'other'), 'something else\n');
    const child = await start(['--port', '0', 'open', join(directory, name)]);
    expect(await child.exited).toBe(2);
    expect(child.output.stderr).toMatch(message);
    expect(child.output.stdout).toBe('');
  });

  it('can be interrupted', async () => {
    const fifo = join(await tempDir(), 'fifo');
    await promisify(execFile)('mkfifo', [fifo]);
    const port = await freePort();
    const child = await start(['--port', port, 'open', fifo], FIXED);
    const writer = createWriteStream(fifo).on('error', () => undefined);
    await once(writer, 'open');
    writer.write(RECORDING);
    const page = await openFakePage({ url: `http://127.0.0.1:${port}` });
    await page.program('fifo');
    child.process.kill('SIGINT');
    await closeCode(page.socket);
    writer.end(RECORDING);
    expect(await child.exited).toBe(0);
    expect(child.output).toEqual({ stdout: '', stderr: '' });
    if (!writer.closed) await once(writer, 'close');
  });
});

describe('the token', () => {
  /** The token of one run. */
  async function tokenOfRun(
    args: readonly string[] = [],
    environment: Record<string, string> = {},
  ): Promise<string> {
    const child = await start(['--port', '0', ...args], environment);
    const token = tokenOf({ url: await urlOf(child) });
    child.process.kill('SIGTERM');
    await child.exited;
    return token;
  }

  it('is another one in each run, and kept nowhere', async () => {
    const home = await tempDir();
    const [one, other] = [
      await tokenOfRun([], { XDG_STATE_HOME: home, HOME: home }),
      await tokenOfRun([], { XDG_STATE_HOME: home, HOME: home }),
    ];
    expect(one).toMatch(/^[\w-]{24}$/);
    expect(other).not.toBe(one);
    expect(readdirSync(home)).toEqual([]);
  });

  it('is that of the environment, or of a file, which comes first', async () => {
    const file = join(await tempDir(), 'token');
    writeFileSync(file, `${'f'.repeat(22)}\n`, { mode: 0o600 });
    expect(await tokenOfRun([], FIXED)).toBe(TOKEN);
    expect(await tokenOfRun(['--token-file', file], FIXED)).toBe('f'.repeat(22));
  });

  it('of the environment is refused when it is short, without being shown', async () => {
    const child = await start(['--port', '0'], { WIRECHART_INSPECTOR_TOKEN: 'short-secret' });
    expect(await child.exited).toBe(2);
    expect(child.output.stderr).toMatch(
      /^WIRECHART_INSPECTOR_TOKEN is refused\. The token must be/m,
    );
    expect(child.output.stderr).not.toContain('short-secret');
  });
});

describe('--socket', () => {
  it('is a UNIX socket to which programs report', async () => {
    const path = join(await tempDir(), 'new', 'inspector.sock');
    const child = await start(['--port', '0', '--socket', path], FIXED);
    const page = await openFakePage({ url: await urlOf(child) });
    const [, url = ''] = await outputMatching(child, /^Programs report to (\S+)\n/m);
    expect(url).toBe(`unix:${path}?token=${TOKEN}`);
    const inspection = inspectTo(url, { name: 'by socket' });
    cleanUp(() => inspection.close());
    expect(await page.program('by socket')).toMatchObject({ source: 'live' });
    const second = await start(['--port', '0', '--socket', path]);
    expect(await second.exited).toBe(2);
    expect(second.output.stderr).toContain(
      `An inspector already listens on '${path}'; choose another path with --socket`,
    );
    child.process.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    expect(existsSync(path)).toBe(false);
  });
});

describe('--host', () => {
  it.each([
    [
      '',
      [],
      /^\(node:\d+\) WirechartWarning: The inspector listens on 0\.0\.0\.0, so that other machines/,
    ],
    [
      'a louder one, with --control',
      ['--control'],
      /WirechartWarning: DANGER! The inspector .* can SEND EVENTS/,
    ],
  ])('of other interfaces causes a warning %s', async (_, args, warning) => {
    const child = await start(['--port', '0', '--host', '0.0.0.0', ...args]);
    await urlOf(child);
    child.process.kill('SIGTERM');
    await child.exited;
    expect(child.output.stderr).toMatch(warning);
    expect(child.output.stderr).not.toContain(
      tokenOf({ url: child.output.stdout.split(' ').at(-1) ?? '' }),
    );
  });
});
