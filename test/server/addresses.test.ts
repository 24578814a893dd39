/** `limits.maxPeersPerAddress`: one address cannot take all slots. */

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { BoundTcp } from '../../src/index.ts';
import { AddressCounts } from '../../src/server/address-counts.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { until } from '../support/listeners.ts';
import { recordingLogger } from '../support/null-protocol.ts';
import {
  createTestServer,
  dialLines,
  dialSocket,
  disconnected,
  echo,
  numberOf,
} from '../support/servers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** Connects from another address of the loopback network; Linux has all of 127.0.0.0/8. */
function dialFrom(localAddress: string, { port }: BoundTcp): Socket {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  cleanUp(() => socket.destroy());
  return socket;
}

describe('limits.maxPeersPerAddress', () => {
  it('closes further connections of an address at once, and serves other addresses', async () => {
    const { records, logger } = recordingLogger();
    const { server, errors } = createTestServer(echo, {
      logger,
      limits: { maxPeersPerAddress: 2 },
    });
    const address = await server.listen({ port: 0 });
    const kept = [await dialLines(address), await dialLines(address)];
    await Promise.all(kept.map(numberOf));
    const further = [await dialSocket(address), await dialSocket(address)];
    await Promise.all(further.map(disconnected));
    expect(server.stats).toMatchObject({ admitted: 2, refused: 2, running: 2, failed: 0 });
    expect(records.filter((record) => record.includes('was refused'))).toEqual([
      expect.stringMatching(
        /^warn A connection from 127\.0\.0\.1:\d+ was refused: its address has 2 .*maxPeersPerAddress\)/,
      ),
      expect.anything(),
    ]);
    expect(errors).toEqual([]);
    dialFrom('127.0.0.2', address);
    await until(() => server.peers.length === 3);
    expect(await Promise.all(kept.map(numberOf))).toEqual([1, 2]);
  });

  it('counts the connections in the backlog, too', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeers: 1, maxPeersPerAddress: 2 } });
    const address = await server.listen({ port: 0 });
    await numberOf(await dialLines(address));
    await dialSocket(address);
    await until(() => server.stats.queued === 1);
    await disconnected(await dialSocket(address));
    expect(server.stats).toMatchObject({ queued: 1, refused: 1 });
  });

  it('counts a connection no longer when it has ended, was refused, or has failed', async () => {
    const { server, failed } = createTestServer(
      (number, peer) => ({
        ...echo(number, peer),
        handshake: () => (number % 2 === 0 ? Promise.reject(new Error('no')) : Promise.resolve()),
      }),
      { limits: { maxPeersPerAddress: 1 } },
    );
    const address = await server.listen({ port: 0 });
    for (let round = 1; round <= 3; round += 1) {
      const client = await dialLines(address);
      await numberOf(client);
      await disconnected(await dialSocket(address));
      await client.protocol.disconnect();
      await until(() => server.peers.length === 0);
      await disconnected(await dialSocket(address));
      await failed(round);
    }
    expect(server.stats).toMatchObject({ admitted: 6, refused: 3, failed: 3 });
  });

  it.skipIf(!hasIpv6)(
    'counts an IPv4 peer as the same on a socket for IPv6 and for both',
    async () => {
      const { server } = createTestServer(echo, { limits: { maxPeersPerAddress: 1 } });
      const { port } = await server.listen({ host: '::', port: 0 });
      const first = await dialLines({ host: '127.0.0.1', port });
      await numberOf(first);
      expect(server.peers[0]?.remote?.address).toBe('::ffff:127.0.0.1');
      await disconnected(await dialSocket({ host: '127.0.0.1', port }));
      const other = await dialLines({ host: '::1', port });
      expect(await numberOf(other)).toBe(2);
      expect(server.refused).toBe(1);
    },
  );

  it('does not bound UNIX sockets, which have no address', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeersPerAddress: 1 } });
    const path = await server.listen(`${await tempDir()}/socket`);
    const clients = await Promise.all([dialLines(path), dialLines(path), dialLines(path)]);
    expect((await Promise.all(clients.map(numberOf))).sort()).toEqual([1, 2, 3]);
  });

  it('rejects the adoption of a socket whose address has enough connections', async () => {
    const { server } = createTestServer(echo, { limits: { maxPeersPerAddress: 1 } });
    const other = createTestServer(echo).server;
    const address = await other.listen({ port: 0 });
    const [first, second] = [await dialSocket(address), await dialSocket(address)];
    await server.adopt(first);
    expect(await rejection(server.adopt(second))).toMatchObject({
      code: 'ERR_CONNECT',
      cause: { message: expect.stringContaining('limits.maxPeersPerAddress') as string },
    });
    expect(second.destroyed).toBe(true);
  });
});

describe('the counts by address', () => {
  it.each([
    ['127.0.0.1', '::ffff:127.0.0.1', true],
    ['127.0.0.1', '::FFFF:7f00:1', true],
    ['10.0.2.15', '::ffff:a00:20f', true],
    ['fe80::1%eth0', 'FE80::1%eth0', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1', '::ffff:127.0.0.10', false],
    ['::1', '::ffff:0:1', false],
    ['2001:db8::ffff:7f00:1', '127.0.0.1', false],
  ])('take %s and %s for one peer: %s', (one, other, isSame) => {
    const counts = new AddressCounts();
    counts.add({}, { address: one });
    expect(counts.of({ address: other })).toBe(isSame ? 1 : 0);
  });

  it('ignore connections without an address, and forget those that have ended', () => {
    const counts = new AddressCounts();
    const [known, unknown] = [{}, {}];
    counts.add(unknown, {});
    counts.add(known, { address: '::1' });
    expect([counts.of({}), counts.of({ address: '::1' })]).toEqual([0, 1]);
    counts.remove(unknown);
    counts.remove(known);
    counts.remove(known);
    expect(counts.of({ address: '::1' })).toBe(0);
  });
});
