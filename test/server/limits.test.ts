/** The limits of a server: peers, handshakes, the backlog, and peers that wait to be iterated. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { type BoundAddress, lines } from '../../src/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createClient,
  createTestServer,
  dialLines,
  dialSocket,
  echo,
  echoAfterHandshake,
  disconnected,
  numberOf,
  take,
} from '../support/servers.ts';
import { type Gate, gate, hasSettled, turn } from '../support/signal.ts';

expectIdleAfterEach();

/**
 * A definition whose handshakes the test settles by their gates; `begun` are the peers in order.
 */
function gatedHandshakes() {
  const begun: number[] = [];
  const gates = new Map<number, Gate>();
  const gateOf = (number: number): Gate => {
    const known = gates.get(number) ?? gate();
    gates.set(number, known);
    return known;
  };
  const definition = (number: number) => ({
    codec: lines(),
    handshake: () => {
      begun.push(number);
      return gateOf(number).opened;
    },
  });
  return { definition, begun, gateOf };
}

/** Connects so many raw sockets, one after the other. */
async function dialMany(address: BoundAddress, count: number): Promise<Socket[]> {
  const sockets = [];
  for (let i = 0; i < count; i += 1) sockets.push(await dialSocket(address));
  return sockets;
}

/** Resolves when the text from a socket matches. */
async function received(socket: Socket, pattern: RegExp): Promise<void> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (!pattern.test(text)) await once(socket, 'data');
}

describe('limits.maxPeers', () => {
  it('lets further peers wait, connected but not read from, until a peer has left', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeers: 2 } });
    const address = await server.listen(`${await tempDir()}/socket`);
    const [first, second] = [await dialLines(address), await dialLines(address)];
    await Promise.all([numberOf(first), numberOf(second)]);
    const third = await dialLines(address);
    const served = numberOf(third);
    expect(await hasSettled(served)).toBe(false);
    expect(server.peers).toHaveLength(2);
    await first.protocol.disconnect();
    expect(await served).toBe(3);
    expect(server.refused).toBe(0);
  });

  it('admits waiting peers in the order of arrival', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeers: 1 } });
    const address = await server.listen(`${await tempDir()}/socket`);
    const clients = [];
    for (let i = 0; i < 5; i += 1) clients.push(await dialLines(address));
    const numbers: number[] = [];
    for (const client of clients) {
      numbers.push(await numberOf(client));
      await client.protocol.disconnect();
    }
    expect(numbers).toEqual([1, 2, 3, 4, 5]);
  });

  it('skips waiting peers that have left, and serves what the next one sent before', async () => {
    const { server, errors, failed } = createTestServer(echoAfterHandshake, {
      limits: { maxPeers: 1 },
    });
    const address = await server.listen(`${await tempDir()}/socket`);
    const first = await dialLines(address, { greets: true });
    await numberOf(first);
    const [destroyed, ended, eager] = await dialMany(address, 3);
    eager?.write('thanks\nhello\n');
    destroyed?.destroy();
    ended?.end();
    await first.protocol.disconnect();
    if (eager === undefined) throw new Error('There is no third socket');
    await failed(1);
    await received(eager, /\d: hello\n/);
    expect(errors.map(({ error }) => error.cause)).toEqual(
      errors.map((): unknown => expect.objectContaining({ code: 'ERR_CLOSED' })),
    );
  });
});

describe('limits.maxHandshakes', () => {
  it('lets further peers wait until a handshake has succeeded or failed', async () => {
    const { definition, begun, gateOf } = gatedHandshakes();
    const { server, failed } = createTestServer(definition, { limits: { maxHandshakes: 2 } });
    await dialMany(await server.listen({ port: 0 }), 5);
    await until(() => begun.length === 2);
    gateOf(2).open();
    await until(() => begun.length === 3);
    gateOf(1).fail(new Error('refused'));
    await failed(1);
    await until(() => begun.length === 4);
    expect(begun).toEqual([1, 2, 3, 4]);
    gateOf(3).open();
    gateOf(4).open();
    gateOf(5).open();
    expect((await take(server, 4)).map(({ name }) => name)).toEqual(['#2', '#3', '#4', '#5']);
  });

  it('blocks no peer for longer than the handshake deadline', async () => {
    const clock = new SimulatedClock();
    const { server, failed } = createTestServer(echoAfterHandshake, {
      clock,
      limits: { maxHandshakes: 1 },
    });
    const address = await server.listen({ port: 0 });
    const stalled = await dialSocket(address);
    await once(stalled, 'data');
    const good = createClient({ greets: true });
    const connected = good.protocol.connect(address);
    expect(await hasSettled(connected)).toBe(false);
    clock.increment(10_000);
    await failed(1);
    await connected;
    expect(await numberOf(good)).toBe(2);
  });
});

