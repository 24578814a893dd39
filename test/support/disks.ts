/** Servers with disks, for the tests of jobs. */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QmpClient } from '../../src/qmp/index.ts';
import { onSocket, RealPeer, startQemu } from './real-peers.ts';

export const MIB = 1 << 20;

/** A server with a full disk `src` of 4 MiB, an empty one `dst`, and one, `bad`, that fails when it is half written. */
export async function withDisks(start: (at: string) => RealPeer) {
  const { peer, address, directory } = await onSocket(start);
  const file = (name: string) => join(directory, name);
  await writeFile(file('src'), randomBytes(4 * MIB));
  for (const name of ['dst', 'bad']) await writeFile(file(name), Buffer.alloc(4 * MIB));
  const client = await peer.connect(address);
  for (const name of ['src', 'dst']) {
    await client.execute('blockdev-add', {
      driver: 'raw',
      'node-name': name,
      file: { driver: 'file', filename: file(name) },
    });
  }
  await client.execute('blockdev-add', {
    driver: 'raw',
    'node-name': 'bad',
    file: {
      driver: 'blkdebug',
      image: { driver: 'file', filename: file('bad') },
      'inject-error': [{ event: 'none', iotype: 'write', errno: 28, sector: 4096 }],
    },
  });
  return { peer, address, directory, client, file };
}

/** Which jobs the server knows. */
export const jobsOf = async (client: QmpClient) =>
  (await client.execute('query-jobs')).map(({ id }) => id);

/** Starts a QEMU with a monitor on this socket. */
export const qemuAt =
  (path: string, ...args: readonly string[]) =>
  (at: string): RealPeer =>
    startQemu(path, ...args, '-qmp', `unix:${at},server=on,wait=off`);

/** Starts a storage daemon with a monitor on this socket. */
export const daemonAt =
  (path: string) =>
  (at: string): RealPeer => {
    const chardev = ['--chardev', `socket,id=c0,path=${at},server=on,wait=off`];
    return new RealPeer(path, [...chardev, '--monitor', 'chardev=c0']);
  };
