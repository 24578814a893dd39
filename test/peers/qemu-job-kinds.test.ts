/** The kinds of jobs of real QEMUs: incremental backups, streams, commits, snapshots. */

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { jobsOf, MIB, qemuAt, withDisks } from '../support/disks.ts';
import { describeEachQemu } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

describeEachQemu((path) => {
  const image = (name: string, ...args: readonly string[]) =>
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...args, name, '4M']);

  it('copies only what has changed since the last backup', async () => {
    const { client, file } = await withDisks(qemuAt(path));
    const bitmap = { node: 'src', name: 'since-full' };
    await client.execute('block-dirty-bitmap-add', bitmap);
    const order = { device: 'src', target: 'dst', sync: 'full' } as const;
    await client.job('blockdev-backup', order);
    const incremental = { ...order, sync: 'incremental', bitmap: bitmap.name } as const;
    expect(await client.job('blockdev-backup', incremental)).toMatchObject({
      total: 0,
      fraction: 1,
    });
    expect(await client.hmp('qemu-io src "write -P 7 1M 64k"')).toBe('');
    const { total } = await client.job('blockdev-backup', incremental);
    expect(total).toBe(64 * 1024);
    const [source, copy] = [await readFile(file('src')), await readFile(file('dst'))];
    expect(copy.equals(source)).toBe(true);
    expect(copy[MIB]).toBe(7);
    await client.disconnect();
  });

  it('streams a backing file into its overlay, and commits an overlay', async () => {
    const { client, file } = await withDisks(qemuAt(path));
    image(file('base'));
    image(file('top'), '-b', file('base'), '-F', 'qcow2');
    const overlay = {
      driver: 'qcow2',
      'node-name': 'top',
      file: { driver: 'file', filename: file('top') },
    } as const;
    await client.execute('blockdev-add', overlay);
    expect(await client.job('block-stream', { device: 'top' })).toMatchObject({ type: 'stream' });
    await client.execute('blockdev-del', { 'node-name': 'top' });
    image(file('top'), '-b', file('base'), '-F', 'qcow2');
    await client.execute('blockdev-add', overlay);
    expect(await client.job('block-commit', { device: 'top' })).toMatchObject({ type: 'commit' });
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('saves, loads and deletes a snapshot of the machine', async () => {
    const { client, file } = await withDisks(qemuAt(path, '-M', 'pc', '-m', '16'));
    image(file('vm'));
    await client.execute('blockdev-add', {
      driver: 'qcow2',
      'node-name': 'vm',
      file: { driver: 'file', filename: file('vm') },
    });
    const snapshot = { tag: 'one', vmstate: 'vm', devices: ['vm'] };
    expect(await client.job('snapshot-save', snapshot)).toMatchObject({ type: 'snapshot-save' });
    expect(await rejection(client.job('snapshot-save', snapshot))).toMatchObject({
      type: 'snapshot-save',
      description: "Snapshot 'one' already exists in one or more devices",
    });
    expect(await client.job('snapshot-load', snapshot)).toMatchObject({ fraction: 1 });
    const { tag, devices } = snapshot;
    expect(await client.job('snapshot-delete', { tag, devices })).toMatchObject({ fraction: 1 });
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });
});