describe('limits.maxBacklog', () => {
  it.each([0, 1, 3])('of %i closes further peers at once, and counts them', async (maxBacklog) => {
    const { records, logger } = recordingLogger();
    const limits = { maxPeers: 1, maxBacklog };
    const { server, errors } = createTestServer(echo, { limits, logger });
    const address = await server.listen({ port: 0 });
    const first = await dialLines(address);
    await numberOf(first);
    const sockets = await dialMany(address, 5);
    await Promise.all(sockets.slice(maxBacklog).map(disconnected));
    expect(server.refused).toBe(5 - maxBacklog);
    expect(sockets.filter((socket) => socket.readableEnded || socket.closed)).toHaveLength(
      5 - maxBacklog,
    );
    expect(
      records.filter((record) =>
        /^warn A connection from 127.0.0.1:\d+ was refused: /.test(record),
      ),
    ).toHaveLength(5 - maxBacklog);
    expect(errors).toEqual([]);
    expect(await numberOf(first)).toBe(1);
  });
});

describe('timeouts.backlog', () => {
  it('limits the wait for a slot, and counts the peers that it closes', async () => {
    const clock = new SimulatedClock();
    const { server } = createTestServer(echo, { clock, limits: { maxPeers: 1 } });
    const address = await server.listen(`${await tempDir()}/socket`);
    const first = await dialLines(address);
    await numberOf(first);
    const [early] = await dialMany(address, 1);
    if (early === undefined) throw new Error('There is no socket');
    await turn();
    clock.increment(15_000);
    const late = await dialLines(address);
    const served = numberOf(late);
    expect(await hasSettled(served)).toBe(false);
    clock.increment(15_000);
    await disconnected(early);
    expect(server.refused).toBe(1);
    await first.protocol.disconnect();
    expect(await served).toBe(2);
    clock.increment(15_000);
    expect(server.refused).toBe(1);
    expect(await numberOf(late)).toBe(2);
  });
});

describe('limits.maxWaiting', () => {
  it('stops admitting peers while so many wait to be iterated', async () => {
    const { definition, begun, gateOf } = gatedHandshakes();
    for (let number = 1; number <= 6; number += 1) gateOf(number).open();
    const { server } = createTestServer(definition, {
      limits: { maxWaiting: 2, maxHandshakes: 1 },
    });
    await dialMany(await server.listen({ port: 0 }), 6);
    await until(() => server.peers.length === 2);
    await turn();
    expect(begun).toEqual([1, 2]);
    const [first] = await take(server, 1);
    expect(first?.name).toBe('#1');
    await until(() => server.peers.length === 3);
    expect(begun).toEqual([1, 2, 3]);
    await Promise.all((await take(server, 1)).map((peer) => peer.disconnect({ force: true })));
    const rest = await take(server, 4);
    expect(rest.map(({ name }) => name)).toEqual(['#3', '#4', '#5', '#6']);
  });

  it('does not stop handshakes that have begun', async () => {
    const { definition, begun, gateOf } = gatedHandshakes();
    const { server } = createTestServer(definition, { limits: { maxWaiting: 1 } });
    await dialMany(await server.listen({ port: 0 }), 3);
    await until(() => begun.length === 3);
    for (const number of [3, 1, 2]) {
      gateOf(number).open();
      await until(() => server.peers.some(({ name }) => name === `#${String(number)}`));
    }
    expect((await take(server, 3)).map(({ name }) => name)).toEqual(['#3', '#1', '#2']);
  });

  it('is unlimited by default, for servers that are not iterated', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    const clients = await Promise.all(Array.from({ length: 50 }, () => dialLines(address)));
    const numbers = await Promise.all(clients.map(numberOf));
    expect(numbers.sort((a, b) => a - b)).toEqual(clients.map((_, index) => index + 1));
  });
});
