/** Streams of any library, and pairs of streams, as the address of a session. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import duplexify from 'duplexify';
import { Duplex as ImitatedDuplex, PassThrough as ImitatedPassThrough } from 'readable-stream';
import { describe, expect, it } from 'vitest';
import { type Address, joinStreams, lines } from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach } from '../support/cleanup.ts';
import { rawPeer } from '../support/peers.ts';
import { rejection, turn } from '../support/signal.ts';

expectIdleAfterEach();

/** A peer that collects what it receives, and ends all its connections when we end one. */
async function connections(count: number) {
  const received: string[] = [];
  const peer = await rawPeer((socket) => {
    socket.on('data', (chunk) => received.push(String(chunk)));
    socket.once('end', () => {
      for (const each of peer.sockets) each.end();
    });
  });
  const ours: Socket[] = [];
  while (ours.length < count) {
    const socket = connect(peer.address);
    cleanUp(() => socket.destroy());
    socket.on('error', () => undefined);
    ours.push(socket);
    await Promise.all([once(socket, 'connect'), once(peer.server, 'connection')]);
  }
  const [first, second = first] = ours;
  const [theirs] = peer.sockets;
  if (first === undefined || second === undefined || theirs === undefined) {
    throw new Error('A connection is missing');
  }
  return { ours, first, second, theirs, received };
}

/** A duplex stream of another implementation than Node's, over a socket. */
function imitated(socket: Socket): ImitatedDuplex {
  const stream = new ImitatedDuplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _, callback) => socket.write(chunk, callback),
    final: (callback) => socket.end(callback),
    destroy: (error, callback) => {
      socket.destroy();
      callback(error);
    },
  });
  socket.on('data', (chunk) => stream.push(chunk)).on('end', () => stream.push(null));
  socket.on('close', () => stream.destroy());
  return stream;
}

type Stream = Extract<Address, { readonly stream: unknown }>['stream'];

const SINGLE: [string, (socket: Socket) => Stream][] = [
  ['a stream of readable-stream', imitated],
  ['a stream of duplexify', (socket) => duplexify(socket, socket, { autoDestroy: true })],
  ['a pair of WHATWG streams', (socket) => Duplex.toWeb(socket)],
  ['one socket as both halves', (socket) => ({ readable: socket, writable: socket })],
];

const PAIRS: [string, (first: Socket, second: Socket) => Stream][] = [
  ['two sockets', (readable, writable) => ({ readable, writable })],
  [
    'a stream of Node and one of the WHATWG',
    (readable, writable) => ({ readable, writable: Writable.toWeb(writable) }),
  ],
  [
    'a stream of the WHATWG and one of Node',
    (readable, writable) => ({ readable: Readable.toWeb(readable), writable }),
  ],
  [
    'streams of the WHATWG that another library made',
    (readable, writable) => {
      const reader = Readable.toWeb(readable).getReader();
      const writer = Writable.toWeb(writable).getWriter();
      return { readable: { getReader: () => reader }, writable: { getWriter: () => writer } };
    },
  ],
];

type Make = (first: Socket, second: Socket) => Stream;

const CASES: [string, number, Make][] = [
  ...SINGLE.map(([name, make]): [string, number, Make] => [name, 1, make]),
  ...PAIRS.map(([name, make]): [string, number, Make] => [name, 2, make]),
];

async function session(count: number, make: Make) {
  const { first, second, ...rest } = await connections(count);
  const messages: string[] = [];
  const protocol = createProtocol({
    codec: lines(),
    onMessage: (message) => void messages.push(message),
  });
  await protocol.connect({ stream: make(first, second) });
  return { protocol, messages, ...rest };
}

const areDestroyed = (sockets: readonly Socket[]) => sockets.every(({ destroyed }) => destroyed);

