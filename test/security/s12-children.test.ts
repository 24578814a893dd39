/**
 * S12, P7: a child gets its own descriptors and nothing else, no secret of ours when it is told so, and no
 * say in which program starts it. No shell is involved.
 */

import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, connect as dial } from 'node:net';
import { delimiter, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { findProgram } from '../../scripts/programs.ts';
import { ProcessError, spawnPeer, type SpawnPeerOptions } from '../../src/index.ts';
import { failure, killAfterTest, lineOf } from '../support/children.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { run } from '../support/parents.ts';
import { listen } from '../support/peers.ts';
import { textOf } from '../support/sockets.ts';

expectIdleAfterEach();

/** The output of a program that speaks over its standard input and output. */
async function outputOf(
  command: string,
  args: readonly string[],
  options: SpawnPeerOptions = {},
): Promise<string> {
  const peer = killAfterTest(spawnPeer(command, args, { stdio: 'stdio', ...options }));
  return textOf(peer.address.stream);
}

const setEnvironment = (variables: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  cleanUp(() => vi.unstubAllEnvs());
};

describe("env: 'minimal'", () => {
  const kept = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/home/me',
    USER: 'me',
    LOGNAME: 'me',
    TMPDIR: '/var/tmp',
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    LC_TIME: 'C',
  };
  const left = {
    AWS_SECRET_ACCESS_KEY: 'PLANTED',
    NATS_PASSWORD: 'PLANTED',
    NODE_OPTIONS: '--title=PLANTED',
    NODE_DEBUG: 'PLANTED',
    LD_PRELOAD: '/PLANTED',
    LD_LIBRARY_PATH: '/PLANTED',
    SSH_AUTH_SOCK: '/PLANTED',
    WIRECHART_INSPECT: 'http://PLANTED',
    LC_PLANTED: 'PLANTED',
    PATH_PLANTED: 'PLANTED',
    BASH_ENV: '/PLANTED',
  };

  it('gives the child the nine kinds of variables that are documented, and no other', async () => {
    setEnvironment({ ...kept, ...left });
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('LC_') && !(name in kept) && !(name in left)) vi.stubEnv(name, undefined);
    }
    const lines = (await outputOf('/usr/bin/env', [], { env: 'minimal' })).trimEnd().split('\n');
    expect(lines.sort()).toEqual(
      Object.entries(kept)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    );
  });

  it('is not the default, which is all of our environment', async () => {
    setEnvironment({ NATS_PASSWORD: 'PLANTED' });
    expect(await outputOf('/usr/bin/env', [])).toContain('NATS_PASSWORD=PLANTED');
  });

  it.each(['all', '', 7, true, null])('is the only text that env may be: %j', (env) => {
    const options = { env: env as unknown as 'minimal' };
    expect(() => spawnPeer('/bin/true', [], options)).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: expect.stringContaining('minimal') as string,
      }),
    );
  });
});

describe.skipIf(findProgram('setpriv') === undefined)('the helper of deathSignal', () => {
  /** A folder with a program `setpriv` that leaves a note, and runs nothing. */
  async function trap(): Promise<string> {
    const folder = await tempDir();
    await writeFile(join(folder, 'setpriv'), '#!/bin/sh\necho trapped\n');
    await chmod(join(folder, 'setpriv'), 0o755);
    return folder;
  }

  it('is never looked up on the PATH of the child', async () => {
    const env = { PATH: await trap() };
    expect(await outputOf('/bin/echo', ['hi'], { deathSignal: true, env })).toBe('hi\n');
    const none = { PATH: '/no/such/directory' };
    expect(await outputOf('/bin/echo', ['hi'], { deathSignal: true, env: none })).toBe('hi\n');
  });

  it('is not taken from a relative directory of our PATH, nor is a folder of that name', async () => {
    const folder = await tempDir();
    await mkdir(join(folder, 'setpriv'));
    setEnvironment({ PATH: ['.', '', folder, process.env['PATH'] ?? ''].join(delimiter) });
    expect(await outputOf('/bin/echo', ['hi'], { deathSignal: true })).toBe('hi\n');
  });

  it('fails to start when our PATH does not have it, whatever the PATH of the child has', async () => {
    const env = { PATH: await trap() };
    setEnvironment({ PATH: '/no/such/directory' });
    const peer = killAfterTest(spawnPeer('/bin/true', [], { deathSignal: true, env }));
    const error = await failure(peer.address.stream);
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({ cause: { code: 'ENOENT' } });
    expect(error).toHaveProperty('message', '/bin/true could not be started: spawn setpriv ENOENT');
  });
});

