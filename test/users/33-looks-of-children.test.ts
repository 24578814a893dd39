/** What a spawned program looks like in a log. */

import { inspect } from 'node:util';
import { spawnPeer } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

it('shows the program, its process id, and how far it is', async () => {
  const peer = spawnPeer('sh', ['-c', 'read _ <&3; read _ <&3', 'secret'], {
    timeouts: { exit: Infinity, terminate: Infinity },
  });
  onTestFinished(() => {
    peer.kill('SIGKILL');
  });
  const pid = String(peer.pid);
  expect(String(peer)).toBe(`<SpawnedPeer command='sh' pid=${pid} running>`);
  expect(inspect(peer)).toBe(String(peer));
  expect(inspect({ peer })).toBe(`{ peer: <SpawnedPeer command='sh' pid=${pid} running> }`);
  peer.kill('SIGSTOP');
  peer.address.stream.resume().end();
  const exiting = `<SpawnedPeer command='sh' pid=${pid} exiting>`;
  await expect.poll(() => String(peer)).toBe(exiting);
  peer.kill('SIGKILL');
  await peer.exited;
  expect(String(peer)).toBe(`<SpawnedPeer command='sh' pid=${pid} signal=SIGKILL>`);
});

it('shows how it ended', async () => {
  const peer = spawnPeer('sh', ['-c', 'exit 3']);
  await peer.exited;
  expect(String(peer)).toBe(`<SpawnedPeer command='sh' pid=${String(peer.pid)} exitCode=3>`);
  const missing = spawnPeer('/no/such/program');
  await missing.exited;
  expect(String(missing)).toBe("<SpawnedPeer command='/no/such/program' could not be started>");
});

it('can be taken apart', async () => {
  const { exited, kill, pid } = spawnPeer('sleep', ['60']);
  expect(pid).toBeGreaterThan(0);
  expect(kill()).toBe(true);
  expect(await exited).toEqual({ exitCode: null, signal: 'SIGTERM', stderr: '' });
});
