/** disconnect() while there is no session yet, or none any more. */

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
    const left = protocol.disconnect();
    await expectAborted(first);
    await left;
    expect(await recording.until('IDLE')).toEqual(FAILED_RUNSTATES);
    const [stream] = streamPair();
    await protocol.connect({ stream });
    late.emit('connect');
    await turn();
    expect(late.destroyed).toBe(true);
    expect(protocol.runstate).toBe('RUNNING');
    await protocol.disconnect({ force: true });
  });

  it('X-02 leaves no connection, when it comes in the turn in which the dial succeeds', async () => {
    const peer = await rawPeer();
    const protocol = createProtocol({ codec: lines() });
    const stream = connect({ port: portOf(peer), host: '127.0.0.1' });
    const left = new Promise((resolve) => {
      stream.once('connect', () => {
        resolve(protocol.disconnect());
      });
    });
    await expectAborted(protocol.connect({ stream }));
    await left;
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
    // It was asked for, and connect() has told it.
    await protocol.disconnect();
  });

  it('is no surprise in the records', async () => {
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
    const waiting = createProtocol({
      codec: lines(),
      handshake: async (session) => {
        session.signal.addEventListener('abort', aborted.open);
        await session.receive();
      },
    });
    const [stream, peer] = streamPair();
    const connected = waiting.connect({ stream });
    const ended = once(peer.resume(), 'end');
    await turn();
    await Promise.all([expectAborted(connected), waiting.disconnect(), aborted.opened, ended]);
    expect(await rejection(connected)).toMatchObject({ phase: 'session' });
    expect(waiting.runstate).toBe('IDLE');
  });

  it('ends what the handshake waits for, also on a stream that takes no writes', async () => {
    const over = gate();
    let error: unknown;
    const protocol = createProtocol({
      codec: lines(),
      handshake: async (session) => {
        error = await rejection(session.send('hello'));
        over.open();
      },
    });
    const connected = protocol.connect({ stream: stalledStream() });
    await turn();
    await Promise.all([expectAborted(connected), protocol.disconnect()]);
    expect(await hasSettled(over.opened)).toBe(true);
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
  it('X-04 rejects the accept() that waits, resolves, and closes the listener', async () => {
    const path = `${await tempDir()}/socket`;
    const protocol = createProtocol({ codec: lines() });
    await protocol.listen(path);
    const accepted = protocol.accept();
    await Promise.all([expectAborted(accepted), protocol.disconnect()]);
    const refused = connect({ path });
    expect(await rejection(once(refused, 'connect'))).toMatchObject({ code: 'ENOENT' });
  });

  it('rejects the listen() that binds', async () => {
    const protocol = createProtocol({ codec: lines() });
    const bound = protocol.listen({ port: 0 });
    await Promise.all([expectAborted(bound), protocol.disconnect()]);
  });

  it('is the same to listen() as the abort of its signal, but for the reason', async () => {
    const protocol = createProtocol({ codec: lines() });
    const controller = new AbortController();
    const bound = protocol.listen({ port: 0 }, { signal: controller.signal });
    controller.abort('enough');
    expect(await rejection(bound)).toBe('enough');
    expect(protocol.runstate).toBe('IDLE');
  });

  it('resolves when nobody accepts, and nobody is told of a failure', async () => {
    const protocol = createProtocol({ codec: lines() });
    await protocol.listen({ port: 0 });
    await protocol.disconnect();
    await protocol.disconnect();
  });

  it('X-05 two accept() calls: the second is a StateError, the first goes on', async () => {
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

  it('X-05 accept() before listen() is a StateError that says what to do', async () => {
    const protocol = createProtocol({ codec: lines() });
    const error = await rejection(protocol.accept());
    expect(error).toMatchObject({ state: 'IDLE', required: 'CONNECTING' });
    expect(error).toHaveProperty('message', expect.stringContaining('after listen()'));
  });

  it('X-06 a peer that comes and leaves before accept() is a ConnectError, and leaves IDLE', async () => {
    const protocol = createProtocol({ codec: lines() });
    const bound = await protocol.listen({ port: 0 });
    if (!('port' in bound)) throw new Error('It has no port');
    const peer = connect(bound);
    await once(peer, 'connect');
    peer.end();
    // Nothing tells when the other side has seen the end; it is the same process, so soon.
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
  it('has told its connect(): the next disconnect() resolves', async () => {
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