describe.each(CASES)('%s', (_, count, make) => {
  it('carries messages both ways, and is closed by a graceful end', async () => {
    const { protocol, ours, theirs, received, messages } = await session(count, make);
    theirs.write('one\ntwo\n');
    await expect.poll(() => messages).toEqual(['one', 'two']);
    await protocol.send('three');
    await protocol.disconnect();
    await expect.poll(() => received.join('')).toBe('three\n');
    await expect.poll(() => areDestroyed(ours)).toBe(true);
  });

  it('is closed by a forced end', async () => {
    const { protocol, ours } = await session(count, make);
    await protocol.disconnect({ force: true });
    await expect.poll(() => areDestroyed(ours)).toBe(true);
  });

  it('is closed after the end of the peer', async () => {
    const { protocol, ours, theirs } = await session(count, make);
    theirs.end();
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await expect.poll(() => areDestroyed(ours)).toBe(true);
    await rejection(protocol.disconnect());
  });

  it('is closed when the connection is reset', async () => {
    const { protocol, ours, theirs } = await session(count, make);
    theirs.resetAndDestroy();
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    await expect.poll(() => areDestroyed(ours)).toBe(true);
    await rejection(protocol.disconnect());
  });

  it('carries many megabytes under backpressure', async () => {
    const { protocol, theirs, received, messages } = await session(count, make);
    theirs.write(`${'y'.repeat(4_000_000)}\n`);
    const line = 'x'.repeat(100_000);
    for (let sent = 0; sent < 40; sent += 1) await protocol.send(line);
    await expect.poll(() => messages.map(({ length }) => length)).toEqual([4_000_000]);
    await protocol.disconnect();
    await expect.poll(() => received.join('').length).toBe(40 * (line.length + 1));
  });
});

describe('the standard streams of a child', () => {
  it('are one stream', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    const messages: string[] = [];
    const protocol = createProtocol({
      codec: lines(),
      onMessage: (message) => void messages.push(message),
    });
    await protocol.connect({ stream: { readable: child.stdout, writable: child.stdin } });
    await protocol.send('hello');
    await expect.poll(() => messages).toEqual(['hello']);
    await protocol.disconnect();
    await once(child, 'exit');
  });
});

describe('a pair of streams', () => {
  it('is destroyed when the attempt was given up before it began', async () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    const protocol = createProtocol({ codec: lines() });
    const signal = AbortSignal.abort('before');
    const attempt = protocol.connect({ stream: { readable, writable } }, { signal });
    expect(await rejection(attempt)).toBe('before');
    expect([readable.destroyed, writable.destroyed]).toEqual([true, true]);
  });

  it('ends the session with the failure of a half', async () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: { readable, writable } });
    writable.destroy(new Error('broken'));
    const { cause } = await protocol.closed;
    expect(cause).toMatchObject({ code: 'ERR_CLOSED', message: 'The stream failed: broken' });
    expect(readable.destroyed).toBe(true);
    await protocol.disconnect().catch(() => undefined);
  });

  it('ends the session when the readable half closes without its end', async () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: { readable, writable } });
    readable.destroy();
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CLOSED' });
    expect(writable.destroyed).toBe(true);
    await protocol.disconnect().catch(() => undefined);
  });

  it('of the WHATWG ends the session with whatever it failed with', async () => {
    const readable = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(Object.assign(new Error('no more'), { code: 'EIO' })),
    });
    const writable = new WritableStream<Uint8Array>();
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: { readable, writable } });
    expect((await protocol.closed).cause).toMatchObject({ cause: { code: 'EIO' } });
    await protocol.disconnect().catch(() => undefined);
  });

  it('of the WHATWG gets memory of its own, which it may transfer', async () => {
    const chunks: Uint8Array[] = [];
    const writable = new WritableStream<Uint8Array>({
      write: (chunk) => {
        const { buffer } = chunk;
        if (buffer instanceof ArrayBuffer)
          chunks.push(structuredClone(chunk, { transfer: [buffer] }));
      },
    });
    const readable = new ReadableStream<Uint8Array>();
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect({ stream: { readable, writable } });
    await protocol.send('one');
    await protocol.flush();
    await protocol.send('two');
    await protocol.disconnect({ force: true });
    expect(Buffer.concat(chunks).toString()).toMatch(/^one\n/);
  });
});

