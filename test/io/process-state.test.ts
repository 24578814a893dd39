import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPeer, ProcessWatch } from '../../src/io/process-state.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { listen } from '../support/peers.ts';
import { suspend } from '../support/real-peers.ts';

expectIdleAfterEach();

/** A program that does nothing until it is killed. */
async function sleeper(): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  cleanUp(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('The program has no process');
  return { child, pid };
}

/** Only Linux says so much about processes. */
describe.skipIf(process.platform !== 'linux')('the state of a process', () => {
  it('is running, stopped, running again, and gone', async () => {
    const watch = new ProcessWatch();
    const { child, pid } = await sleeper();
    expect(await watch.look(pid)).toBe('running');
    await suspend(child);
    expect(await watch.look(pid)).toBe('stopped');
    child.kill('SIGCONT');
    while ((await watch.look(pid)) === 'stopped');
    expect(await watch.look(pid)).toBe('running');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await watch.look(pid)).toBe('gone');
  });

  it('is gone for a child of another process that has ended and was not waited for', async () => {
    // The shell replaces itself by a program that never asks for the end of the first child.
    const script = 'sleep 0 & echo $!; exec sleep 600';
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    cleanUp(async () => {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    const watch = new ProcessWatch();
    let state = await watch.look(pid);
    while (state === 'running') state = await watch.look(pid);
    expect(state).toBe('gone');
  });

  it('is gone without a process, and running for this one', async () => {
    const watch = new ProcessWatch();
    expect(await watch.look(2 ** 31 - 1)).toBe('gone');
    expect(await watch.look(process.pid)).toBe('running');
  });
});

describe.skipIf(process.platform !== 'linux')('the process behind a UNIX socket', () => {
  /** A program that listens on a UNIX socket. */
  const SERVER = `
    require('node:net').createServer().listen(process.argv[1], () => console.log('listening'));
  `;

  it('is the one that listens on it', async () => {
    const path = join(await tempDir(), 'peer.sock');
    expect(await findPeer(path)).toBeUndefined();
    const child = spawn(process.execPath, ['-e', SERVER, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    cleanUp(async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    await once(child.stdout, 'data');
    expect(await findPeer(path)).toBe(child.pid);
  });

  it('is not this one, and not known without a path', async () => {
    const path = join(await tempDir(), 'own.sock');
    const server = createServer();
    cleanUp(() => server.close());
    await listen(server, { path });
    expect(await findPeer(path)).toBeUndefined();
    expect(await findPeer(undefined)).toBeUndefined();
  });
});
