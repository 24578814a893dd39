/** The command `wirechart-inspector`. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { expectHomeAfterEach, tempDir } from '../support/cleanup.ts';
import { ask, closing, inspector, portOf, TOKEN, tokenOf } from './clients.ts';
import { openPage } from './page.ts';
import { type Child, heard, run } from './process.ts';
import { event, introduction, registration } from './teller.ts';

expectHomeAfterEach();

const CLI = 'inspector/src/cli.ts';
const RECORDING = [introduction({ name: 'recorded' }), registration('x:0'), event('x:0', 'E')]
  .map((message) => `${JSON.stringify(message)}\n`)
  .join('');

/** The command, with a home of its own. */
async function start(args: readonly string[], home?: string): Promise<Child> {
  return run([CLI, ...args], { XDG_STATE_HOME: home ?? (await tempDir()) });
}

/** The URL that it prints. */
async function urlOf(child: Child): Promise<string> {
  const [, url = ''] = await heard(child, /^The inspector is at (\S+)\n/);
  return url;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return String(typeof address === 'object' ? address?.port : 0);
}

describe('wirechart-inspector', () => {
  it('prints one line, with the URL, and runs until it is interrupted', async () => {
    const child = await start(['--port', '0']);
    const url = await urlOf(child);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{24}$/);
    expect(await openPage({ url })).toMatchObject({ control: false });
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(0);
    expect(child.output).toEqual({ stdout: `The inspector is at ${url}\n`, stderr: '' });
  });

  it('ends cleanly with open connections when it is terminated', async () => {
    const child = await start(['--port', '0', '--control', '--token', TOKEN]);
    const url = await urlOf(child);
    expect(tokenOf({ url })).toBe(TOKEN);
    const page = await openPage({ url });
    expect(page.control).toBe(true);
    child.process.kill('SIGTERM');
    await closing(page.socket);
    expect(await child.ended).toBe(0);
  });

  it('listens where it is told to, and lets in who is named', async () => {
    const port = await freePort();
    const args = ['--port', port, '--host', '0.0.0.0', '--origin', 'http://127.0.0.1:3000'];
    const child = await start([...args, '--origin', 'http://127.0.0.1:4000', '--token', TOKEN]);
    expect(await urlOf(child)).toBe(`http://localhost:${port}/?token=${TOKEN}`);
    const there = { url: `http://127.0.0.2:${port}` };
    for (const [origin, status] of [
      ['http://127.0.0.1:4000', 200],
      ['http://127.0.0.1:5000', 403],
    ]) {
      const headers = { origin: String(origin) };
      expect(await ask(there, '/', { headers })).toMatchObject({ status });
    }
  });

  it('shows its usage when it is asked for help', async () => {
    const child = await start(['--help']);
    expect(await child.ended).toBe(0);
    expect(child.output.stdout).toMatch(/^Usage: wirechart-inspector \[options\]/);
    expect(child.output.stderr).toBe('');
  });
});

describe('what it cannot do', () => {
  it.each([
    [['--none'], /Unknown option '--none'/],
    [['--port', '65536'], /^'65536' is no port$/m],
    [['--port', '0x10'], /^'0x10' is no port$/m],
    [['--port=-1'], /^'-1' is no port$/m],
    [['--port'], /argument missing/],
    [['--control=yes'], /does not take an argument/],
    [['--token', 'short'], /^A token is 8 or more letters/m],
    [['--origin', 'here'], /^'here' is no site/m],
    [['show', 'x'], /^What is 'show'\?$/m],
    [['open'], /^Which recording is to be opened\?$/m],
  ])('is said with its usage: %j', async (args, message) => {
    const child = await start(args);
    expect(await child.ended).toBe(2);
    expect(child.output.stderr).toMatch(message);
    expect(child.output.stderr).toMatch(/^Usage: wirechart-inspector/m);
    expect(child.output.stderr).not.toMatch(/^ +at /m);
    expect(child.output.stdout).toBe('');
  });

  it('is to listen where somebody does already', async () => {
    const port = String(portOf(await inspector()));
    const child = await start(['--port', port]);
    expect(await child.ended).toBe(2);
    expect(child.output.stderr).toMatch(`Port ${port} is taken: choose another with --port`);
  });

  it('is to listen at an address of another machine', async () => {
    const child = await start(['--port', '0', '--host', '192.0.2.1']);
    expect(await child.ended).toBe(1);
    expect(child.output.stderr).toMatch(/EADDRNOTAVAIL/);
  });
});

