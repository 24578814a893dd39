/** What happens between spawnPeer() and the start of a child that listens. */

import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spawnPeer, type SpawnedPeer, supervise } from '../../../src/index.ts';
import { isOwnEcho } from '../../../src/io/child/vacancy.ts';
import { isAlive, killAfterTest } from '../../support/children.ts';
import { createProtocol, expectIdleAfterEach } from '../../support/cleanup.ts';
import { ANY, freePath, listening, PATIENT, programs } from '../../support/listening-children.ts';
import { listen } from '../../support/peers.ts';
import { freePort } from '../../support/real-peers.ts';
import { rejection, turn } from '../../support/signal.ts';

expectIdleAfterEach();

describe('the start of a child that listens', () => {
  it('fails for good when Node rejects an argument', async () => {
    const peer = killAfterTest(spawnPeer('sh', ['-c', '\0'], { listens: await freePath() }));
    const error = await rejection(createProtocol(ANY, PATIENT).connect(peer.address));
    expect(error).toMatchObject({ retryable: false, cause: { code: 'ERR_ARGUMENT' } });
    expect(await peer.exited).toEqual({ exitCode: null, signal: null, stderr: '' });
  });

  it('is shown by String()', async () => {
    const peer = listening(await freePath(), programs.echo);
    expect(String(peer)).toMatch(/^<SpawnedPeer command='.*' waiting>$/);
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(peer.address);
    expect(String(peer)).toMatch(/pid=\d+ running>$/);
    await protocol.disconnect();
    expect(String(peer)).toMatch(/pid=\d+ signal=SIGTERM>$/);
  });

  it('leaves no child behind when a supervisor is stopped meanwhile', async () => {
    const where = await freePath();
    const peers: SpawnedPeer[] = [];
    const supervisor = supervise(ANY, () => {
      peers.push(listening(where, programs.silent));
      return peers.at(-1)?.address ?? where;
    });
    while (peers.length === 0) await turn();
    await supervisor.stop();
    expect(await peers[0]?.exited).toMatchObject({ exitCode: null, stderr: '' });
    expect(peers).toHaveLength(1);
    expect(isAlive(peers[0]?.pid)).toBe(false);
  });

  it('comes in a directory whose files cannot be listed, too', async () => {
    const where = await freePath();
    await chmod(dirname(where.path), 0o300);
    const protocol = createProtocol(ANY, PATIENT);
    await protocol.connect(listening(where, programs.echo).address);
    await protocol.disconnect();
    await chmod(dirname(where.path), 0o700);
  });
});

describe('a connection that leads to itself', () => {
  it('is found out, so that it is not taken for the child', async () => {
    const port = await freePort();
    // As the kernel may choose it, by chance, where nothing listens.
    const socket = connect({ host: '127.0.0.1', port, localPort: port });
    await once(socket, 'connect');
    expect(isOwnEcho(socket)).toBe(true);
    socket.destroy();
  });

  it('is no other connection', async () => {
    const server = createServer((socket) => socket.resume());
    const address = await listen(server, { host: '127.0.0.1', port: 0 });
    const socket = connect(address);
    await once(socket, 'connect');
    expect(isOwnEcho(socket)).toBe(false);
    socket.destroy();
    server.close();
  });
});
