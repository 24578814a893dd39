/** `listens`: a child that listens at an address is dialed as soon as it does. */

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ConnectError, ProcessError, spawnPeer, TimeoutError } from '../../../src/index.ts';
import { isAlive, killAfterTest } from '../../support/children.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../../support/cleanup.ts';
import {
  ANY,
  freePath,
  isServed,
  listening,
  PATIENT,
  programs,
} from '../../support/listening-children.ts';
import { inbox, listen } from '../../support/peers.ts';
import { freePort } from '../../support/real-peers.ts';
import { hasSettled, rejection, turn } from '../../support/signal.ts';

expectIdleAfterEach();

const freeAddress = {
  'a UNIX socket': freePath,
  'a TCP port': async () => ({ port: await freePort() }),
} as const;
const KINDS = ['a UNIX socket', 'a TCP port'] as const;

describe('connect() to a child that listens', () => {
  it.each(KINDS)('waits until the child listens at %s', async (kind) => {
    const received = inbox();
    const protocol = createProtocol(received.definition, PATIENT);
    const peer = listening(await freeAddress[kind](), programs.lateEcho);
    await protocol.connect(peer.address);
    await protocol.send('hello');
    expect(await received.count(1)).toEqual(['hello']);
    expect(isAlive(peer.pid)).toBe(true);
    expect(protocol.remote).toMatchObject({ pid: peer.pid });
    await protocol.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    expect(protocol.outcome).toEqual({ suppressed: [], undelivered: 0 });
  });

  it.each(['path', 'unix:', 'tcp:'] as const)('takes an address as %s', async (form) => {
    const [{ path }, port] = [await freePath(), await freePort()];
    const where = form === 'tcp:' ? { port } : { path };
    const listens = { path, 'unix:': `unix:${path}`, 'tcp:': `tcp:127.0.0.1:${String(port)}` }[
      form
    ];
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(listening(where, programs.echo, { listens }).address);
    const remote = form === 'tcp:' ? { address: '127.0.0.1', port } : { path };
    expect(protocol.remote).toMatchObject(remote);
    await protocol.disconnect();
  });

  it('replaces the socket file that a killed program has left', async () => {
    const where = await freePath();
    const first = createProtocol(ANY, PATIENT);
    await first.connect(listening(where, programs.echo).address);
    await first.disconnect({ force: true });
    expect(existsSync(where.path)).toBe(true);
    const second = createProtocol(ANY, PATIENT);
    await second.connect(listening(where, programs.echo).address);
    await second.disconnect();
  });

  it('leaves no child behind when it is aborted', async () => {
    const peer = listening(await freePath(), programs.silent);
    const [controller, reason] = [new AbortController(), new Error('never mind')];
    const connected = rejection(
      createProtocol(ANY, PATIENT).connect(peer.address, { signal: controller.signal }),
    );
    while (peer.pid === undefined) await turn();
    expect(await hasSettled(connected)).toBe(false);
    controller.abort(reason);
    expect(await connected).toBe(reason);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(peer.pid)).toBe(false);
  });

  it('starts no child when its signal was aborted before', async () => {
    const peer = listening(await freePath(), programs.echo);
    const signal = AbortSignal.abort('before');
    expect(await rejection(createProtocol(ANY).connect(peer.address, { signal }))).toBe('before');
    expect(await peer.exited).toEqual({ exitCode: null, signal: null, stderr: '' });
    expect(peer.pid).toBeUndefined();
  });

  it('is ended by its deadline, which says what the child has not done', async () => {
    const where = await freePath();
    const peer = listening(where, programs.silent);
    const protocol = createProtocol(ANY, { timeouts: { connect: 700 } });
    const error = await rejection(protocol.connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', retryable: true });
    expect(error).toHaveProperty('cause', expect.any(TimeoutError));
    const text = new RegExp(`does not listen at ${where.path} yet \\(connect ENOENT .*loading the`);
    expect(error).toHaveProperty('message', expect.stringMatching(text));
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('waits between two attempts on the clock of the connection', async () => {
    const [clock, where] = [new SimulatedClock(), await freePath()];
    const peer = listening(where, programs.echo);
    const protocol = createProtocol(ANY, { clock });
    const connected = protocol.connect(peer.address);
    while (!(await isServed(where))) await turn();
    expect(await hasSettled(connected)).toBe(false);
    // Real time passes until the dial under way has failed.
    const again = setInterval(() => {
      clock.increment(100);
    }, 1);
    await connected;
    clearInterval(again);
    await protocol.disconnect({ force: true });
  });
});

describe('the death of a child that does not listen yet', () => {
  it.each([
    ['process.exit(3)', { exitCode: 3, signal: null }],
    ['process.kill(process.pid, "SIGKILL")', { exitCode: null, signal: 'SIGKILL' }],
  ])('by %s is the reason at once', async (end, exit) => {
    const peer = listening(await freePath(), `fs.writeSync(2, 'no such option\\n'); ${end}`);
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', retryable: true });
    expect(error).toMatchObject({ cause: { ...exit, stderr: 'no such option\n' } });
    expect(error).toHaveProperty('cause', expect.any(ProcessError));
    expect(error).toHaveProperty('message', expect.stringMatching(/: no such option$/));
  });

  it('shows what it has said on its standard output, too', async () => {
    const program = "fs.writeSync(1, 'out of memory\\n'); process.exit(1)";
    const peer = listening(await freePath(), program);
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toHaveProperty('message', expect.stringMatching(/code 1: out of memory$/));
    expect(await peer.exited).toMatchObject({ stderr: 'out of memory\n' });
  });

  it('with code 0 says that it must stay in the foreground', async () => {
    const peer = listening(await freePath(), 'process.exit(0)');
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection' });
    expect(error).toHaveProperty('message', expect.stringMatching(/code 0 before a connection/));
  });

  it('is the reason when the program is missing', async () => {
    const peer = killAfterTest(spawnPeer('/no/such/program', [], { listens: await freePath() }));
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ phase: 'connection', retryable: false });
    expect(error).toMatchObject({ cause: { code: 'ERR_PROCESS', cause: { code: 'ENOENT' } } });
  });

  it('is the reason when it has happened before the call', async () => {
    const peer = listening(await freePath(), 'process.exit(4)');
    await peer.exited;
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { exitCode: 4 } });
  });

  it.each(['before', 'after'])('by kill() is the reason, %s its start', async (when) => {
    const peer = listening(await freePath(), programs.silent);
    while (when === 'after' && peer.pid === undefined) await turn();
    expect(peer.kill('SIGKILL')).toBe(true);
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { signal: 'SIGKILL' } });
    expect(peer.kill('SIGKILL')).toBe(false);
  });
});

