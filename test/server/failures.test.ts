/** Peers that fail or misbehave: none of them affects another. */

import { once } from 'node:events';
import { Server } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  type BoundAddress,
  HandlerError,
  LimitError,
  lines,
  StateError,
  TimeoutError,
} from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createTestServer,
  dialLines,
  dialSocket,
  echo,
  echoAfterHandshake,
  disconnected,
  numberOf,
  take,
} from '../support/servers.ts';
import { gate, hasSettled, rejection } from '../support/signal.ts';

expectIdleAfterEach();

describe('the failure of a peer', () => {
  /** Connects a good peer; returns a function that asserts that it is still served. */
  const withGoodPeer = async (address: BoundAddress) => {
    const good = await dialLines(address, { greets: true });
    return async () => {
      expect(await numberOf(good)).toBe(1);
    };
  };

  it('in its handshake is reported, and affects no other peer', async () => {
    const { records, logger } = recordingLogger();
    const { server, errors, failed } = createTestServer(echoAfterHandshake, { logger });
    const address = await server.listen({ port: 0 });
    const expectGoodServed = await withGoodPeer(address);
    const socket = await dialSocket(address);
    socket.destroy();
    await failed(1);
    expect(errors).toMatchObject([{ number: 2, error: { code: 'ERR_CONNECT', phase: 'session' } }]);
    expect(records.filter((record) => record.startsWith('warn'))).toMatchObject([
      expect.stringContaining('warn #2: Failed to establish session'),
    ]);
    await expectGoodServed();
    expect(server.peers).toHaveLength(1);
  });

  it('to finish its handshake is reported at the deadline, and blocks no other peer', async () => {
    const clock = new SimulatedClock();
    const { server, errors, failed } = createTestServer(echoAfterHandshake, { clock });
    const address = await server.listen({ port: 0 });
    const stalled = await dialSocket(address);
    await once(stalled, 'data');
    const good = await dialLines(address, { greets: true });
    expect(await numberOf(good)).toBe(2);
    clock.increment(9_999);
    expect(errors).toEqual([]);
    clock.increment(1);
    await failed(1);
    await disconnected(stalled);
    expect(errors[0]?.error.cause).toBeInstanceOf(TimeoutError);
    expect(errors[0]?.error.cause).toMatchObject({ phase: 'handshake', ms: 10_000 });
    expect(await numberOf(good)).toBe(2);
  });

  it('by a reset is reported, and affects no other peer', async () => {
    const { server, errors, failed } = createTestServer(echoAfterHandshake);
    const address = await server.listen({ port: 0 });
    const expectGoodServed = await withGoodPeer(address);
    const socket = await dialSocket(address);
    socket.write('thanks\n');
    await take(server, 2);
    socket.resetAndDestroy();
    await failed(1);
    expect(errors).toMatchObject([{ number: 2, error: { code: 'ERR_CLOSED' } }]);
    await expectGoodServed();
  });

  it('by a message that is too large is reported, and affects no other peer', async () => {
    const { server, errors, failed } = createTestServer(echoAfterHandshake, {
      limits: { maxMessageBytes: 1000 },
    });
    const address = await server.listen({ port: 0 });
    const expectGoodServed = await withGoodPeer(address);
    const socket = await dialSocket(address);
    socket.write(`thanks\n${'x'.repeat(2000)}`);
    await disconnected(socket);
    socket.end();
    await failed(1);
    expect(errors[0]?.error).toBeInstanceOf(LimitError);
    await expectGoodServed();
  });

  it('is not reported when it only ends the stream', async () => {
    const { server, errors } = createTestServer();
    const address = await server.listen({ port: 0 });
    const client = await dialLines(address);
    const [peer] = await take(server, 1);
    await client.protocol.disconnect();
    expect(await peer?.closed).toMatchObject({ cause: { code: 'ERR_CLOSED' } });
    await server.close();
    expect(errors).toEqual([]);
  });

  it('in a callback of its definition is reported', async () => {
    const { server, errors, failed } = createTestServer({
      codec: lines(),
      onMessage: (line) => {
        if (line === 'boom') throw new Error('boom');
      },
    });
    const address = await server.listen({ port: 0 });
    const [failing, good] = [await dialLines(address), await dialLines(address)];
    const [, peer] = await take(server, 2);
    await failing.protocol.send('boom');
    await failed(1);
    expect(errors[0]?.error).toBeInstanceOf(HandlerError);
    expect(peer?.runstate).toBe('RUNNING');
    await good.protocol.send('still here');
  });

  it('by a definition that throws is reported, and the next peer is served', async () => {
    const { records, logger } = recordingLogger();
    const { server, errors, failed } = createTestServer(
      (number, peer) => {
        if (number === 1) throw new Error('not today');
        if (number === 2) peer();
        return echo(number, peer);
      },
      { logger },
    );
    const address = await server.listen({ port: 0 });
    for (let i = 0; i < 2; i += 1) await disconnected(await dialSocket(address));
    await failed(2);
    expect(errors.map(({ error }) => error)).toEqual([
      expect.any(HandlerError),
      expect.any(StateError),
    ]);
    expect(errors[0]?.error.message).toBe('The callback definition threw: not today');
    expect(records).toContain('warn #1: The callback definition threw: not today');
    expect(await numberOf(await dialLines(address))).toBe(3);
  });
});

