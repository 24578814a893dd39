/** disconnect() before a session is established, and after a failed attempt. */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConnectError, lines, StateError, streamPair } from '../../src/index.ts';
import { cleanUp, createProtocol, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { nulls, recordingLogger } from '../support/null-protocol.ts';
import { inbox, hangingPeer, listen, portOf, rawPeer } from '../support/peers.ts';
import { FAILED_RUNSTATES, recordRunstates } from '../support/runstates.ts';
import { gate, hasSettled, rejection, turn } from '../support/signal.ts';
import { connectingSocket, stalledStream } from '../support/streams.ts';

expectIdleAfterEach();

const ABORTED = { code: 'ERR_CONNECT_ABORTED', retryable: false };

async function expectAborted(attempt: Promise<unknown>): Promise<void> {
  const error = await rejection(attempt);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject(ABORTED);
}

describe('disconnect() while dialling', () => {
  it('X-02 aborts the dial, and destroys the socket that connects later', async () => {
    const protocol = createProtocol({ codec: lines() });
    const recording = recordRunstates(protocol);
    const late = connectingSocket();
    const first = protocol.connect({ stream: late });
    const disconnected = protocol.disconnect();
    await expectAborted(first);
    await disconnected;
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
    const [stream] = streamPair();
    await protocol.connect({ stream });
    late.emit('connect');
    await turn();
    expect(late.destroyed).toBe(true);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it('X-02 leaves no connection when it is called in the turn in which the dial succeeds', async () => {
    const peer = await rawPeer();
    const protocol = createProtocol({ codec: lines() });
    const stream = connect({ port: portOf(peer), host: '127.0.0.1' });
    const disconnected = new Promise((resolve) => {
      stream.once('connect', () => {
        resolve(protocol.disconnect());
      });
    });
    await expectAborted(protocol.connect({ stream }));
    await disconnected;
    await once(await peer.connected, 'end');
    await protocol.connect(peer.address);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it.each([false, true])('resolves at once, with force: %s', async (force) => {
    const { address } = await hangingPeer();
    const protocol = createProtocol({ codec: lines() });
    const connected = protocol.connect(address);
    await Promise.all([expectAborted(connected), protocol.disconnect({ force })]);
    const { cause } = await protocol.closed;
    expect(cause).toMatchObject(ABORTED);
    // The failure was requested, and connect() has reported it.
    await protocol.disconnect();
  });

  it('logs no warning and no error', async () => {
    const { logger, records } = recordingLogger();
    const protocol = createProtocol({ codec: lines() }, { logger });
    const connected = protocol.connect({ stream: connectingSocket() });
    await Promise.all([expectAborted(connected), protocol.disconnect()]);
    expect(records.filter((record) => /^(warn|error)/.test(record))).toEqual([]);
  });
});

describe('disconnect() during the handshake', () => {
  it('X-03 rejects connect() with a ConnectError, resolves, and aborts the signal', async () => {
    const aborted = gate();
    const protocol = createProtocol({
      codec: lines(),
      handshake: async (session) => {
        session.signal.addEventListener('abort', aborted.open);
        await session.receive();
      },
    });
    const [stream, peer] = streamPair();
    const connected = protocol.connect({ stream });
    const ended = once(peer.resume(), 'end');
    await turn();
    await Promise.all([expectAborted(connected), protocol.disconnect(), aborted.opened, ended]);
    expect(await rejection(connected)).toMatchObject({ phase: 'session' });
    expect(protocol.runstate).toBe('IDLE');
  });

  it('rejects the pending calls of the handshake, also on a stream that accepts no writes', async () => {
    const rejected = gate();
    let error: unknown;
    const protocol = createProtocol({
      codec: lines(),
      handshake: async (session) => {
        error = await rejection(session.send('hello'));
        rejected.open();
      },
    });
    const connected = protocol.connect({ stream: stalledStream() });
    await turn();
    await Promise.all([expectAborted(connected), protocol.disconnect()]);
    expect(await hasSettled(rejected.opened)).toBe(true);
    expect(error).toMatchObject({ name: 'AbortError' });
  });

  it('does not wait for a handshake that never settles', async () => {
    const protocol = createProtocol({ codec: nulls, handshake: () => gate().opened });
    const connected = protocol.connect({ stream: streamPair()[0] });
    await turn();
    await Promise.all([expectAborted(connected), protocol.disconnect()]);
  });
});

describe('disconnect() while listening', () => {
  it('X-04 rejects the pending accept(), resolves, and closes the listener', async () => {
    const path = `${await tempDir()}/socket`;
    const protocol = createProtocol({ codec: lines() });
    await protocol.listen(path);
    const accepted = protocol.accept();
    await Promise.all([expectAborted(accepted), protocol.disconnect()]);
    const refused = connect({ path });
    expect(await rejection(once(refused, 'connect'))).toMatchObject({ code: 'ENOENT' });
  });

  it('rejects the pending listen()', async () => {
    const protocol = createProtocol({ codec: lines() });
    const bound = protocol.listen({ port: 0 });
    await Promise.all([expectAborted(bound), protocol.disconnect()]);
  });

  it('has the same effect on listen() as an abort of its signal, which only differs in the reason', async () => {
    const protocol = createProtocol({ codec: lines() });
    const controller = new AbortController();
    const bound = protocol.listen({ port: 0 }, { signal: controller.signal });
    controller.abort('enough');
    expect(await rejection(bound)).toBe('enough');
    expect(protocol.runstate).toBe('IDLE');
  });

  it('resolves without accept(), and no failure is reported later', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.listen({ port: 0 });
    await protocol.disconnect();
    await protocol.disconnect();
  });

  it('X-05 (two accept() calls) the second rejects with a StateError, the first continues', async () => {
    const { definition } = inbox();
    const protocol = createProtocol(definition);
    const bound = await protocol.listen({ port: 0 });
    const first = protocol.accept();
    const error = await rejection(protocol.accept());
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({ state: 'CONNECTING', required: 'CONNECTING' });
    const client = createProtocol(definition);
    await client.connect(bound);
    await first;
    await client.disconnect();
    await protocol.closed;
  });

  it('X-05 (accept() before listen()) rejects with a StateError that says what to do', async () => {
    const protocol = createProtocol({ codec: lines() });
    const error = await rejection(protocol.accept());
    expect(error).toMatchObject({ state: 'IDLE', required: 'CONNECTING' });
    expect(error).toHaveProperty('message', expect.stringContaining('after listen()'));
  });

  it('X-06 (a peer that connects and ends before accept()) rejects with a ConnectError, and is IDLE', async () => {
    const protocol = createProtocol({ codec: lines() });
    const bound = await protocol.listen({ port: 0 });
    if (!('port' in bound)) throw new Error('It has no port');
    const peer = connect(bound);
    await once(peer, 'connect');
    peer.end();
    // There is no event for when the server has read the end; in one process two turns are enough.
    await turn();
    await turn();
    const error = await rejection(protocol.accept().then(() => protocol.closed));
    peer.destroy();
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ cause: { code: 'ERR_CLOSED' }, retryable: true });
    expect(protocol.runstate).toBe('IDLE');
  });
});

describe('a failed dial', () => {
  it('rejects only connect(); the next disconnect() resolves', async () => {
    const server = createServer();
    const address = await listen(server, { host: '127.0.0.1', port: 0 });
    const closed = once(server, 'close');
    cleanUp(() => server.close());
    server.close();
    await closed;
    const protocol = createProtocol({ codec: lines() });
    const error = await rejection(protocol.connect(address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable: true });
    expect((await protocol.closed).cause).toBe(error);
    await protocol.disconnect();
  });
});