describe('open', () => {
  it('shows recordings, by the names of their files', async () => {
    const directory = await tempDir();
    const files = ['one.jsonl', 'other.jsonl'].map((name) => join(directory, name));
    for (const file of files) writeFileSync(file, RECORDING);
    const child = await start(['--port', '0', 'open', ...files]);
    const page = await openPage({ url: await urlOf(child) });
    for (const name of ['one.jsonl', 'other.jsonl']) {
      expect(await page.program(name)).toMatchObject({ source: 'recording' });
    }
    await page.until((it) => it.of('event').length === 2);
  });

  it.each([
    ['is not there', 'none', /none was not opened: ENOENT/],
    ['is a directory', '.', /was not opened: EISDIR/],
    ['is no recording', 'other', /other was not opened: It is no recording of wirechart/],
  ])('says so when a file %s', async (_, name, message) => {
    const directory = await tempDir();
    writeFileSync(join(directory, 'other'), 'something else\n');
    const child = await start(['--port', '0', 'open', join(directory, name)]);
    expect(await child.ended).toBe(2);
    expect(child.output.stderr).toMatch(message);
    expect(child.output.stdout).toBe('');
  });

  it('can be interrupted', async () => {
    const fifo = join(await tempDir(), 'fifo');
    await promisify(execFile)('mkfifo', [fifo]);
    const port = await freePort();
    const child = await start(['--port', port, '--token', TOKEN, 'open', fifo]);
    const writer = createWriteStream(fifo).on('error', () => undefined);
    await once(writer, 'open');
    writer.write(RECORDING);
    const page = await openPage({ url: `http://127.0.0.1:${port}` });
    await page.program('fifo');
    child.process.kill('SIGINT');
    await closing(page.socket);
    writer.end(RECORDING);
    expect(await child.ended).toBe(0);
    expect(child.output).toEqual({ stdout: '', stderr: '' });
    if (!writer.closed) await once(writer, 'close');
  });
});

describe('the token', () => {
  const fileOf = (home: string) => join(home, 'wirechart', 'inspector-token');

  /** The token of one run. */
  async function tokenIn(home: string): Promise<string> {
    const child = await start(['--port', '0'], home);
    const token = tokenOf({ url: await urlOf(child) });
    child.process.kill('SIGTERM');
    await child.ended;
    return token;
  }

  it('is kept from one run to the next, for its owner alone', async () => {
    const home = await tempDir();
    const token = await tokenIn(home);
    expect(await tokenIn(home)).toBe(token);
    expect(readFileSync(fileOf(home), 'utf8')).toBe(`${token}\n`);
    expect(statSync(fileOf(home)).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'wirechart')).mode & 0o777).toBe(0o700);
  });

  it('is made anew where what is kept is none', async () => {
    const home = await tempDir();
    const token = await tokenIn(home);
    writeFileSync(fileOf(home), '');
    chmodSync(fileOf(home), 0o644);
    const other = await tokenIn(home);
    expect(other).toMatch(/^[\w-]{24}$/);
    expect(other).not.toBe(token);
    expect(readFileSync(fileOf(home), 'utf8')).toBe(`${other}\n`);
    expect(statSync(fileOf(home)).mode & 0o777).toBe(0o600);
  });

  it('is another one each time where nothing can be kept', async () => {
    const home = join(await tempDir(), 'file');
    writeFileSync(home, '');
    expect(await tokenIn(home)).not.toBe(await tokenIn(home));
  });

  it.each(['', 'relative'])('is not kept in the working directory: %j', async (state) => {
    const home = await tempDir();
    const child = run([CLI, '--port', '0'], { XDG_STATE_HOME: state, HOME: home });
    const token = tokenOf({ url: await urlOf(child) });
    expect(readFileSync(fileOf(join(home, '.local', 'state')), 'utf8').trim()).toBe(token);
  });
});
