/** A client's job() comes to the same end with each QEMU and with a scripted server. */

import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { recordTo } from '../../src/inspect/index.ts';
import type { JobOptions, QmpClient, QmpOptions } from '../../src/qmp/index.ts';
import { job, type Script } from '../../src/testing/index.ts';
import { expectIdleAfterEach, tempDir } from '../support/cleanup.ts';
import { createClient, createServer } from '../support/qmp.ts';
import { describeEachQemu, onSocket, startQemu } from '../support/real-peers.ts';

expectIdleAfterEach();

const SIZE = 16 * 1024 * 1024;
const DISKS = { device: 'src', target: 'dst', sync: 'full', 'job-id': 'j' } as const;

/** What a call of job() comes to: its result, or its error. */
type Program = (client: QmpClient) => Promise<unknown>;

const backup =
  (args: object = {}, options?: JobOptions): Program =>
  (client) =>
    client.job('blockdev-backup', { ...DISKS, ...args }, options);

/** Aborts when the job runs. */
const abortedBackup: Program = async (client) => {
  const controller = new AbortController();
  const running = client.job(
    'blockdev-backup',
    { ...DISKS, speed: 1024 },
    { signal: controller.signal },
  );
  await client.waitFor('JOB_STATUS_CHANGE', ({ data }) => data.status === 'running');
  controller.abort(new Error('enough'));
  return running;
};

const PROGRAMS: Readonly<Record<string, Program>> = {
  'a backup': backup(),
  'a backup that the client finalizes and dismisses': backup({
    'auto-finalize': false,
    'auto-dismiss': false,
  }),
  'a backup that fails': backup({ device: 'broken' }),
  'a backup that is aborted': abortedBackup,
  'a backup that takes too long': backup({ speed: 1024 }, { timeout: 100 }),
  'a mirror that is completed': (client) =>
    client.job('blockdev-mirror', DISKS, { onReady: 'complete' }),
  'a mirror that is stopped when it is ready': (client) =>
    client.job('blockdev-mirror', DISKS, { onReady: 'stop' }),
  'a job that another client cancels': async (client) => {
    const running = backup({ speed: 1024 })(client);
    await client.waitFor('JOB_STATUS_CHANGE', ({ data }) => data.status === 'running');
    await client.execute('job-cancel', { id: 'j' });
    return running;
  },
  'an invalid id': backup({ 'job-id': '1 bad' }),
};

/** Prepares the disks, runs a program, and returns what it came to and the jobs that are left. */
async function run(client: QmpClient, program: Program): Promise<object> {
  for (const name of ['src', 'dst']) {
    await client.execute('blockdev-add', {
      driver: 'null-co',
      'node-name': name,
      size: SIZE,
      'read-zeroes': true,
    });
  }
  await client.execute('blockdev-add', {
    driver: 'blkdebug',
    'node-name': 'broken',
    image: { driver: 'null-co', size: SIZE },
    'inject-error': [{ event: 'none', iotype: 'read', errno: 5, once: false }],
  });
  const statuses: string[] = [];
  client.on('JOB_STATUS_CHANGE', ({ data }) => statuses.push(data.status));
  const came = await program(client).catch((error: unknown) => String(error));
  const left = await client.execute('query-jobs');
  await client.disconnect();
  // QEMU pauses jobs now and then.
  const path = statuses.join(' ').replaceAll(' paused running', '');
  return { came, left, path };
}

const copy: Script = ({ arguments: { speed, device } }) => {
  if (speed !== undefined) return job({ total: SIZE, interval: Infinity });
  return job({ total: SIZE, ...(device === 'broken' && { error: 'Input/output error' }) });
};

describeEachQemu((path) => {
  /** Runs a program with QEMU. */
  async function runReal(program: Program, options?: QmpOptions): Promise<object> {
    const { peer, address } = await onSocket((socket) =>
      startQemu(path, '-qmp', `unix:${socket},server=on,wait=off`),
    );
    return run(await peer.connect(address, options), program);
  }

  it.each(Object.entries(PROGRAMS))('%s: comes to the same end', async (_, program) => {
    const real = await runReal(program);
    const server = createServer({
      strict: true,
      commands: { 'blockdev-add': {}, 'blockdev-backup': copy, 'blockdev-mirror': copy },
    });
    const client = createClient();
    await client.connect(await server.listen());
    expect(await run(client, program)).toEqual(real);
    await server.done();
  });

  it.each(['a backup', 'a backup that fails', 'a mirror that is completed'])(
    '%s: comes to the same end again when the recording of it is replayed',
    async (title) => {
      const program = PROGRAMS[title] ?? backup();
      const file = `${await tempDir()}/session.jsonl`;
      const recording = recordTo(file, { wire: true });
      const real = await runReal(program, { inspect: recording.inspect });
      await recording.close();
      const server = createServer({ replay: await readFile(file, 'utf8') });
      const client = createClient();
      await client.connect(await server.listen());
      expect(await run(client, program)).toEqual(real);
      await server.done();
    },
  );
});
