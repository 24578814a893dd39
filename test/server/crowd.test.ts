/** A thousand peers at once, and troublemakers among them. */

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

const CROWD = 1_000;
const TIMEOUT = 120_000;
/** No deadline but the test's: the machine may be busy. */
const timeouts = {
  handshake: Infinity,
  flush: Infinity,
  close: Infinity,
  backlog: Infinity,
  drain: Infinity,
};

const crowd = (address: string, greets: boolean): Promise<Client[]> =>
  Promise.all(Array.from({ length: CROWD }, () => dialLines(address, { greets })));

/** Asserts that each of them is served, and is somebody else. */
async function expectServed(clients: readonly Client[]): Promise<void> {
  const numbers = await Promise.all(clients.map(numberOf));
  expect(new Set(numbers).size).toBe(clients.length);
}

describe('a thousand peers at once, on a UNIX socket', () => {
  it.each([
    ['without a handshake', echo, false],
    ['with one', echoAfterHandshake, true],
  ] as const)(
    '%s, are all served, iterated and seen off',
    { timeout: TIMEOUT },
    async (_, definition, greets) => {
      const { server, errors } = createTestServer(definition, { timeouts });
      const path = `${await tempDir()}/socket`;
      await server.listen(path);
      const names = new Set<string | undefined>();
      const looping = (async () => {
        for await (const peer of server) names.add(peer.name);
      })();
      const clients = await crowd(path, greets);
      await expectServed(clients);
      expect(server.peers).toHaveLength(CROWD);
      const ends = clients.map(({ protocol }) => protocol.closed);
      await Promise.all([server.close(), ...ends]);
      await looping;
      expect(names.size).toBe(CROWD);
      expect([server.refused, server.peers.length, errors]).toEqual([0, 0, []]);
    },
  );

  it(
    'do not feel a slow one, a flooding one, a mute one and one that resets',
    { timeout: TIMEOUT },
    async () => {
      const { server, errors, failed } = createTestServer(echoAfterHandshake, { timeouts });
      const path = `${await tempDir()}/socket`;
      const address = await server.listen(path);
      const [slow, flood, mute, rude] = [
        await dialSocket(address),
        await dialSocket(address),
        await dialSocket(address),
        await dialSocket(address),
      ];
      for (const socket of [slow, rude]) {
        socket.pause();
        socket.write(`thanks\n${'x'.repeat(1_000_000)}\n`);
      }
      flood.resume().write('thanks\n');
      const batch = `${'x'.repeat(1_000)}\n`.repeat(100);
      const pour = (): void => {
        if (!flood.destroyed) flood.write(batch, pour);
      };
      pour();
      await once(mute, 'data');
      const clients = await crowd(path, true);
      // What it has not read makes this a reset.
      rude.destroy();
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
    'of whom the server has places for ten are served one after the other',
    { timeout: TIMEOUT },
    async () => {
      const limits = { maxPeers: 10, maxHandshakes: 3 };
      const { server } = createTestServer(echoAfterHandshake, { limits, timeouts });
      const path = `${await tempDir()}/socket`;
      await server.listen(path);
      let most = 0;
      const visit = async (): Promise<void> => {
        const client = await dialLines(path, { greets: true });
        most = Math.max(most, server.peers.length);
        await numberOf(client);
        await client.protocol.disconnect();
      };
      await Promise.all(Array.from({ length: CROWD }, visit));
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(10);
      expect(server.refused).toBe(0);
    },
  );

  it(
    'are sent away as they are when the server is closed by force',
    { timeout: TIMEOUT },
    async () => {
      const { server, errors } = createTestServer(echoAfterHandshake, {
        limits: { maxPeers: 500 },
        timeouts,
      });
      const path = `${await tempDir()}/socket`;
      await server.listen(path);
      const visit = async () => (await dialLines(path, { greets: true })).protocol.closed;
      const visits = Promise.allSettled(Array.from({ length: CROWD }, visit));
      await until(() => server.peers.length >= 100);
      await server.close({ force: true });
      expect(await visits).toHaveLength(CROWD);
      expect([server.state, server.peers, errors]).toEqual(['IDLE', [], []]);
    },
  );
});
