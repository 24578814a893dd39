/** A server whose connections do not, or not only, come from a socket that it has opened itself. */

import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AsyncProtocol,
  lines,
  type ProtocolDefinition,
  ProtocolServer,
  type ProtocolServerOptions,
  streamPair,
} from 'wirechart';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificates, runProgram, writeProgram } from './support.ts';

const { ca, server: identity } = await makeCertificates();

/** A server that echoes lines, with the number of the peer. */
function createEcho(options: ProtocolServerOptions = {}) {
  const server = new ProtocolServer<string>(
    (number, peer) => ({
      codec: lines(),
      onMessage: (line) => peer().send(`${String(number)}: ${line}`),
    }),
    options,
  );
  onTestFinished(() => server.close({ force: true }));
  return server;
}

/** A client, and a function that sends a line and resolves with the answer. */
function createClient() {
  let answer: (line: string) => void = () => undefined;
  const definition: ProtocolDefinition<string> = {
    codec: lines(),
    onMessage: (line) => {
      answer(line);
    },
  };
  const client = new AsyncProtocol(definition);
  onTestFinished(() => client.disconnect({ force: true }).catch(() => undefined));
  const ask = async (line: string) => {
    const answered = new Promise<string>((resolve) => (answer = resolve));
    await client.send(line);
    return answered;
  };
  return { client, ask };
}

/** Listens with Node alone, on a port of the system's choice. */
async function listenByHand(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, onConnection).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

describe('adopt()', () => {
  it('serves a stream without any listener, until close()', async () => {
    const server = createEcho();
    const [near, far] = streamPair();
    const peer = await server.adopt(near);
    expect([server.state, peer.name, peer.runstate]).toEqual(['ADOPTING', '#1', 'RUNNING']);
    const { client, ask } = createClient();
    await client.connect({ stream: far });
    expect(await ask('hello')).toBe('1: hello');
    await Promise.all([server.close(), client.closed]);
    expect([server.state, peer.outcome]).toEqual(['IDLE', { suppressed: [], undelivered: 0 }]);
  });

  it('serves sockets of another server beside its own, and tells who they are', async () => {
    const server = createEcho();
    const address = await server.listen({ port: 0 });
    const other = await listenByHand((socket) => void server.adopt(socket));
    const [one, two] = [createClient(), createClient()];
    await one.client.connect(address);
    await two.client.connect({ port: portOf(other) });
    expect((await Promise.all([one.ask('a'), two.ask('b')])).sort()).toEqual(['1: a', '2: b']);
    expect(server.peers.map(({ remote }) => remote?.address)).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(server.stats).toMatchObject({ admitted: 2, running: 2, failed: 0 });
  });

  it('gives such peers to the loops over the server', async () => {
    const server = createEcho();
    void server.adopt(streamPair()[0]);
    for await (const peer of server) {
      expect(peer.name).toBe('#1');
      break;
    }
  });

  it('counts such peers in the limits, and refuses those for which there is no room', async () => {
    const server = createEcho({ limits: { maxPeers: 1, maxBacklog: 1 } });
    const [first, second, third] = [streamPair(), streamPair(), streamPair()];
    const peer = await server.adopt(first[0]);
    const waiting = server.adopt(second[0]);
    await expect(server.adopt(third[0])).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      retryable: true,
      message: expect.stringContaining('the backlog is full (limits.maxBacklog)') as string,
    });
    expect(third[0].destroyed).toBe(true);
    expect(server.stats).toMatchObject({ running: 1, queued: 1, refused: 1 });
    await peer.disconnect({ force: true });
    expect((await waiting).name).toBe('#2');
  });

  it('rejects when the handshake fails, and reports it like that of any peer', async () => {
    const reported: string[] = [];
    const handshake = () => Promise.reject(new Error('not today'));
    const server = new ProtocolServer<string>(
      { codec: lines(), handshake },
      { onPeerError: (_, { name }) => reported.push(name) },
    );
    onTestFinished(() => server.close({ force: true }));
    const [near] = streamPair();
    await expect(server.adopt(near)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      phase: 'session',
    });
    expect([near.destroyed, reported, server.stats.failed]).toEqual([true, ['#1'], 1]);
  });

  it('gives a peer up when its signal is aborted, before the call or after it', async () => {
    const handshake = () => new Promise<void>(() => undefined);
    const server = new ProtocolServer<string>({ codec: lines(), handshake });
    onTestFinished(() => server.close({ force: true }));
    for (const isBefore of [true, false]) {
      const [near] = streamPair();
      const controller = new AbortController();
      if (isBefore) controller.abort('enough');
      const adopted = server.adopt(near, { signal: controller.signal });
      controller.abort('enough');
      await expect(adopted).rejects.toBe('enough');
      await expect.poll(() => near.destroyed).toBe(true);
    }
    await server.close();
  });

  it('rejects when the server closes, and destroys the stream', async () => {
    const server = createEcho({ limits: { maxPeers: 1 } });
    await server.adopt(streamPair()[0]);
    const [near, far] = [streamPair()[0], streamPair()[0]];
    const waiting = server.adopt(near);
    const closed = server.close({ force: true });
    await expect(server.adopt(far)).rejects.toMatchObject({ code: 'ERR_STATE', state: 'CLOSING' });
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_CONNECT_ABORTED' });
    await closed;
    expect([near.destroyed, far.destroyed]).toEqual([true, true]);
  });

  it('leaves what is not a stream, or cannot be used, alone', async () => {
    const server = createEcho();
    const [spent] = streamPair();
    spent.destroy();
    await expect(server.adopt(spent)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    const nothing = JSON.parse('{}') as never;
    await expect(server.adopt(nothing)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    expect(server.state).toBe('IDLE');
  });

  it('kills no process when it is not awaited', async () => {
    const end = await runProgram(`
      import { lines, ProtocolServer, streamPair } from 'wirechart';
      const server = new ProtocolServer({ codec: lines(), handshake: async () => { throw new Error('no'); } });
      server.adopt(streamPair()[0]);
      server.adopt({});
      server.close({ signal: AbortSignal.abort() });
      server.adopt(streamPair()[0]);
      setTimeout(() => console.log(server.state), 50);
    `);
    expect(end).toMatchObject({ code: 0, stdout: 'IDLE\n', stderr: '' });
  });
});

