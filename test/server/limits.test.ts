/** What is bounded: places, handshakes, those who wait to be iterated, and the line before the door. */

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

/** A definition whose handshakes the test ends one by one; it says which peers have begun theirs. */
function gated() {
  const begun: number[] = [];
  const doors = new Map<number, Gate>();
  const door = (number: number): Gate => {
    const known = doors.get(number) ?? gate();
    doors.set(number, known);
    return known;
  };
  const definition = (number: number) => ({
    codec: lines(),
    handshake: () => {
      begun.push(number);
      return door(number).opened;
    },
  });
  return { definition, begun, door };
}

/** So many raw sockets, one after the other. */
async function dialMany(address: BoundAddress, count: number): Promise<Socket[]> {
  const sockets = [];
  for (let i = 0; i < count; i += 1) sockets.push(await dialSocket(address));
  return sockets;
}

/** Resolves when a socket has said something. */
async function saying(socket: Socket, what: RegExp): Promise<void> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (!what.test(text)) await once(socket, 'data');
}

describe('limits.maxPeers', () => {
  it('has who comes then wait, connected and unheard, until a peer has left', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeers: 2 } });
    const address = await server.listen(`${await tempDir()}/socket`);
    const [first, second] = [await dialLines(address), await dialLines(address)];
    await Promise.all([numberOf(first), numberOf(second)]);
    const third = await dialLines(address);
    const heard = numberOf(third);
    expect(await hasSettled(heard)).toBe(false);
    expect(server.peers).toHaveLength(2);
    await first.protocol.disconnect();
    expect(await heard).toBe(3);
    expect(server.refused).toBe(0);
  });

  it('gives places in the order of arrival', async () => {
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

  it('gives no place to who has left meanwhile, and serves what was said before', async () => {
    const { server, errors, failed } = createTestServer(echoAfterHandshake, {
      limits: { maxPeers: 1 },
    });
    const address = await server.listen(`${await tempDir()}/socket`);
    const first = await dialLines(address, { greets: true });
    await numberOf(first);
    const [gone, ended, keen] = await dialMany(address, 3);
    keen?.write('thanks\nhello\n');
    gone?.destroy();
    ended?.end();
    await first.protocol.disconnect();
    if (keen === undefined) throw new Error('There is no third');
    await failed(1);
    await saying(keen, /\d: hello\n/);
    expect(errors.map(({ error }) => error.cause)).toEqual(
      errors.map((): unknown => expect.objectContaining({ code: 'ERR_CLOSED' })),
    );
  });
});

describe('limits.maxHandshakes', () => {
  it('has who comes then wait until a handshake is over, in whatever way', async () => {
    const { definition, begun, door } = gated();
    const { server, failed } = createTestServer(definition, { limits: { maxHandshakes: 2 } });
    await dialMany(await server.listen({ port: 0 }), 5);
    await until(() => begun.length === 2);
    door(2).open();
    await until(() => begun.length === 3);
    door(1).fail(new Error('refused'));
    await failed(1);
    await until(() => begun.length === 4);
    expect(begun).toEqual([1, 2, 3, 4]);
    door(3).open();
    door(4).open();
    door(5).open();
    expect((await take(server, 4)).map(({ name }) => name)).toEqual(['#2', '#3', '#4', '#5']);
  });

  it('lets nobody be blocked for longer than the deadline of a handshake', async () => {
    const clock = new SimulatedClock();
    const { server, failed } = createTestServer(echoAfterHandshake, {
      clock,
      limits: { maxHandshakes: 1 },
    });
    const address = await server.listen({ port: 0 });
    const mute = await dialSocket(address);
    await once(mute, 'data');
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
  it.each([0, 1, 3])('of %i refuses those beyond at once, and counts them', async (maxBacklog) => {
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
      records.filter((record) => record.startsWith('warn A connection was refused')),
    ).toHaveLength(5 - maxBacklog);
    expect(errors).toEqual([]);
    expect(await numberOf(first)).toBe(1);
  });
});

describe('timeouts.backlog', () => {
  it('ends the wait for a place, and counts who has waited in vain', async () => {
    const clock = new SimulatedClock();
    const { server } = createTestServer(echo, { clock, limits: { maxPeers: 1 } });
    const address = await server.listen(`${await tempDir()}/socket`);
    const first = await dialLines(address);
    await numberOf(first);
    const [early] = await dialMany(address, 1);
    if (early === undefined) throw new Error('Nobody has come');
    await turn();
    clock.increment(15_000);
    const late = await dialLines(address);
    const heard = numberOf(late);
    expect(await hasSettled(heard)).toBe(false);
    clock.increment(15_000);
    await disconnected(early);
    expect(server.refused).toBe(1);
    await first.protocol.disconnect();
    expect(await heard).toBe(2);
    clock.increment(15_000);
    expect(server.refused).toBe(1);
    expect(await numberOf(late)).toBe(2);
  });
});

describe('limits.maxWaiting', () => {
  it('begins no handshake while so many wait to be iterated', async () => {
    const { definition, begun, door } = gated();
    for (let number = 1; number <= 6; number += 1) door(number).open();
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

  it('is no limit for those who are iterated as they come, nor for handshakes under way', async () => {
    const { definition, begun, door } = gated();
    const { server } = createTestServer(definition, { limits: { maxWaiting: 1 } });
    await dialMany(await server.listen({ port: 0 }), 3);
    await until(() => begun.length === 3);
    for (const number of [3, 1, 2]) {
      door(number).open();
      await until(() => server.peers.some(({ name }) => name === `#${String(number)}`));
    }
    expect((await take(server, 3)).map(({ name }) => name)).toEqual(['#3', '#1', '#2']);
  });

  it('is without a value none, for servers that nobody iterates', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    const clients = await Promise.all(Array.from({ length: 50 }, () => dialLines(address)));
    const numbers = await Promise.all(clients.map(numberOf));
    expect(numbers.sort((a, b) => a - b)).toEqual(clients.map((_, index) => index + 1));
  });
});