/** A stream that does what was asked, whatever its kind. */
const through = (options?: ConstructorParameters<typeof PassThrough>[0]) =>
  new PassThrough(options);

type OddHalf = NodeJS.ReadWriteStream & { readonly destroyed: boolean };

/** Halves that differ from those of Node in what they say about their end. */
const ODD: [string, () => [OddHalf, OddHalf]][] = [
  ['emit no close', () => [through({ emitClose: false }), through({ emitClose: false })]],
  [
    'are not destroyed by themselves',
    () => [through({ autoDestroy: false }), through({ autoDestroy: false })],
  ],
  [
    'throw when they are destroyed',
    () => {
      const halves = [through(), through()] as const;
      for (const half of halves) {
        half._destroy = () => {
          throw new Error('on purpose');
        };
      }
      return [...halves];
    },
  ],
  ['are of another library', () => [new ImitatedPassThrough(), new ImitatedPassThrough()]],
];

describe('joinStreams()', () => {
  it.each(ODD)('destroys halves that %s, and closes', async (_, make) => {
    const [readable, writable] = make();
    const joined = joinStreams(readable, writable);
    const closed = once(joined, 'close');
    joined.destroy();
    await closed;
    expect([readable.destroyed, writable.destroyed]).toEqual([true, true]);
  });

  it('destroys both halves with the error that destroys it', async () => {
    const [readable, writable] = [through(), through()];
    const joined = joinStreams(readable, writable);
    const error = new Error('broken');
    joined.destroy(error);
    const [emitted] = (await once(joined, 'error')) as unknown[];
    expect([emitted, readable.errored, writable.errored]).toEqual([error, error, error]);
  });

  it('fails when a write throws', async () => {
    const writable = through();
    writable.write = () => {
      throw new TypeError('on purpose');
    };
    const joined = joinStreams(through(), writable);
    const failed = once(joined, 'error');
    joined.write('x');
    expect(await failed).toEqual([new TypeError('on purpose')]);
    expect(writable.destroyed).toBe(true);
  });

  it('leaves the inbound direction open after end(), and closes after both ends', async () => {
    const [readable, writable] = [through(), through()];
    const joined = joinStreams(readable, writable);
    await once(joined.end('last'), 'finish');
    expect(joined.destroyed).toBe(false);
    expect(String(writable.read())).toBe('last');
    readable.end('late');
    const closed = once(joined, 'close');
    expect(String(await once(joined, 'data'))).toBe('late');
    await closed;
    expect([readable.destroyed, joined.errored]).toEqual([true, null]);
  });

  it('takes each stream once', () => {
    const readable = through();
    joinStreams(readable, through());
    expect(() => joinStreams(readable, through())).toThrow(/one of them is joined/);
  });

  it('keeps the memory of a slow reader bounded', async () => {
    const [readable, writable] = [through(), through()];
    const joined = joinStreams(readable, writable);
    const chunk = Buffer.alloc(65_536);
    while (readable.write(chunk));
    await turn();
    expect(joined.readableLength).toBeLessThanOrEqual(4 * chunk.length);
    expect(readable.isPaused()).toBe(true);
    joined.destroy();
  });
});

describe('a stream of Duplex.from()', () => {
  it.each([
    ['Node', () => Duplex.from({ readable: through(), writable: through() })],
    [
      'readable-stream',
      (): Stream =>
        ImitatedDuplex.from({
          readable: new ImitatedPassThrough(),
          writable: new ImitatedPassThrough(),
        } as never),
    ],
  ])('of %s is refused, because it leaves a half open', async (_, make) => {
    const error = await rejection(createProtocol({ codec: lines() }).connect({ stream: make() }));
    expect(error).toMatchObject({ cause: { code: 'ERR_ARGUMENT' } });
    expect(error).toHaveProperty('message', expect.stringMatching(/made by Duplex\.from\(\)/));
  });
});
