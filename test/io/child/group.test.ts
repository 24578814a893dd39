/** A child that leads a process group: all of it is signalled, and awaited. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { SpawnedPeer, SpawnPeerOptions } from '../../../src/index.ts';
import { failure, isAlive, lineOf, sessionWith, shell } from '../../support/children.ts';
import { cleanUp, expectIdleAfterEach } from '../../support/cleanup.ts';
import { living, processes } from '../../support/processes.ts';
import { hasSettled } from '../../support/signal.ts';
import { closing } from '../../support/sockets.ts';

expectIdleAfterEach();

/** A shell that waits for the real peer; the peer writes "ready". */
const wrapper = (peer: string) => `sh -c '${peer}'; true`;
const peers = {
  leaves: 'echo ready >&3; read _ <&3',
  exitsOnSigterm: 'echo ready >&3; exec sleep 60',
  exitsOnSigkill: 'trap "" TERM HUP INT; echo ready >&3; while :; do sleep 60; done',
} as const;

const QUICK = { timeouts: { exit: 1, terminate: 1 } } as const;

/** Starts a tree of processes, and resolves when the peer in it is ready. */
async function tree(script: string, options?: SpawnPeerOptions): Promise<SpawnedPeer> {
  const peer = shell(script, options);
  cleanUp(() => {
    for (const pid of living(peer.pid)) process.kill(pid, 'SIGKILL');
  });
  expect(await lineOf(peer.address.stream)).toBe('ready');
  return peer;
}

/** Resolves with the living processes of the group at the moment when the peer has `exited`. */
const left = async (peer: SpawnedPeer) => {
  const end = await peer.exited;
  return { end, left: living(peer.pid) };
};

describe('a process group', () => {
  it('is the default, and its number is the process id', async () => {
    const peer = await tree(wrapper(peers.leaves));
    expect(living(peer.pid)).toContain(peer.pid);
    expect(living(peer.pid).length).toBeGreaterThan(1);
    peer.kill('SIGKILL');
    await peer.exited;
    await failure(peer.address.stream);
  });

  it('exits by itself at the end of the stream', async () => {
    const peer = await tree(wrapper(peers.leaves));
    peer.address.stream.resume().end();
    expect(await left(peer)).toMatchObject({ end: { exitCode: 0 }, left: [] });
  });

  it.each(Object.entries(peers))('is gone after the steps to its end: %s', async (_, script) => {
    const peer = await tree(wrapper(script), QUICK);
    peer.address.stream.resume().end();
    expect(await left(peer)).toMatchObject({ left: [] });
    await closing(peer.address.stream);
  });

  it.each(Object.entries(peers))('is gone after destroy(): %s', async (_, script) => {
    const peer = await tree(wrapper(script));
    peer.address.stream.destroy();
    expect(await left(peer)).toMatchObject({ end: { signal: 'SIGKILL' }, left: [] });
  });

  it.each(Object.entries(peers))('is gone after kill(), in steps: %s', async (_, script) => {
    const peer = await tree(wrapper(script), QUICK);
    expect(peer.kill()).toBe(true);
    expect(await left(peer)).toMatchObject({ end: { signal: 'SIGTERM' }, left: [] });
    expect(peer.kill('SIGKILL')).toBe(false);
    expect(await failure(peer.address.stream)).toMatchObject({ signal: 'SIGTERM' });
  });

  it('keeps exited pending until its last process has ended', async () => {
    const peer = await tree(wrapper(peers.exitsOnSigkill));
    const { stream } = peer.address;
    peer.kill();
    await once(stream.resume(), 'error');
    expect(await hasSettled(peer.exited)).toBe(false);
    expect(living(peer.pid)).not.toContain(peer.pid);
    expect(living(peer.pid).length).toBeGreaterThan(0);
    expect(String(peer)).toMatch(/ exiting>$/);
    expect(peer.kill('SIGKILL')).toBe(true);
    expect(await left(peer)).toMatchObject({ end: { signal: 'SIGTERM' }, left: [] });
  });

  it.each([
    ['with a failure', 'exit 3', { exitCode: 3 }],
    ['without one', 'exit 0', { exitCode: 0 }],
  ])('whose leader exits early, %s, is ended in steps', async (_, exit, end) => {
    const peer = await tree(`sh -c '${peers.exitsOnSigkill}' & read _ <&3; ${exit}`, QUICK);
    peer.address.stream.resume().on('error', () => undefined);
    peer.address.stream.write('go\n');
    expect(await left(peer)).toMatchObject({ end, left: [] });
    await closing(peer.address.stream.destroy());
  });

  it('has ended when only zombies are left, which their parent does not reap', async () => {
    // The subshell leaves the group without the shell's child, and does not wait for that.
    const outside = `exec setsid sh -c 'echo $$ >&3; exec sleep 60 3>&- 2>&-'`;
    const script = `(true & ${outside}) & wait; exit 5`;
    const peer = shell(script, QUICK);
    const parent = Number(await lineOf(peer.address.stream));
    cleanUp(() => process.kill(parent, 'SIGKILL'));
    peer.address.stream.resume().end();
    expect(await left(peer)).toMatchObject({ left: [] });
    expect(isAlive(parent)).toBe(true);
    expect(processes().filter(({ group }) => group === peer.pid)).toMatchObject([{ state: 'Z' }]);
  });

  it('outlives the session with keep, and is signalled as a whole', async () => {
    const peer = await tree(wrapper(peers.exitsOnSigterm), { keep: true, stderr: 'ignore' });
    await closing(peer.address.stream.destroy());
    expect(living(peer.pid).length).toBeGreaterThan(1);
    expect(peer.kill('SIGKILL')).toBe(true);
    await peer.exited;
    await expect.poll(() => living(peer.pid)).toEqual([]);
  });

  it('is none with group: false: only the child itself is signalled', async () => {
    const script = `sh -c 'echo $$ >&3; exec sleep 60 3>&- 2>&-' & wait`;
    const peer = shell(script, { group: false });
    const descendant = Number(await lineOf(peer.address.stream));
    cleanUp(() => process.kill(descendant, 'SIGKILL'));
    const group = (pid: number | undefined) =>
      processes().find((each) => each.pid === pid)?.group ?? NaN;
    expect(group(peer.pid)).toBe(group(process.pid));
    await closing(peer.address.stream.destroy());
    expect(isAlive(peer.pid)).toBe(false);
    expect(isAlive(descendant)).toBe(true);
  });
});

describe('a session with a process group', () => {
  it.each([
    ['disconnect()', {}],
    ['a forced disconnect()', { force: true }],
  ])('leaves nothing of it after %s', async (_, options) => {
    for (const script of Object.values(peers)) {
      const peer = shell(wrapper(script), { timeouts: { exit: 100, terminate: 100 } });
      const protocol = await sessionWith(peer);
      await protocol.disconnect(options);
      expect(living(peer.pid)).toEqual([]);
      expect(protocol.outcome).toMatchObject({ suppressed: [] });
      expect(protocol.outcome?.cause).toBeUndefined();
    }
  });
});
