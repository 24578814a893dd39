/** A thousand peers at once, with misbehaving ones among them. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import {
  type Client,
  createTestServer,
  dialLines,
  dialSocket,
  echo,
  echoAfterHandshake,
  numberOf,
} from '../support/servers.ts';

expectIdleAfterEach();

const PEERS = 1_000;
const TIMEOUT_MS = 120_000;
/** Only the deadline of the test counts, because the computer may be busy. */
const timeouts = {
  handshake: Infinity,
  flush: Infinity,
  close: Infinity,
  backlog: Infinity,
  drain: Infinity,
  shutdown: Infinity,
};

const dialAll = (address: string, greets: boolean): Promise<Client[]> =>
  Promise.all(Array.from({ length: PEERS }, () => dialLines(address, { greets })));

/** Asserts that each client is served, as a peer of its own. */
async function expectServed(clients: readonly Client[]): Promise<void> {
  const numbers = await Promise.all(clients.map(numberOf));
  expect(new Set(numbers).size).toBe(clients.length);
}

describe('a thousand peers at once, on a UNIX socket', () => {
  it.each([
    ['without a handshake', echo, false],
    ['with a handshake', echoAfterHandshake, true],
  ] as const)(
    '%s, are all served, iterated and disconnected',
    { timeout: TIMEOUT_MS },
    async (_, definition, greets) => {
      const { server, errors } = createTestServer(definition, { timeouts });
      const path = `${await tempDir()}/socket`;
      await server.listen(path);
      const names = new Set<string | undefined>();
      const looping = (async () => {
        for await (const peer of server) names.add(peer.name);
      })();
      const clients = await dialAll(path, greets);
      await expectServed(clients);
      expect(server.peers).toHaveLength(PEERS);
      const ends = clients.map(({ protocol }) => protocol.closed);
      await Promise.all([server.close(), ...ends]);
      await looping;
      expect(names.size).toBe(PEERS);
      expect([server.refused, server.peers.length, errors]).toEqual([0, 0, []]);
    },
  );

  it(
    'are not affected by a slow, a flooding, a stalled and a resetting peer',
    { timeout: TIMEOUT_MS },
    async () => {
      const { server, errors, failed } = createTestServer(echoAfterHandshake, { timeouts });
      const path = `${await tempDir()}/socket`;
      const address = await server.listen(path);
      const [slow, flood, stalled, resetting] = [
        await dialSocket(address),
        await dialSocket(address),
        await dialSocket(address),
        await dialSocket(address),
      ];
      for (const socket of [slow, resetting]) {
        socket.pause();
        socket.write(`thanks\n${'x'.repeat(1_000_000)}\n`);
      }
      flood.resume().write('thanks\n');
      const batch = `${'x'.repeat(1_000)}\n`.repeat(100);
      const writeBatches = (): void => {
        if (!flood.destroyed) flood.write(batch, writeBatches);
      };
      writeBatches();
      await once(stalled, 'data');
      const clients = await dialAll(path, true);
      // It has unread data, so the kernel sends a reset.
      resetting.destroy();
      await Promise.all([failed(1), expectServed(clients)]);
      expect(errors).toMatchObject([{ number: 4, error: { code: 'ERR_CLOSED' } }]);
      flood.destroy();
      await Promise.all([
        server.close({ force: true }),
        ...clients.map(({ protocol }) => protocol.closed),
      ]);
    },
  );

  it(
    'are all served in turn when the server has only ten slots',
    { timeout: TIMEOUT_MS },
    async () => {
      const limits = { maxPeers: 10, maxHandshakes: 3 };
      const { server } = createTestServer(echoAfterHandshake, { limits, timeouts });
      const path = `${await tempDir()}/socket`;
      await server.listen(path);
      let maxPeers = 0;
      const visit = async (): Promise<void> => {
        const client = await dialLines(path, { greets: true });
        maxPeers = Math.max(maxPeers, server.peers.length);
        await numberOf(client);
        await client.protocol.disconnect();
      };
      await Promise.all(Array.from({ length: PEERS }, visit));
      expect(maxPeers).toBeGreaterThan(1);
      expect(maxPeers).toBeLessThanOrEqual(10);
      expect(server.refused).toBe(0);
    },
  );

  it(
    'are all disconnected when the server is closed with force',
    { timeout: TIMEOUT_MS },
    async () => {
      const { server, errors } = createTestServer(echoAfterHandshake, {
        limits: { maxPeers: 500 },
        timeouts,
      });
      const path = `${await tempDir()}/socket`;
      await server.listen(path);
      const visit = async () => (await dialLines(path, { greets: true })).protocol.closed;
      const visits = Promise.allSettled(Array.from({ length: PEERS }, visit));
      await until(() => server.peers.length >= 100);
      await server.close({ force: true });
      expect(await visits).toHaveLength(PEERS);
      expect([server.state, server.peers, errors]).toEqual(['IDLE', [], []]);
    },
  );
});
