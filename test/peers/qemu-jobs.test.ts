/** Jobs of real QEMUs, from their start to their end. */

import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { HandlerError, TimeoutError } from '../../src/index.ts';
import {
  ExecInterruptedError,
  ExecuteError,
  JobError,
  type JobProgress,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { daemonAt, jobsOf, MIB, qemuAt, withDisks } from '../support/disks.ts';
import { describeEachQemu, describeEachVersion, type RealPeer } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const fractionsOf = (reports: readonly JobProgress[]) => reports.map(({ fraction }) => fraction);

const ofBlockLayer = (start: (at: string) => RealPeer): void => {
  it('copies a disk, reports the progress, and leaves no job behind', async () => {
    const { client, file } = await withDisks(start);
    const reports: JobProgress[] = [];
    const last = await client.job(
      'blockdev-backup',
      { device: 'src', target: 'dst', sync: 'full', speed: 4 * MIB },
      { onProgress: (progress) => reports.push(progress), every: 50 },
    );
    expect(last).toMatchObject({ type: 'backup', status: 'concluded', fraction: 1 });
    expect(last).toMatchObject({ current: 4 * MIB, total: 4 * MIB });
    expect(reports.at(-1)).toEqual(last);
    expect(fractionsOf(reports)).toEqual([...fractionsOf(reports)].sort((a, b) => a - b));
    expect(new Set(fractionsOf(reports)).size).toBeGreaterThan(1);
    expect(await jobsOf(client)).toEqual([]);
    expect((await readFile(file('dst'))).equals(await readFile(file('src')))).toBe(true);
    await client.disconnect();
  });

  it('cancels a backup when its signal is aborted, and can start it again at once', async () => {
    const { client } = await withDisks(start);
    const order = { 'job-id': 'b', device: 'src', target: 'dst', sync: 'full' } as const;
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = ({ status }: JobProgress) => {
      if (status === 'running') controller.abort(reason);
    };
    const { signal } = controller;
    const slow = client.job('blockdev-backup', { ...order, speed: MIB }, { signal, onProgress });
    expect(await rejection(slow)).toBe(reason);
    expect(await jobsOf(client)).toEqual([]);
    expect(await client.job('blockdev-backup', order)).toMatchObject({ id: 'b', fraction: 1 });
    await client.disconnect();
  });

  it('cancels a backup at its deadline, and when onProgress throws', async () => {
    const { client } = await withDisks(start);
    const order = { device: 'src', target: 'dst', sync: 'full', speed: MIB } as const;
    const late = await rejection(client.job('blockdev-backup', order, { timeout: 100 }));
    expect(late).toBeInstanceOf(TimeoutError);
    expect(late).toMatchObject({ phase: 'job', ms: 100 });
    const boom = new Error('boom');
    const onProgress = () => {
      throw boom;
    };
    const failed = await rejection(client.job('blockdev-backup', order, { onProgress }));
    expect(failed).toBeInstanceOf(HandlerError);
    expect(failed).toHaveProperty('cause', boom);
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it.each([{}, { 'auto-dismiss': true }, { 'auto-dismiss': false }])(
    'rejects with the error of a backup that fails, with %j',
    async (more) => {
      const { client } = await withDisks(start);
      const order = { device: 'src', target: 'bad', sync: 'full', ...more } as const;
      const error = await rejection(client.job('blockdev-backup', order));
      expect(error).toBeInstanceOf(JobError);
      const description = 'No space left on device';
      expect(error).toMatchObject({ command: 'blockdev-backup', type: 'backup', description });
      expect(await jobsOf(client)).toEqual([]);
      await client.disconnect();
    },
  );

  it('finalizes a job that waits for it', async () => {
    const { client } = await withDisks(start);
    const order = { device: 'src', target: 'dst', sync: 'full', 'auto-finalize': false } as const;
    expect(await client.job('blockdev-backup', order)).toMatchObject({ fraction: 1 });
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('refuses a job with the id of another one, which goes on', async () => {
    const { client } = await withDisks(start);
    const order = { 'job-id': 'b', device: 'src', target: 'dst', sync: 'full' } as const;
    const controller = new AbortController();
    const { signal } = controller;
    const first = client.job('blockdev-backup', { ...order, speed: MIB }, { signal });
    const second = client.job('blockdev-backup', { ...order, target: 'bad' });
    expect(await rejection(second)).toBeInstanceOf(ExecuteError);
    expect(await jobsOf(client)).toEqual(['b']);
    controller.abort();
    expect(await rejection(first)).toBe(signal.reason);
    await client.disconnect();
  });

  it('runs two jobs at once', async () => {
    const { client, file } = await withDisks(start);
    const create = (name: string) =>
      client.job('blockdev-create', {
        options: { driver: 'file', filename: file(name), size: MIB },
      });
    const [one, two] = await Promise.all([create('one'), create('two')]);
    expect([one, two]).toMatchObject([{ type: 'create' }, { type: 'create' }]);
    expect(one.id).not.toBe(two.id);
    expect((await readFile(file('two'))).length).toBe(MIB);
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('rejects with the error of a job that is no block job', async () => {
    const { client } = await withDisks(start);
    const options = { driver: 'file', filename: '/nowhere/at/all', size: MIB } as const;
    expect(await rejection(client.job('blockdev-create', { options }))).toMatchObject({
      type: 'create',
      description: "Could not create '/nowhere/at/all': No such file or directory",
    });
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('rejects when the session ends before the job, which goes on', async () => {
    const { peer, address, client } = await withDisks(start);
    const order = { 'job-id': 'b', device: 'src', target: 'dst', sync: 'full' } as const;
    const running = client.waitFor('JOB_STATUS_CHANGE', ({ data }) => data.status === 'running');
    const job = rejection(client.job('blockdev-backup', { ...order, speed: 16 * MIB }));
    await running;
    await client.disconnect();
    const error = await job;
    expect(error).toBeInstanceOf(ExecInterruptedError);
    expect(error).toHaveProperty('command', 'blockdev-backup');
    const next = await peer.connect(address);
    const concluded = async () => (await next.execute('query-jobs'))[0]?.status === 'concluded';
    await expect.poll(concluded).toBe(true);
    await next.execute('job-dismiss', { id: 'b' });
    await next.disconnect();
  });

  it('reports a job that quit has cancelled', async () => {
    const { client, peer } = await withDisks(start);
    const order = { device: 'src', target: 'dst', sync: 'full', speed: MIB } as const;
    const running = client.waitFor('JOB_STATUS_CHANGE', ({ data }) => data.status === 'running');
    const job = rejection(client.job('blockdev-backup', order));
    await running;
    await client.execute('quit');
    expect(await job).toMatchObject({ code: 'ERR_QMP_JOB', type: 'backup' });
    expect(await peer.exited).toBe(0);
    await client.disconnect();
  });
};

describeEachQemu((path) => {
  ofBlockLayer(qemuAt(path));
});

describeEachVersion('qemu-storage-daemon', (path) => {
  ofBlockLayer(daemonAt(path));
});