describe('a worker of node:cluster', () => {
  it('serves the connections that the primary accepts and passes on', async () => {
    const worker = writeProgram(`
      import { lines, ProtocolServer } from 'wirechart';
      const server = new ProtocolServer((number, peer) => ({
        codec: lines(),
        onMessage: (line) => peer().send('worker ' + number + ': ' + line),
      }));
      process.on('message', (_, socket) => void server.adopt(socket));
      process.on('disconnect', () => void server.close());
      process.send('ready');
    `);
    const child = spawn(process.execPath, [worker], { stdio: ['ignore', 1, 2, 'ipc'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    const primary = await listenByHand((socket) => child.send('connection', socket));
    const { client, ask } = createClient();
    await client.connect({ port: portOf(primary) });
    expect(await ask('hello')).toBe('worker 1: hello');
    await client.disconnect();
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('listen({ fd })', () => {
  /** A program that serves on the socket that it has inherited, as systemd passes one. */
  const PROGRAM = `
    import { lines, ProtocolServer } from 'wirechart';
    const isActivated = Number(process.env.LISTEN_FDS) > 0;
    const server = new ProtocolServer((_, peer) => ({
      codec: lines(),
      onMessage: async (line) => {
        await peer().send(line + ' at ' + JSON.stringify(server.address));
        if (line === 'quit') void server.close();
      },
    }));
    await server.listen(isActivated ? { fd: 3 } : { port: 0 });
  `;
  /** Listens, starts that program on the listening socket, and is killed: what is left of systemd. */
  const LAUNCHER = `
    import { spawn } from 'node:child_process';
    import { createServer } from 'node:net';
    const [program, path] = process.argv.slice(2);
    const listener = createServer().listen(path ?? 0, path === undefined ? '127.0.0.1' : undefined, () => {
      const stdio = ['ignore', 1, 2, listener._handle.fd];
      const child = spawn(process.execPath, [program], { stdio, env: { ...process.env, LISTEN_FDS: '1' } });
      const where = { path, host: '127.0.0.1', port: listener.address().port };
      child.once('spawn', () => process.stdout.write(child.pid + ' ' + where.port + '\\n', () => process.kill(process.pid, 'SIGKILL')));
    });
  `;

  /** Starts the program on a socket that listens already, and resolves with the port. */
  async function launch(program: string, ...path: string[]): Promise<number> {
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
    const args = [writeProgram(LAUNCHER), writeProgram(program), ...path];
    const launcher = spawn(process.execPath, args, { stdio });
    const [output] = (await once(launcher.stdout ?? launcher, 'data')) as [Buffer];
    const [pid, port] = output.toString().split(' ').map(Number);
    onTestFinished(() => {
      killIfThere(pid);
    });
    await once(launcher, 'exit');
    return port ?? 0;
  }

  it('serves on a TCP socket that the process has inherited', async () => {
    const port = await launch(PROGRAM);
    const { client, ask } = createClient();
    await client.connect({ port });
    expect(await ask('hello')).toBe(`hello at {"host":"127.0.0.1","port":${String(port)}}`);
    expect(await ask('quit')).toMatch(/^quit/);
    await client.closed;
    await expect(client.connect({ port })).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('accepts one peer on such a socket, with AsyncProtocol', async () => {
    const port = await launch(`
      import { AsyncProtocol, lines } from 'wirechart';
      const protocol = new AsyncProtocol({ codec: lines(), onMessage: (line) => protocol.send('re ' + line) });
      await protocol.listen({ fd: 3 });
      await protocol.accept();
    `);
    const { client, ask } = createClient();
    await client.connect({ port });
    expect(await ask('hello')).toBe('re hello');
    await client.disconnect();
    await expect(client.connect({ port })).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('starts TLS on the connections of such a socket', async () => {
    const port = await launch(`
      import { lines, ProtocolServer } from 'wirechart';
      const definition = (_, peer) => ({ codec: lines(), onMessage: (line) => peer().send('re ' + line) });
      const server = new ProtocolServer(definition, { onPeerError: () => undefined });
      await server.listen({ fd: 3, tls: ${JSON.stringify(identity)} });
    `);
    const { client, ask } = createClient();
    await client.connect({ port, tls: { ca } });
    expect([await ask('hello'), client.remote?.authorized]).toEqual(['re hello', true]);
    await client.disconnect();
  });

  it('serves on a UNIX socket that the process has inherited, and leaves its file alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wirechart-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'socket');
    await launch(PROGRAM, path);
    const { client, ask } = createClient();
    await client.connect(path);
    expect(await ask('hello')).toBe(`hello at ${JSON.stringify({ path })}`);
    expect(await ask('quit')).toMatch(/^quit/);
    await client.closed;
    await expect(client.connect(path)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(existsSync(path)).toBe(true);
  });

  it.each([
    [
      'a number that is no descriptor',
      { fd: -1 },
      /fd must be the number of a file descriptor, not -1/,
    ],
    ['a descriptor that is not a socket', { fd: 0 }, /file descriptor 0 cannot be listened on/],
  ])('rejects %s', async (_, address, message) => {
    const server = createEcho();
    await expect(server.listen(address)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      retryable: false,
      cause: { code: 'ERR_ARGUMENT', message: expect.stringMatching(message) as string },
    });
    expect(server.state).toBe('IDLE');
  });
});

/** Kills a process that may have ended. */
function killIfThere(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