describe('an address that is taken', () => {
  it.each(KINDS)('by a stranger fails the attempt, and starts no child: %s', async (kind) => {
    const where = await freeAddress[kind]();
    const stranger = createServer((socket) => socket.resume());
    await listen(stranger, where);
    cleanUp(() => stranger.close());
    const peer = listening(where, programs.echo);
    const error = await rejection(createProtocol(ANY).connect(peer.address));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ phase: 'connection', retryable: true });
    expect(error).toMatchObject({ cause: { code: 'ERR_PROCESS', cause: { code: 'EADDRINUSE' } } });
    expect(error).toHaveProperty('message', expect.stringMatching(/ is taken .*: free it, or/));
    expect(peer.pid).toBeUndefined();
    expect(await peer.exited).toEqual({ exitCode: null, signal: null, stderr: '' });
  });

  it('by a file that is not a socket is not touched', async () => {
    const where = await freePath();
    await writeFile(where.path, 'precious');
    const peer = listening(where, programs.echo);
    const error = await rejection(createProtocol(ANY).connect(peer.address));
    expect(error).toHaveProperty('message', expect.stringMatching(/exists and is not a socket/));
    expect(existsSync(where.path)).toBe(true);
  });
});

describe('spawnPeer() refuses, with listens', () => {
  it.each<[string, object, RegExp]>([
    ['stdio', { stdio: 'stdio' }, /stdio cannot be used with listens/],
    ['fd', { fd: 3 }, /fd cannot be used with listens/],
    ['a stream', { listens: { stream: process.stdin } }, /a path or a port, no stream|stream/],
    ['port 0', { listens: { port: 0 } }, /not 0: .*give a function/],
    ['a mode', { listens: { path: '/x', mode: 0o600 } }, /mode is for listen/],
    ['an inherited socket', { listens: { fd: 3 } }, /fd/],
    ['a bare host and port', { listens: 'localhost:1' }, /tcp:localhost:1/],
    ['null', { listens: null }, /address/],
  ])('%s', (_, options, text) => {
    const call = () =>
      Reflect.apply(spawnPeer, undefined, ['sh', [], { listens: '/x', ...options }]);
    expect(call).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT',
        message: expect.stringMatching(text) as string,
      }),
    );
  });

  it('an unknown signal before the child was started', async () => {
    const peer = listening(await freePath(), programs.silent);
    const call = () => Reflect.apply(peer.kill, peer, ['SIGNOTHING']) as unknown;
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });
});