describe('a peer that the system cannot accept', () => {
  it('is counted and logged, and the server continues', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    const { records, logger } = recordingLogger();
    const { server } = createTestServer(echo, { logger });
    const address = await server.listen(`${await tempDir()}/socket`);
    const [socket] = listen.mock.contexts;
    listen.mockRestore();
    if (!(socket instanceof Server)) throw new Error('listen() was not called on a Server');
    socket.emit('error', new Error('accept ENOBUFS'));
    expect(server.refused).toBe(1);
    expect(records).toContain('warn A connection could not be accepted: accept ENOBUFS');
    expect(await numberOf(await dialLines(address))).toBe(1);
  });
});

describe('a peer that misbehaves without failing', () => {
  it('by not reading delays no other peer', async () => {
    const text = 'x'.repeat(100_000);
    const { server } = createTestServer();
    const address = await server.listen(`${await tempDir()}/socket`);
    const slow = await dialSocket(address);
    slow.pause();
    const [peer] = await take(server, 1);
    let sent = Promise.resolve();
    for (let i = 0; i < 20; i += 1) sent = peer?.send(text) ?? sent;
    expect(await hasSettled(sent)).toBe(false);
    expect(await numberOf(await dialLines(address))).toBe(2);
    slow.destroy();
    await rejection(sent);
  });

  it('by flooding the server with messages delays no other peer', async () => {
    const { server } = createTestServer({ codec: lines() });
    const address = await server.listen(`${await tempDir()}/socket`);
    const flood = await dialSocket(address);
    const batch = Buffer.from('x\n'.repeat(50_000));
    let batches = 0;
    const writeBatches = (): void => {
      batches += 1;
      flood.write(batch, () => {
        if (batches < 40) writeBatches();
      });
    };
    writeBatches();
    const clients = await Promise.all(Array.from({ length: 10 }, () => dialLines(address)));
    expect(batches).toBeLessThan(40);
    await Promise.all(clients.map(({ protocol }) => protocol.disconnect()));
    flood.destroy();
  });
});

describe('onPeerError', () => {
  const createFailing = (onPeerError: () => unknown) => {
    const { records, logger } = recordingLogger();
    const { server } = createTestServer(echoAfterHandshake, { onPeerError, logger });
    return { server, records };
  };

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('from the callback');
      },
    ],
    ['rejects', () => Promise.reject(new Error('from the callback'))],
  ])('that %s affects no peer, and is logged', async (_, onPeerError) => {
    const { server, records } = createFailing(onPeerError);
    const address = await server.listen({ port: 0 });
    (await dialSocket(address)).destroy();
    await until(() =>
      records.includes('warn #1: The callback onPeerError threw: from the callback'),
    );
    expect(await numberOf(await dialLines(address, { greets: true }))).toBe(2);
  });

  it('may close the server', async () => {
    const closed = gate();
    const { server } = createFailing(() => server.close().then(closed.open));
    (await dialSocket(await server.listen({ port: 0 }))).destroy();
    await closed.opened;
    expect(server.state).toBe('IDLE');
  });
});
