/**
 * Sessions with raw socket peers, which half-close or reset; aborted waits; addresses of listen().
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClosedError, ConnectError, jsonLines, lines, streamPair } from '../../src/index.ts';
import { createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { inbox, hangingPeer, rawPeer } from '../support/peers.ts';
import { FAILED_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const TRANSPORTS = [
  { name: 'a UNIX socket', where: async () => ({ path: `${await tempDir()}/socket` }) },
  { name: 'TCP', where: () => Promise.resolve(undefined) },
];

async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).resume();
  await once(socket, 'end');
  return Buffer.concat(chunks).toString();
}

describe.each(TRANSPORTS)('a raw peer over $name', ({ where }) => {
  it('X-09 gets the queued output after it has ended its side, and its end is the cause', async () => {
    const peer = await rawPeer((socket) => socket.pause(), await where());
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(peer.address);
    const socket = await peer.connected;
    const line = 'x'.repeat(100_000);
    for (let i = 0; i < 40; i += 1) void protocol.send(line);
    const states = recordRunstates(protocol);
    socket.end();
    await states.until('DISCONNECTING');
    const received = readToEnd(socket);
    expect((await received).length).toBe(40 * (line.length + 1));
    const { cause, undelivered } = await protocol.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause).toMatchObject({ expected: false });
    expect(undelivered).toBe(0);
  });

  it('that closes with unread bytes causes a ClosedError with the error of the system', async () => {
    const peer = await rawPeer((socket) => socket.pause(), await where());
    const protocol = createProtocol({ codec: lines() });
    await protocol.connect(peer.address);
    const socket = await peer.connected;
    await protocol.send('never read');
    await protocol.flush();
    // Unread bytes make the kernel answer with a reset.
    socket.destroy();
    const { cause } = await protocol.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause?.cause).toMatchObject({ code: 'ECONNRESET' });
    expect(await rejection(protocol.disconnect())).toBe(cause);
  });

  it('that ends in the middle of a message causes a CodecError', async () => {
    const peer = await rawPeer((socket) => socket.end('whole\ncut'), await where());
    const { definition, messages } = inbox();
    const protocol = createProtocol(definition);
    await protocol.connect(peer.address);
    expect((await protocol.closed).cause).toMatchObject({ code: 'ERR_CODEC' });
    expect(messages).toEqual(['whole']);
  });

  it('may send before the session is RUNNING', async () => {
    const peer = await rawPeer((socket) => socket.write('{"a":1}\n{"b":2}\n'), await where());
    const messages: unknown[] = [];
    const protocol = createProtocol({
      codec: jsonLines(),
      onMessage: (message) => {
        messages.push(message);
        if (messages.length === 2) void protocol.disconnect();
      },
    });
    await protocol.connect(peer.address);
    (await peer.connected).resume().on('end', () => peer.sockets[0]?.end());
    await protocol.closed;
    expect(messages).toEqual([{ a: 1 }, { b: 2 }]);
  });
});

describe('an aborted wait', () => {
  it('for a connection closes it', async () => {
    const { address, peer } = await hangingPeer();
    const protocol = createProtocol({ codec: lines() });
    const recording = recordRunstates(protocol);
    const controller = new AbortController();
    const connected = protocol.connect(address, { signal: controller.signal });
    const closed = once(await peer.connected, 'close');
    controller.abort('enough');
    peer.sockets[0]?.end();
    expect(await rejection(connected)).toBe('enough');
    await closed;
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it('is not begun when its signal was aborted before', async () => {
    const protocol = createProtocol({ codec: lines() });
    const recording = recordRunstates(protocol);
    const signal = AbortSignal.abort('before');
    expect(await rejection(protocol.connect('/nowhere', { signal }))).toBe('before');
    expect(await rejection(protocol.listen('/nowhere', { signal }))).toBe('before');
    expect(await rejection(protocol.accept({ signal }))).toMatchObject({ code: 'ERR_STATE' });
    expect(await rejection(protocol.runstateChanged({ signal }))).toBe('before');
    await rejection(protocol.connect('/dev/null'));
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
  });

  it('for a peer leads to IDLE, also when its signal was aborted before', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.listen({ port: 0 });
    const signal = AbortSignal.abort('before');
    expect(await rejection(protocol.accept({ signal }))).toBe('before');
    expect(protocol.runstate).toBe('IDLE');
  });
});

describe('listen()', () => {
  it('X-29 resolves with the bound port, or with the path', async () => {
    const protocol = createProtocol({ codec: lines() });
    const bound = await protocol.listen({ port: 0 });
    if (!('port' in bound)) throw new Error('It has no port');
    expect(bound).toEqual({ host: '127.0.0.1', port: expect.any(Number) as number });
    expect(bound.port).toBeGreaterThan(0);
    const socket = connect(bound);
    await protocol.accept();
    await protocol.disconnect({ force: true });
    socket.destroy();
    const path = `${await tempDir()}/socket`;
    expect(await protocol.listen({ path })).toEqual({ path });
    await protocol.disconnect();
  });

  it('accepts a peer that connects, sends and ends before accept()', async () => {
    const { definition, count } = inbox();
    const protocol = createProtocol(definition);
    const bound = await protocol.listen({ port: 0 });
    if (!('port' in bound)) throw new Error('It has no port');
    const peer = connect(bound);
    await new Promise<void>((resolve) => {
      peer.end('early\n', resolve);
    });
    await protocol.accept();
    expect(await count(1)).toEqual(['early']);
    expect((await protocol.closed).cause).toBeInstanceOf(ClosedError);
    peer.destroy();
  });

  it('cannot listen on a stream', async () => {
    const protocol = createProtocol({ codec: lines() });
    const error = await rejection(protocol.listen({ stream: streamPair()[0] }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ retryable: false, cause: { code: 'ERR_ARGUMENT' } });
  });
});
