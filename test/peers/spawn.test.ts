/** The client with spawned programs that inherit the socket of their monitor. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spawnPeer, type SpawnedPeer, type SpawnPeerOptions } from '../../src/index.ts';
import { ExecInterruptedError } from '../../src/qmp/index.ts';
import { isAlive, killAfterTest } from '../support/children.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { living } from '../support/processes.ts';
import { createClient } from '../support/qmp.ts';
import { describeEachQemu, describeEachVersion, suspend } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const WITHOUT_GUEST = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];
const MONITOR = ['-chardev', 'socket,id=c,fd=3,server=off', '-mon', 'chardev=c,mode=control'];

/** Returns a client in a session with the peer. */
async function connectTo(peer: SpawnedPeer) {
  const client = createClient();
  await client.connect(peer.address);
  return client;
}

describeEachQemu((path) => {
  const qemu = (args: readonly string[] = [], options?: SpawnPeerOptions) =>
    killAfterTest(spawnPeer(path, [...WITHOUT_GUEST, ...MONITOR, ...args], options));

  it('greets over descriptor 3, and gets SIGTERM on disconnect()', async () => {
    const peer = qemu();
    const client = await connectTo(peer);
    expect(await client.execute('query-status')).toMatchObject({ running: false });
    await client.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('terminating on signal 15') as string,
    });
  });

  it('greets over its standard input and output', async () => {
    const peer = killAfterTest(
      spawnPeer(path, [...WITHOUT_GUEST, '-qmp', 'stdio'], { stdio: 'stdio' }),
    );
    const client = await connectTo(peer);
    expect(await client.execute('query-name')).toEqual({});
    await client.disconnect({ force: true });
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it('ends the session cleanly on quit, 20 times', async () => {
    for (let round = 0; round < 20; round += 1) {
      const peer = qemu();
      const client = await connectTo(peer);
      expect(await client.execute('quit')).toEqual({});
      expect(await client.closed).toMatchObject({ suppressed: [], undelivered: 0 });
      expect(client.outcome?.cause).toBeUndefined();
      expect(await peer.exited).toMatchObject({ exitCode: 0, signal: null });
      await client.disconnect();
    }
  });

  it('with an unknown option rejects connect(), with its error output', async () => {
    const client = createClient();
    const error = await rejection(client.connect(qemu(['-bogus']).address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', retryable: true, cause: { exitCode: 1 } });
    expect(error).toHaveProperty('message', expect.stringMatching(/-bogus: invalid option/));
  });

  it('that is killed interrupts the commands in flight; the cause is a ProcessError', async () => {
    const peer = qemu();
    const client = await connectTo(peer);
    await suspend(peer);
    const interrupted = rejection(client.execute('query-name'));
    await client.protocol.flush();
    peer.kill('SIGKILL');
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_PROCESS', signal: 'SIGKILL' });
    expect(await interrupted).toBeInstanceOf(ExecInterruptedError);
    expect(await interrupted).toHaveProperty('cause', cause);
  });

  it('that is frozen by SIGSTOP is killed by disconnect()', async () => {
    const peer = qemu();
    const client = await connectTo(peer);
    await suspend(peer);
    await client.disconnect();
    expect(isAlive(peer.pid)).toBe(false);
    expect(await peer.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  it.each(['disconnect()', 'disconnect({ force: true })', 'kill()', 'quit'])(
    'behind a shell leaves nothing after %s',
    async (end) => {
      const script = '"$@"; true';
      const args = ['-c', script, 'sh', path, ...WITHOUT_GUEST, ...MONITOR];
      const peer = killAfterTest(spawnPeer('sh', args));
      const client = await connectTo(peer);
      expect(living(peer.pid).length).toBe(2);
      if (end === 'quit') await client.execute('quit');
      else if (end === 'kill()') expect(peer.kill()).toBe(true);
      else await client.disconnect({ force: end.includes('force') });
      await peer.exited;
      expect(living(peer.pid)).toEqual([]);
      expect((await client.closed).suppressed).toEqual([]);
    },
  );

  it('with -daemonize ends the session with an error that says so', async () => {
    const pidfile = join(await tempDir(), 'pid');
    const peer = qemu(['-daemonize', '-pidfile', pidfile], { stderr: 'ignore' });
    const client = await connectTo(peer);
    const daemon = Number(readFileSync(pidfile, 'utf8'));
    cleanUp(() => process.kill(daemon, 'SIGKILL'));
    const { cause } = await client.closed;
    expect(cause).toMatchObject({ code: 'ERR_CLOSED', cause: { cause: { exitCode: 0 } } });
    expect(cause?.message).toMatch(/still holds the connection; .*QEMU: without -daemonize/);
    expect(isAlive(daemon)).toBe(true);
  });

  it('with keep: true keeps running after disconnect()', async () => {
    const peer = qemu([], { keep: true, stderr: 'ignore' });
    const client = await connectTo(peer);
    await client.disconnect();
    expect(isAlive(peer.pid)).toBe(true);
    expect(peer.kill()).toBe(true);
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
  });
});

describeEachVersion('qemu-storage-daemon', (path) => {
  it('greets over descriptor 7, and ends cleanly on quit', async () => {
    const chardev = ['--chardev', 'socket,id=c,fd=7,server=off', '--monitor', 'chardev=c'];
    const peer = killAfterTest(spawnPeer(path, chardev, { fd: 7 }));
    const client = await connectTo(peer);
    await client.execute('quit');
    const { cause, suppressed } = await client.closed;
    expect({ cause, suppressed }).toEqual({ cause: undefined, suppressed: [] });
    expect(await peer.exited).toMatchObject({ exitCode: 0 });
  });
});

describe('a program that does not exist', () => {
  it('rejects connect() with an error that is not retryable', async () => {
    const peer = killAfterTest(spawnPeer('qemu-system-nothing', [...WITHOUT_GUEST, ...MONITOR]));
    const error = await rejection(createClient().connect(peer.address));
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'connection', retryable: false });
    expect(error).toMatchObject({ cause: { code: 'ERR_PROCESS', cause: { code: 'ENOENT' } } });
  });
});
