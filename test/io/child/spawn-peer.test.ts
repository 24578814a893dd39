/** What spawnPeer() accepts, starts or fails to start, and that it leaks nothing. */

import { readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { findProgram } from '../../../scripts/programs.ts';
import { ProcessError, spawnPeer, type SpawnPeerOptions } from '../../../src/index.ts';
import { failure, lineOf, killAfterTest, scripts, shell } from '../../support/children.ts';
import { cleanUp, expectIdleAfterEach } from '../../support/cleanup.ts';
import { closing, textOf } from '../../support/sockets.ts';

expectIdleAfterEach();

describe('a program that cannot be started', () => {
  it.each<[string, string, string, SpawnPeerOptions]>([
    ['is missing', '/no/such/program', 'ENOENT', {}],
    ['is not executable', '/etc/passwd', 'EACCES', {}],
    ['has no working directory', '/bin/sh', 'ENOENT', { cwd: '/no/such/directory' }],
  ])('because it %s fails its stream', async (_, command, code, options) => {
    const peer = killAfterTest(spawnPeer(command, [], options));
    expect(peer.pid).toBeUndefined();
    expect(peer.kill()).toBe(false);
    const error = await failure(peer.address.stream);
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({ exitCode: null, signal: null, command, cause: { code } });
    expect(error).toHaveProperty('message', expect.stringContaining('could not be started: spawn'));
    expect(await peer.exited).toEqual({ exitCode: null, signal: null, stderr: '' });
  });

  it('because its arguments are too long fails its stream, and throws nothing', async () => {
    const peer = killAfterTest(spawnPeer('/bin/true', ['x'.repeat(4_000_000)]));
    expect(await failure(peer.address.stream)).toMatchObject({ cause: { code: 'E2BIG' } });
    expect(await peer.exited).toMatchObject({ exitCode: null, signal: null });
  });
});

it('passes arguments to the program unchanged, without a shell', async () => {
  const words = ['$(id)', '; exit 1', '*', '`id`', "it's"];
  const program = killAfterTest(spawnPeer('/bin/echo', words, { stdio: 'stdio' }));
  expect(await lineOf(program.address.stream)).toBe(words.join(' '));
});

describe('a deathSignal', () => {
  it('needs setpriv on our PATH, and names it in the error', async () => {
    vi.stubEnv('PATH', '/no/such/directory');
    cleanUp(() => vi.unstubAllEnvs());
    const peer = killAfterTest(spawnPeer('/bin/true', [], { deathSignal: true }));
    const error = await failure(peer.address.stream);
    expect(error).toHaveProperty('message', '/bin/true could not be started: spawn setpriv ENOENT');
  });

  it.skipIf(findProgram('setpriv') === undefined)('makes a missing program exit', async () => {
    const peer = killAfterTest(spawnPeer('/no/such/program', [], { deathSignal: true }));
    expect(peer.pid).toBeDefined();
    const error = await failure(peer.address.stream);
    expect(error).toMatchObject({ exitCode: 127, command: '/no/such/program' });
    expect(error).toHaveProperty('message', expect.stringMatching(/No such file or directory$/));
  });
});

describe('standard error', () => {
  it('is kept up to its last 4096 bytes, without a partial character', async () => {
    const peer = shell('for i in $(seq 3000); do printf ä; done >&2; printf €nd >&2; exit 1');
    const { stderr } = await peer.exited;
    expect(stderr).toMatch(/^ä+€nd$/);
    // The last 5 bytes, and the whole characters among the 4091 bytes before them.
    expect(Buffer.byteLength(stderr)).toBe(4095);
    await failure(peer.address.stream);
  });

  it('may be endless: it neither takes memory nor blocks the child', async () => {
    // The first line is written before the child reads, however busy the machine is.
    const noise = 'echo noise >&2; (while :; do echo noise; done) >&2 &';
    const peer = shell(`${noise} read x <&3; kill $!; exit 7`);
    const { stream } = peer.address;
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 500; round += 1) await turn();
    stream.write('enough\n');
    const { exitCode, stderr } = await peer.exited;
    expect(exitCode).toBe(7);
    expect(Buffer.byteLength(stderr)).toBeLessThanOrEqual(4096);
    expect(stderr).toMatch(/noise\n$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    await failure(stream);
  });

  it('is not kept when it is ignored', async () => {
    const peer = shell('echo ignored >&2; exit 1', { stderr: 'ignore' });
    expect(await peer.exited).toEqual({ exitCode: 1, signal: null, stderr: '' });
    expect(await failure(peer.address.stream)).toHaveProperty(
      'message',
      '/bin/sh exited with code 1',
    );
  });
});

describe('200 children', () => {
  const MAX_WAIT_MS = 2_000;
  const handles = (kind: RegExp) =>
    process.getActiveResourcesInfo().filter((name) => kind.test(name)).length;
  const held = () => [readdirSync('/proc/self/fd').length, handles(/Pipe|Process/)] as const;
  const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);
  const cycle = async () => {
    const { stream } = shell(scripts.echo).address;
    stream.end('hello');
    expect(await textOf(stream)).toBe('hello');
    await closing(stream);
  };

  it('leak no descriptor, listener, handle or timer', async () => {
    await cycle();
    const [before, listenersBefore] = [held(), listeners()];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 10 }, cycle));
    }
    // Handles are closed a few turns of the event loop later.
    const isMore = () => held().some((count, kind) => count > (before[kind] ?? 0));
    const deadline = performance.now() + MAX_WAIT_MS;
    while (isMore() && performance.now() < deadline) await turn();
    expect({ before, after: held(), isMore: isMore() }).toMatchObject({ isMore: false });
    expect(listeners()).toEqual(listenersBefore);
    // The test runner has a few of its own.
    expect(handles(/Timeout/)).toBeLessThan(20);
  });
});

describe('spawnPeer() refuses', () => {
  it.each<[string, readonly unknown[], RegExp]>([
    ['a standard descriptor', ['sh', [], { fd: 2 }], /fd must be an integer from 3 to 255/],
    ['a fractional descriptor', ['sh', [], { fd: 3.5 }], /not 3.5/],
    [
      'a descriptor together with stdio',
      ['sh', [], { stdio: 'stdio', fd: 3 }],
      /fd cannot be used with/,
    ],
    ['another kind of stdio', ['sh', [], { stdio: 'pty' }], /'stdio', not pty/],
    ['another kind of stderr', ['sh', [], { stderr: 'toString' }], /stderr must be one of capture/],
    ['a deadline of 0', ['sh', [], { timeouts: { exit: 0 } }], /timeouts.exit must be a number/],
    ['keep together with deathSignal', ['sh', [], { keep: true, deathSignal: true }], /exclude/],
    ['arguments in one string', ['sh', '-c true'], /args must be an array/],
    ['an argument with a NUL', ['sh', ['\0']], /cannot be started.*null bytes/],
    ['an empty name', [''], /cannot be started.*empty/],
  ])('%s', (_, args, text) => {
    const call = () => Reflect.apply(spawnPeer, undefined, args) as unknown;
    expect(call).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: expect.stringMatching(text) as string,
      }),
    );
  });

  it('an unknown signal', () => {
    const peer = shell(scripts.echo);
    const call = () => Reflect.apply(peer.kill.bind(peer), peer, ['SIGNOTHING']) as unknown;
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });
});