/** What each open descriptor of a process is, as Linux says it. */
const descriptorsOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${String(pid)}/fd`).map(
    (fd) => `${fd} ${readlinkSync(`/proc/${String(pid)}/fd/${fd}`).replace(/\d+/, 'N')}`,
  );

/** A file, a server, both ends of a connection and another child; all of it is closed after the test. */
async function openEverything(): Promise<void> {
  const file = openSync(join(await tempDir(), 'secret'), 'w+');
  const server = createServer((socket) => socket.resume());
  const { port } = (await listen(server, { host: '127.0.0.1', port: 0 })) as { port: number };
  const client = dial({ host: '127.0.0.1', port });
  await once(client, 'connect');
  killAfterTest(spawnPeer('/bin/cat', [], { stdio: 'stdio' }));
  cleanUp(async () => {
    closeSync(file);
    client.destroy();
    server.close();
    await once(server, 'close');
  });
}

describe('the descriptors of a child', () => {
  const nothing = ['0 /dev/null', '1 /dev/null', '2 socket:[N]'];

  it.each<[string, SpawnPeerOptions, number, readonly string[]]>([
    ['with a socket', {}, 3, [...nothing, '3 socket:[N]']],
    ['with another number', { fd: 5 }, 5, [...nothing, '5 socket:[N]']],
    [
      'with its standard streams',
      { stdio: 'stdio' },
      1,
      ['0 socket:[N]', '1 socket:[N]', '2 socket:[N]'],
    ],
  ])('%s are its own, whatever we have open', async (_, options, out, expected) => {
    await openEverything();
    // In a subshell: a shell moves its own descriptors for a moment to redirect a builtin command.
    const script = `(echo ready >&${String(out)}); sleep 60 & wait`;
    const peer = killAfterTest(spawnPeer('/bin/sh', ['-c', script], options));
    expect(await lineOf(peer.address.stream)).toBe('ready');
    // Those that our process has inherited itself are empty files.
    const descriptors = descriptorsOf(Number(peer.pid));
    expect(descriptors.filter((text) => !/^\d{2,} \/dev\/null$/.test(text))).toEqual(expected);
  });

  it('do not include what our process has inherited itself, at any number', async () => {
    const open = 'exec 7</etc/passwd 20</etc/passwd 40</etc/group 200</etc/hosts; exec "$@"';
    const list = 'for fd in /proc/$$/fd/*; do echo "${fd##*/} $(readlink "$fd")" >&3; done';
    const program = `
      const peer = w.spawnPeer('/bin/sh', ['-c', ${JSON.stringify(list)}]);
      let text = '';
      for await (const chunk of peer.address.stream) text += chunk;
      console.log(JSON.stringify(text));
    `;
    const parent = run(program, { under: ['/bin/bash', '-c', open, 'bash'] });
    const text = await parent.line();
    expect(text).toContain('3 socket:');
    expect(text).not.toContain('/etc/');
    await parent.allEnded;
  });

  it('include of these only what fds names', async () => {
    const open = 'exec 7</etc/passwd 40</etc/group 200</etc/hosts; exec "$@"';
    const list = 'for fd in /proc/$$/fd/*; do echo "${fd##*/} $(readlink "$fd")" >&3; done';
    const program = `
      const fds = { 7: 40, 9: 200, 40: 7 };
      const peer = w.spawnPeer('/bin/sh', ['-c', ${JSON.stringify(list)}], { fds });
      let text = '';
      for await (const chunk of peer.address.stream) text += chunk;
      console.log(JSON.stringify(text));
    `;
    const parent = run(program, { under: ['/bin/bash', '-c', open, 'bash'] });
    const text = JSON.parse(await parent.line()) as string;
    const ours = text.split('\n').filter((line) => line.includes('/etc/'));
    expect(ours.sort()).toEqual(['40 /etc/passwd', '7 /etc/group', '9 /etc/hosts']);
    expect(text).toContain('\n200 /dev/null');
    await parent.allEnded;
  });
});

describe('arguments', () => {
  it.each([
    'two words',
    '; touch /tmp/PLANTED',
    '$(id)',
    '`id`',
    '&& id',
    '| id',
    '> /tmp/PLANTED',
    '*',
    "it's",
    '"',
    '\\',
    '\n',
    '--help=\u001b[0m',
  ])('reach the program unchanged: %j', async (word) => {
    expect(await outputOf('/usr/bin/printf', ['%s', word])).toBe(word);
  });

  it('and the name of the program are no command line', async () => {
    const peer = killAfterTest(spawnPeer('/bin/echo hi; id', [], { stdio: 'stdio' }));
    expect(await failure(peer.address.stream)).toMatchObject({ cause: { code: 'ENOENT' } });
  });

  it('are in no text of the peer', async () => {
    const peer = killAfterTest(spawnPeer('/bin/sh', ['-c', 'exit 3', 'PLANTED']));
    const error = await failure(peer.address.stream);
    expect(String(peer) + String(error) + JSON.stringify(error)).not.toContain('PLANTED');
  });
});
