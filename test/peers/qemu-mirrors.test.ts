/** Mirrors of real QEMUs: jobs that become ready, and have to be told to complete. */

import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { JobProgress } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { daemonAt, jobsOf, qemuAt, withDisks } from '../support/disks.ts';
import { describeEachQemu, describeEachVersion, type RealPeer } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const ofMirrors = (start: (at: string) => RealPeer): void => {
  const order = { device: 'src', target: 'dst', sync: 'full' } as const;

  it('mirrors a disk: is completed when it is ready', async () => {
    const { client } = await withDisks(start);
    expect(await client.job('blockdev-mirror', order)).toMatchObject({
      type: 'mirror',
      status: 'concluded',
      fraction: 1,
    });
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('mirrors a disk: is completed, or stopped, when onReady has had its time', async () => {
    const { client, file } = await withDisks(start);
    const seen: string[] = [];
    for (const action of ['stop', undefined] as const) {
      const onReady = async ({ status }: JobProgress) => {
        await client.execute('query-block-jobs');
        seen.push(status);
        return action;
      };
      expect(await client.job('blockdev-mirror', order, { onReady })).toMatchObject({
        status: 'concluded',
      });
    }
    expect(seen).toEqual(['ready', 'ready']);
    expect((await readFile(file('dst'))).equals(await readFile(file('src')))).toBe(true);
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('mirrors a disk: can be left ready, to be completed later', async () => {
    const { client } = await withDisks(start);
    const { id, status } = await client.job('blockdev-mirror', order, { onReady: 'resolve' });
    expect(status).toBe('ready');
    const filter = ({ data }: { data: { device: string } }) => data.device === id;
    const completed = await client.executeAndWait('job-complete', { id }, 'BLOCK_JOB_COMPLETED', {
      filter,
    });
    expect(completed).toMatchObject({ data: { type: 'mirror' }, returned: {} });
    expect(completed.data).not.toHaveProperty('error');
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('mirrors a disk: fails with the error of its target, whatever was to happen when it is ready', async () => {
    const { client } = await withDisks(start);
    for (const onReady of ['complete', 'stop', 'resolve'] as const) {
      const failing = client.job('blockdev-mirror', { ...order, target: 'bad' }, { onReady });
      expect(await rejection(failing)).toMatchObject({
        type: 'mirror',
        description: 'No space left on device',
      });
    }
    expect(await jobsOf(client)).toEqual([]);
    await client.disconnect();
  });

  it('mirrors a disk: is cancelled while it is ready, and while it waits after an error', async () => {
    const { client } = await withDisks(start);
    const onlyWhen = async (wanted: string, target: string) => {
      const controller = new AbortController();
      const { signal } = controller;
      const mirror = client.job(
        'blockdev-mirror',
        { ...order, target, 'on-target-error': 'stop' },
        {
          signal,
          onReady: () => new Promise(() => undefined),
          onProgress: ({ status }) => {
            if (status === wanted) controller.abort();
          },
        },
      );
      expect(await rejection(mirror)).toBe(signal.reason);
      expect(await jobsOf(client)).toEqual([]);
    };
    await onlyWhen('ready', 'dst');
    await onlyWhen('paused', 'bad');
    await client.disconnect();
  });
};

describeEachQemu((path) => {
  ofMirrors(qemuAt(path));
});

describeEachVersion('qemu-storage-daemon', (path) => {
  ofMirrors(daemonAt(path));
});
