/** Errors of the system that time can heal: a supervisor must not give up on them, and some can be waited for. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsyncProtocol, ConnectError, lines, supervise } from 'wirechart';
import { describe, expect, it, onTestFinished } from 'vitest';
import { thrownBy, writeProgram } from './support.ts';

function createProtocol(timeouts = {}): AsyncProtocol<string> {
  const protocol = new AsyncProtocol({ codec: lines() }, { timeouts });
  onTestFinished(() => protocol.disconnect({ force: true }).catch(() => undefined));
  return protocol;
}

describe('an attempt is worth another one', () => {
  it('when the name of the host is not known at the moment', async () => {
    const address = { host: 'no-such-host.invalid', port: 1 };
    const error = await thrownBy(() => createProtocol().connect(address));
    expect(error).toMatchObject({ retryable: true, cause: { syscall: 'getaddrinfo' } });
    const supervisor = supervise({ codec: lines() }, address, { backoff: { initial: 1 } });
    onTestFinished(() => supervisor.stop());
    const states: string[] = [];
    for await (const state of supervisor.states()) {
      states.push(state);
      if (states.filter((each) => each === 'WAITING').length === 2) break;
    }
    expect(states).not.toContain('GIVEN_UP');
  });

  it('when the port is in use, or the address is not there yet', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await thrownBy(() => createProtocol().listen({ port }))).toMatchObject({
      retryable: true,
      cause: { code: 'EADDRINUSE' },
    });
    // An address of documentation, which no system has.
    expect(
      await thrownBy(() => createProtocol().listen({ host: '192.0.2.1', port: 0 })),
    ).toMatchObject({ retryable: true, cause: { code: 'EADDRNOTAVAIL' } });
  });

  it.each([
    'EAI_AGAIN',
    'ENOTFOUND',
    'ENOMEM',
    'ENOBUFS',
    'EADDRNOTAVAIL',
    'EACCES',
    'EPERM',
    'CERT_NOT_YET_VALID',
  ])('after %s', (code) => {
    const cause = Object.assign(new Error(`connect ${code}`), { code });
    expect(new ConnectError('connection', cause).retryable).toBe(true);
    const both = new AggregateError([
      cause,
      Object.assign(new Error(), { code: 'CERT_HAS_EXPIRED' }),
    ]);
    expect(new ConnectError('connection', both).retryable).toBe(true);
  });

  it.each(['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'but not after %s',
    (code) => {
      const cause = Object.assign(new Error(code), { code });
      expect(new ConnectError('connection', cause).retryable).toBe(false);
    },
  );
});

/** Listens at a path. */
const LISTENER = `
  import { createServer } from 'node:net';
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen({ path: process.argv[2], backlog: 1 }, () => {
    process.stdout.write('listening');
  });
`;

/** A process that was stopped, as a QEMU under a debugger, and whose backlog is full. */
async function stoppedListener(): Promise<{ path: string; child: ChildProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'wirechart-'));
  const path = join(folder, 'socket');
  const child = spawn(process.execPath, [writeProgram(LISTENER), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const waiting: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
    await once(child, 'close');
    rmSync(folder, { recursive: true });
  });
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  while (await fills(path, waiting));
  return { path, child };
}

/** Connects once more. Resolves with whether there was room in the backlog. */
function fills(path: string, waiting: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }).on('error', () => {
      resolve(false);
    });
    waiting.push(socket);
    socket.once('connect', () => {
      resolve(true);
    });
  });
}

describe('a UNIX socket whose backlog is full', () => {
  it('is waited for until the listener accepts again', async () => {
    const { path, child } = await stoppedListener();
    const protocol = createProtocol();
    const connected = protocol.connect(path);
    await new Promise((resolve) => setImmediate(resolve));
    expect(protocol.runstate).toBe('CONNECTING');
    child.kill('SIGCONT');
    await connected;
    expect(protocol.runstate).toBe('RUNNING');
  });

  it('is the cause when the deadline passes, in words that say what to look at', async () => {
    const { path } = await stoppedListener();
    const error = await thrownBy(() => createProtocol({ connect: 50 }).connect(path));
    expect(error).toMatchObject({
      retryable: true,
      cause: { name: 'TimeoutError', phase: 'connect', cause: { code: 'EAGAIN' } },
    });
    expect(String(error)).toContain('The connect deadline of 50 ms passed');
    expect(String(error)).toContain(
      `The listener at ${path} accepts no connections at the moment, and its backlog is full`,
    );
    expect(String(error)).toContain('its process may be stopped');
  });

  it('is given up with the signal, at once', async () => {
    const { path } = await stoppedListener();
    const controller = new AbortController();
    const protocol = createProtocol();
    const connected = thrownBy(() => protocol.connect(path, { signal: controller.signal }));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await connected).toBe(reason);
    expect(protocol.runstate).toBe('IDLE');
  });

  it('is no reason of a handshake that takes too long on the connection that came later', async () => {
    const { path, child } = await stoppedListener();
    const slow = new AsyncProtocol<string>(
      { codec: lines(), handshake: ({ receive }) => receive().then(() => undefined) },
      { timeouts: { handshake: 50 } },
    );
    const error = thrownBy(() => slow.connect(path));
    child.kill('SIGCONT');
    expect(await error).toMatchObject({
      message: 'Failed to establish session: The handshake deadline of 50 ms passed',
    });
  });
});
