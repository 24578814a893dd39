/** Loops over a server: one, several or none, how they are left, and how they end. */

import { describe, expect, it } from 'vitest';
import { type AsyncProtocol, lines } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { createTestServer, dialLines, numberOf, take } from '../support/servers.ts';
import { gate, hasSettled } from '../support/signal.ts';

expectIdleAfterEach();

/** The name of the peer in an iterator's result. */
const nameOf = (result?: IteratorResult<AsyncProtocol<string>, undefined>) => result?.value?.name;

describe('a loop over a server', () => {
  it('gets the peers that connected before it and after it', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    await numberOf(await dialLines(address));
    const taking = take(server, 2);
    await dialLines(address);
    expect((await taking).map(({ name }) => name)).toEqual(['#1', '#2']);
  });

  it('gets peers in the order in which their handshakes end', async () => {
    const gates = [gate(), gate(), gate()];
    const { server } = createTestServer((number) => ({
      codec: lines(),
      handshake: () => gates[number - 1]?.opened ?? Promise.resolve(),
    }));
    const address = await server.listen({ port: 0 });
    for (let i = 0; i < 3; i += 1) await dialLines(address);
    const peers = server[Symbol.asyncIterator]();
    for (const number of [2, 3, 1]) {
      gates[number - 1]?.open();
      expect(nameOf(await peers.next())).toBe(`#${String(number)}`);
    }
  });

  it('does not get a peer that has already left', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    const clients = [await dialLines(address), await dialLines(address)];
    await until(() => server.peers.length === 2);
    await clients[0]?.protocol.disconnect();
    await until(() => server.peers.length === 1);
    const [peer] = await take(server, 1);
    expect(peer).toMatchObject({ name: '#2', runstate: 'RUNNING' });
  });

  it('closes nothing when it is left, and the next loop gets the next peer', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    const [first, second] = [await dialLines(address), await dialLines(address)];
    expect((await take(server, 1)).map(({ name }) => name)).toEqual(['#1']);
    expect(server.state).toBe('LISTENING');
    expect(await numberOf(first)).toBe(1);
    expect((await take(server, 1)).map(({ name }) => name)).toEqual(['#2']);
    expect(await numberOf(second)).toBe(2);
  });

  it('closes nothing when it is left by an error', async () => {
    const { server } = createTestServer();
    const client = await dialLines(await server.listen({ port: 0 }));
    const loop = async () => {
      for await (const peer of server) throw new Error(String(peer.name));
    };
    await expect(loop()).rejects.toThrow('#1');
    expect(await numberOf(client)).toBe(1);
  });

  it('shares the peers with other loops: each peer goes to one of them', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    const seen: string[][] = [[], []];
    const loops = seen.map(async (names) => {
      for await (const peer of server) names.push(String(peer.name));
    });
    for (let i = 0; i < 6; i += 1) await numberOf(await dialLines(address));
    await server.close();
    await Promise.all(loops);
    expect(seen.flat().sort()).toEqual(['#1', '#2', '#3', '#4', '#5', '#6']);
    expect(seen.map(({ length }) => length)).toEqual([3, 3]);
  });

  it('ends when the server has closed', async () => {
    const { server } = createTestServer();
    const client = await dialLines(await server.listen({ port: 0 }));
    const states: string[] = [];
    const loop = async (): Promise<void> => {
      for await (const peer of server) states.push(peer.runstate);
      states.push(server.state);
    };
    const looping = loop();
    await numberOf(client);
    await server.close();
    await looping;
    expect(states).toEqual(['RUNNING', 'IDLE']);
  });

  it('may begin before the first listen(), and ends with the next close()', async () => {
    const { server } = createTestServer();
    const early = take(server, 5);
    expect(await hasSettled(early)).toBe(false);
    await dialLines(await server.listen({ port: 0 }));
    await until(() => server.peers.length === 1);
    await server.close();
    expect(await early).toHaveLength(1);
  });

  it('ends at once when the server is closed, and waits again after the next listen()', async () => {
    const { server } = createTestServer();
    await server.listen({ port: 0 });
    await server.close();
    expect(await take(server, 1)).toEqual([]);
    const bound = server.listen({ port: 0 });
    const next = take(server, 1);
    await dialLines(await bound);
    expect(await next).toHaveLength(1);
  });

  it('ends when listen() fails, and when close() is called without listen()', async () => {
    const { server } = createTestServer();
    const taken = take(server, 1);
    await expect(server.listen('/nowhere/at/all/socket')).rejects.toThrow();
    expect(await taken).toEqual([]);
    const fresh = createTestServer().server;
    const takenLater = take(fresh, 1);
    await fresh.close();
    expect(await takenLater).toEqual([]);
  });

  it('answers overlapping calls of next() in order', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    const peers = server[Symbol.asyncIterator]();
    const nexts = [peers.next(), peers.next(), peers.next()];
    await dialLines(address);
    await dialLines(address);
    const [first, second] = await Promise.all(nexts.slice(0, 2));
    expect([first, second].map(nameOf)).toEqual(['#1', '#2']);
    await peers.return?.();
    expect(await nexts[2]).toEqual({ done: true, value: undefined });
    expect(await peers.next()).toEqual({ done: true, value: undefined });
  });
});

describe('a server that is not iterated', () => {
  it('keeps none of its peers that have left', async () => {
    const { server } = createTestServer();
    const address = await server.listen({ port: 0 });
    for (let i = 0; i < 20; i += 1) {
      const client = await dialLines(address);
      await numberOf(client);
      await client.protocol.disconnect();
    }
    await until(() => server.peers.length === 0);
    const late = take(server, 1);
    await dialLines(address);
    expect((await late).map(({ name }) => name)).toEqual(['#21']);
  });
});
