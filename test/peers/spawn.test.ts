/** The client and real programs that inherit their monitor's socket: no path, no race. */

import { describe, expect, it } from 'vitest';
import { spawnPeer, type SpawnedPeer, type SpawnPeerOptions } from '../../src/index.ts';
import { ExecInterruptedError } from '../../src/qmp/index.ts';
import { isAlive, killAfterTest } from '../support/children.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { describePeer } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const NOTHING = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
const MONITOR = ['-chardev', 'socket,id=c,fd=3,server=off', '-mon', 'chardev=c,mode=control'];

/** A client in a session with the peer. */
async function connected(peer: SpawnedPeer) {
  const client = createClient();
  await client.connect(peer.address);
  return client;
}

describePeer('qemu-system-x86_64', (path) => {
  const qemu = (args: readonly string[] = [], options?: SpawnPeerOptions) =>
    killAfterTest(spawnPeer(path, [...NOTHING, ...MONITOR, ...args], options));

  it('greets over descriptor 3, and is ended by disconnect() with a SIGTERM', async () => {
    const peer = qemu();
    const client = await connected(peer);
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    await client.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('terminating on signal 15') as string,
    });
  });

  it('greets over its standard input and output', async () => {
    const peer = killAfterTest(spawnPeer(path, [...NOTHING, '-qmp', 'stdio'], { stdio: 'stdio' }));
    const client = await connected(peer);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect({ force: true });
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('that quits ends the session cleanly, 20 times', async () => {
    for (let round = 0; round < 20; round += 1) {
      const peer = qemu();
      const client = await connected(peer);
      expect(await client.execute('quit')).toEqual({});
      expect((await client.closed).cause).toBeUndefined();
      expect(await peer.exited).toMatchObject({ exitCode: 0, signal: null });
      await client.disconnect();
    }
  });

  it('that does not know an option rejects connect(), with what it says of it', async () => {
    const client = createClient();
    const error = await rejection(client.connect(qemu(['-bogus']).address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable: false, cause: { exitCode: 1 } });
    expect(error).toHaveProperty('message', expect.stringMatching(/-bogus: invalid option/));
  });

  it('that is killed interrupts the commands that wait, and is the reason why', async () => {
    const peer = qemu();
    const client = await connected(peer);
    peer.kill('SIGSTOP');
    const interrupted = rejection(client.execute('query-name'));
    await client.protocol.flush();
    peer.kill('SIGKILL');
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_PROCESS', signal: 'SIGKILL' });
    expect(await interrupted).toBeInstanceOf(ExecInterruptedError);
    expect(await interrupted).toHaveProperty('cause', cause);
  });

  it('that is stopped for good is killed by disconnect()', async () => {
    const peer = qemu();
    const client = await connected(peer);
    peer.kill('SIGSTOP');
    await client.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('that is kept goes on without us', async () => {
    const peer = qemu([], { keep: true, stderr: 'ignore' });
    const client = await connected(peer);
    await client.disconnect();
    expect(isAlive(peer.pid)).toBe(true);
    expect(peer.kill()).toBe(true);
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
  });
});

describePeer('qemu-storage-daemon', (path) => {
  it('greets over descriptor 7, and quits', async () => {
    const chardev = ['--chardev', 'socket,id=c,fd=7,server=off', '--monitor', 'chardev=c'];
    const peer = killAfterTest(spawnPeer(path, chardev, { fd: 7 }));
    const client = await connected(peer);
    await client.execute('quit');
    expect((await client.closed).cause).toBeUndefined();
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
  });
});

describe('a missing QEMU', () => {
  it('rejects connect(), and no retry makes sense', async () => {
    const peer = killAfterTest(spawnPeer('qemu-system-nothing', [...NOTHING, ...MONITOR]));
    const error = await rejection(createClient().connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', retryable: false });
    expect(error).toMatchObject({ cause: { code: 'ERR_PROCESS', cause: { code: 'ENOENT' } } });
  });
});
