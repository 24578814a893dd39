import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ArgumentError, ClosedError } from '../../src/core/errors.ts';
import { parseAddress } from '../../src/io/address.ts';
import { dial, ignoreLateErrors } from '../../src/io/dial.ts';
import { joinStreams } from '../../src/io/join-streams.ts';
import { expectNoHandles } from '../support/handles.ts';
import { expectEcho, expectOnlyErrorListener, dialer } from '../support/dialing.ts';
import { closing, nextPeer, portOf, start, useFixture } from '../support/sockets.ts';

const REASON = new Error('the reason');

const fixture = useFixture();
const open = dialer(fixture);

async function echoServer(where?: ListenOptions) {
  return start(
    fixture,
    createServer({ allowHalfOpen: true }, (peer) => void peer.pipe(peer)),
    where,
  );
}

describe('dialling a UNIX socket', () => {
  it('resolves with an open stream that has one error listener', async () => {
    await echoServer({ path: fixture.path });
    const stream = await open(fixture.path);
    expectOnlyErrorListener(stream);
    expect(stream.allowHalfOpen).toBe(true);
    await expectEcho(stream);
  });

  it('rejects with the error of the system when the path does not exist', async () => {
    await expect(open({ path: fixture.path })).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'connect',
    });
  });

  it('rejects with the error of the system when the path is not a socket', async () => {
    await writeFile(fixture.path, '');
    await expect(open(fixture.path)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('allows writing to a peer that has ended its side', async () => {
    const server = await start(fixture, createServer({ allowHalfOpen: true }), {
      path: fixture.path,
    });
    const arrival = nextPeer(server);
    const stream = await open(fixture.path);
    const peer = await arrival;
    peer.end();
    stream.resume();
    await once(stream, 'end');
    stream.end('late data');
    expect(String((await once(peer, 'data'))[0])).toBe('late data');
  });
});

describe('dialling TCP', () => {
  it('resolves with an open stream that allows half-open connections', async () => {
    const port = portOf(await echoServer());
    const stream = await open({ port });
    expectOnlyErrorListener(stream);
    expect(stream.allowHalfOpen).toBe(true);
    await expectEcho(stream);
  });

  it('resolves a name', async () => {
    const port = portOf(await echoServer());
    await expectEcho(await open({ host: 'localhost', port }));
  });

  it('rejects with the error of the system when the connection is refused', async () => {
    const server = await echoServer();
    const port = portOf(server);
    server.close();
    await once(server, 'close');
    await expect(open({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED', port });
  });

  it('survives an error of the idle stream', async () => {
    const server = await start(fixture, createServer());
    const arrival = nextPeer(server);
    const stream = await open({ port: portOf(server) });
    const peer = await arrival;
    peer.resetAndDestroy();
    await closing(stream);
    expect(stream.errored).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('an aborted dial', () => {
  it('opens nothing when the signal was aborted already', async () => {
    const server = await start(fixture, createServer());
    const ports: unknown[] = [];
    server.on('connection', (peer) => ports.push(peer.remotePort));
    await expect(open({ port: portOf(server) }, AbortSignal.abort(REASON))).rejects.toBe(REASON);
    // A connection of the aborted call would have arrived before this one.
    const [stream] = await Promise.all([open({ port: portOf(server) }), nextPeer(server)]);
    expect(ports).toEqual([stream instanceof Socket ? stream.localPort : undefined]);
  });

  it('destroys an adopted stream when the signal was aborted already', async () => {
    const stream = new PassThrough();
    await expect(open({ stream }, AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(stream.destroyed).toBe(true);
  });

  it.each(['unix', 'tcp', 'name'])('rejects at once and opens nothing (%s)', async (kind) => {
    const server = await start(
      fixture,
      createServer(),
      kind === 'unix' ? { path: fixture.path } : undefined,
    );
    const port = kind === 'unix' ? 0 : portOf(server);
    const controller = new AbortController();
    const host = kind === 'name' ? 'localhost' : '127.0.0.1';
    const dialled = open(kind === 'unix' ? fixture.path : { host, port }, controller.signal);
    controller.abort(REASON);
    await expect(dialled).rejects.toBe(REASON);
    server.close();
    await expectNoHandles();
  });

  it('destroys a socket that connects in the same turn as the abort', async () => {
    const server = await start(fixture, createServer(), { path: fixture.path });
    const controller = new AbortController();
    const adopted = connect({ path: fixture.path });
    // This is the first listener: the abort precedes the dial's own listener of 'connect'.
    adopted.once('connect', () => {
      controller.abort(REASON);
    });
    await expect(open({ stream: adopted }, controller.signal)).rejects.toBe(REASON);
    expect(adopted.destroyed).toBe(true);
    server.close();
    await expectNoHandles();
  });

  it('destroys a socket when the abort comes just after it has connected', async () => {
    await start(fixture, createServer(), { path: fixture.path });
    const controller = new AbortController();
    const adopted = connect({ path: fixture.path });
    const dialled = open({ stream: adopted }, controller.signal);
    adopted.once('connect', () => {
      controller.abort(REASON);
    });
    await expect(dialled).rejects.toBe(REASON);
    expect(adopted.destroyed).toBe(true);
  });

  it('removes its listener from a signal that outlives it', async () => {
    const signal = new AbortController().signal;
    const seen: string[] = [];
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      seen.push('+');
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      seen.push('-');
      remove(...args);
    };
    await echoServer({ path: fixture.path });
    await open(fixture.path, signal);
    await expect(open(`${fixture.path}-absent`, signal)).rejects.toThrow();
    expect(seen).toEqual(['+', '-', '+', '-']);
  });
});

describe('adopting a stream', () => {
  it('takes an open stream as it is', async () => {
    const stream = new PassThrough({ allowHalfOpen: false });
    expect(await open({ stream })).toBe(stream);
    expect(stream.allowHalfOpen).toBe(true);
    expectOnlyErrorListener(stream);
  });

  it('adds its error listener only once', async () => {
    const stream = ignoreLateErrors(new PassThrough());
    await open({ stream });
    expect(stream.listenerCount('error')).toBe(1);
  });

  it('refuses a stream that another session has, and leaves it alone', async () => {
    const stream = new PassThrough();
    await open({ stream });
    await expect(open({ stream })).rejects.toThrow('it belongs to another session already');
    await expect(open({ stream: { readable: stream, writable: stream } })).rejects.toThrow(
      ArgumentError,
    );
    expect(stream.destroyed).toBe(false);
  });

  it('refuses a pair of streams that another session has', async () => {
    const pair = { readable: new ReadableStream(), writable: new WritableStream() };
    await open({ stream: pair });
    await expect(open({ stream: pair })).rejects.toThrow('it belongs to another session already');
  });

  it('refuses a stream that has served a session, with the reason why that has ended', async () => {
    const stream = new PassThrough();
    await open({ stream });
    const cause = new ClosedError('gone');
    stream.destroy(cause);
    await expect(open({ stream })).rejects.toMatchObject({
      message: expect.stringContaining('it has served a session already') as string,
      cause,
      retryable: false,
    });
  });

  it('takes the stdio of a child', async () => {
    const echo = ['-e', 'process.stdin.pipe(process.stdout)'];
    const child = spawn(process.execPath, echo, { stdio: ['pipe', 'pipe', 'inherit'] });
    const stream = joinStreams(child.stdout, child.stdin);
    await expectEcho(await open({ stream }));
    await once(child, 'close');
  });

  it('waits for a socket that is still connecting', async () => {
    const port = portOf(await echoServer());
    const stream = connect({ port, host: '127.0.0.1' });
    expect(stream.connecting).toBe(true);
    expect(await open({ stream })).toBe(stream);
    expect(stream.connecting).toBe(false);
    await expectEcho(stream);
  });

  it('rejects with the error of a socket that fails to connect', async () => {
    const stream = connect({ path: fixture.path });
    await expect(open({ stream })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(stream.destroyed).toBe(true);
  });

  it('rejects when the socket is destroyed without an error while it connects', async () => {
    await start(fixture, createServer(), { path: fixture.path });
    const stream = connect({ path: fixture.path });
    const dialled = open({ stream });
    stream.destroy();
    await expect(dialled).rejects.toThrow(ClosedError);
  });

  it('rejects when the stream was destroyed after its check', async () => {
    const stream = new PassThrough();
    const target = parseAddress({ stream });
    stream.destroy();
    await expect(dial(target, new AbortController().signal)).rejects.toThrow(ClosedError);
  });
});
