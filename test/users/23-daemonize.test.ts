/** A program that makes a daemon of itself, such as QEMU with `-daemonize`. */

import { AsyncProtocol, lines, spawnPeer, type SpawnPeerOptions } from 'wirechart';
import { expect, it, onTestFinished } from 'vitest';

/**
 * Starts a program that exits with code 0 as soon as its daemon, which has left the process group and holds the
 * connection, has greeted.
 */
async function daemon(options?: SpawnPeerOptions) {
  const script =
    "setsid sh -c 'echo $$ >&3; exec sleep 60' </dev/null >/dev/null 2>&1 & read _ <&3; exit 0";
  const peer = spawnPeer('sh', ['-c', script], options);
  let pid = NaN;
  const protocol = new AsyncProtocol({
    codec: lines(),
    handshake: async (session) => {
      pid = Number(await session.receive());
      await session.send('greeted');
    },
  });
  onTestFinished(() => {
    process.kill(pid, 'SIGKILL');
  });
  await protocol.connect(peer.address);
  return { peer, protocol, isAlive: () => process.kill(pid, 0) };
}

it.each([
  ['by itself', {}],
  ['with keep', { keep: true, stderr: 'ignore' }],
] as const)('ends the session with an error that says so: %s', async (_, options) => {
  const { peer, protocol, isAlive } = await daemon(options);
  const { cause } = await protocol.closed;
  expect(cause).toMatchObject({ code: 'ERR_CLOSED', cause: { cause: { exitCode: 0 } } });
  expect(cause?.message).toMatch(
    /^sh exited with code 0, but .* still holds the connection; .*QEMU: without -daemonize/,
  );
  expect(await peer.exited).toMatchObject({ exitCode: 0 });
  expect(isAlive()).toBe(true);
  await expect(protocol.disconnect()).rejects.toBe(cause);
});
