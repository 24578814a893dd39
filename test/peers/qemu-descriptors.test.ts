/** Descriptors that real QEMUs get from us: each must be the right file, by its contents. */

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { spawnPeer } from '../../src/index.ts';
import type { QmpClient } from '../../src/qmp/index.ts';
import { cleanUp, expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient } from '../support/qmp.ts';
import { describeEachQemu, dialingMonitor, onSocket, startQemu } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const ROUNDS = 30;
const SECTOR_BYTES = 512;
const MONITOR = ['-chardev', 'socket,id=c,fd=3,server=off', '-mon', 'chardev=c,mode=control'];
const MINIMAL = ['-M', 'none', '-display', 'none', '-nodefaults', '-S'];

/** Makes files whose sizes, in sectors, and contents all differ. */
async function fileMaker() {
  const directory = await tempDir();
  let made = 0;
  return () => {
    made += 1;
    const content = `file ${String(made)} `.padEnd(made * SECTOR_BYTES, '.');
    const path = join(directory, String(made));
    writeFileSync(path, content);
    const fd = openSync(path, 'r');
    cleanUp(() => {
      closeSync(fd);
    });
    return { fd, content };
  };
}

describeEachQemu((path, version) => {
  const connected = async () => {
    const { peer, address } = await onSocket((at) =>
      startQemu(path, '-qmp', `unix:${at},server=on,wait=off`),
    );
    const pid = peer.child.pid ?? 0;
    const contentOf = (fd: number) => readFileSync(`/proc/${String(pid)}/fd/${String(fd)}`, 'utf8');
    return { client: await peer.connect(address), contentOf };
  };

  /** The size of a file in sectors, as QEMU sees it by what stands for its name. */
  async function sectorsOf(client: QmpClient, filename: string): Promise<number> {
    const name = `node-${filename.replaceAll('/', '-')}`.slice(-31);
    await client.execute('blockdev-add', {
      driver: 'file',
      'node-name': name,
      filename,
      'read-only': true,
    });
    const nodes = await client.execute('query-named-block-nodes', { flat: true });
    const node = nodes.find((other) => other['node-name'] === name);
    await client.execute('blockdev-del', { 'node-name': name });
    return Number(node?.image['virtual-size']) / SECTOR_BYTES;
  }

  it('gets the right file each time, of three at once beside other commands', async () => {
    const { client, contentOf } = await connected();
    const makeFile = await fileMaker();
    for (let round = 0; round < ROUNDS; round += 1) {
      const files = [makeFile(), makeFile(), makeFile()];
      const beside: Promise<unknown>[] = [
        ...Array.from({ length: 12 }, () => client.execute('query-status')),
        ...Array.from({ length: 3 }, () => client.execute('query-yank', undefined, { oob: true })),
      ];
      const added = await Promise.all(
        files.map(async ({ fd }, at) => {
          beside.push(client.execute('query-name'));
          if (at === 1) beside.push(client.execute('query-yank', undefined, { oob: true }));
          return client.addFd(fd, { opaque: `${String(round)}.${String(at)}` });
        }),
      );
      await Promise.all(beside);
      expect(added.map(({ fd }) => contentOf(fd))).toEqual(files.map(({ content }) => content));
    }
    await client.disconnect();
  });

  it('opens a file by the path of its set', async () => {
    const { client } = await connected();
    const makeFile = await fileMaker();
    const files = [makeFile(), makeFile(), makeFile()];
    const added = await Promise.all(files.map(({ fd }) => client.addFd(fd)));
    const sizes = [];
    for (const { path } of added) sizes.push(await sectorsOf(client, path));
    expect(sizes).toEqual([1, 2, 3]);
    expect(added.map(({ fdset }) => `/dev/fdset/${String(fdset)}`)).toEqual(
      added.map((one) => one.path),
    );
    await client.disconnect();
  });

  it('adds a descriptor to a set that was chosen, with a text', async () => {
    const { client } = await connected();
    const makeFile = await fileMaker();
    const [read, write] = [makeFile(), makeFile()];
    await client.addFd(read.fd, { fdset: 9, opaque: 'read' });
    expect(await client.addFd(write.fd, { fdset: 9, opaque: '' })).toMatchObject({
      fdset: 9,
      path: '/dev/fdset/9',
    });
    const [set] = await client.execute('query-fdsets');
    expect(set?.fds.map(({ opaque }) => opaque).toSorted()).toEqual(['', 'read']);
    await client.disconnect();
  });

  it('keeps a socket under a name, and migrates to it', async () => {
    const { client } = await connected();
    const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    const stream = buffer(cat.stdout);
    const end: unknown = cat.stdin;
    await client.getFd(end as Socket, 'target');
    cat.stdin.destroy(); // QEMU has its own.
    await client.execute('migrate', { uri: 'fd:target' });
    expect((await stream).toString('latin1', 0, 4)).toBe('QEVM');
    await client.disconnect();
  });

  it('goes on with the next descriptor when a command fails', async () => {
    const { client, contentOf } = await connected();
    const makeFile = await fileMaker();
    const files = [makeFile(), makeFile()];
    const refused = client.execute('add-fd', { 'fdset-id': -1 });
    const added = files.map(({ fd }) => client.addFd(fd));
    expect(await rejection(refused)).toMatchObject({ code: 'ERR_QMP_EXECUTE' });
    const contents = (await Promise.all(added)).map(({ fd }) => contentOf(fd));
    expect(contents).toEqual(files.map(({ content }) => content));
    await client.disconnect();
  });

  it('has the files that it was started with', async () => {
    const makeFile = await fileMaker();
    const files = [makeFile(), makeFile()];
    const sets = ['-add-fd', 'fd=4,set=2', '-add-fd', 'fd=5,set=3'];
    const { address } = spawnPeer(path, [...MINIMAL, ...MONITOR, ...sets], {
      fds: { 4: files[0]?.fd ?? -1, 5: files[1]?.fd ?? -1 },
    });
    const client = createClient();
    await client.connect(address);
    expect(await sectorsOf(client, '/dev/fdset/2')).toBe(1);
    expect(await sectorsOf(client, '/dev/fdset/3')).toBe(2);
    await client.disconnect();
  });

  it('gets a descriptor over the socket that it has dialed', async () => {
    const { fd } = (await fileMaker())();
    const client = createClient();
    const socket = join(await tempDir(), 'qmp.sock');
    await client.listen({ path: socket });
    startQemu(path, ...dialingMonitor(socket, version));
    await client.accept();
    const { path: name } = await client.addFd(fd);
    expect(await sectorsOf(client, name)).toBe(1);
    await client.disconnect();
  });

  it('gets a descriptor over the socket that it has inherited', async () => {
    const { fd } = (await fileMaker())();
    const { address } = spawnPeer(path, [...MINIMAL, ...MONITOR]);
    const client = createClient();
    await client.connect(address);
    const { path: name } = await client.addFd(fd);
    expect(await sectorsOf(client, name)).toBe(1);
    await client.disconnect();
  });
});
