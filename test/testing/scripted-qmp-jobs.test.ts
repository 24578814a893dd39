/** The jobs of a scripted server: their statuses and events, and what the commands about them do. */

import { describe, expect, it } from 'vitest';
import { ScriptError } from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { BACKUP, byHand, commandOf, statusOf } from './support.ts';

expectIdleAfterEach();

const START = ['created', 'running', 'paused', 'running'].map(statusOf);

describe('a block job', () => {
  it('goes through the statuses of QEMU, with their events', async () => {
    const { server, ask, take } = await byHand();
    expect(await ask(commandOf('blockdev-backup', BACKUP))).toEqual([...START, '{}']);
    server.job('j').advance();
    expect(server.job('j')).toMatchObject({ status: 'running', current: 50, total: 100 });
    server.job('j').advance();
    expect(await take(5)).toEqual([
      statusOf('waiting'),
      statusOf('pending'),
      'BLOCK_JOB_COMPLETED',
      statusOf('concluded'),
      statusOf('null'),
    ]);
    expect(await ask(commandOf('query-jobs'))).toEqual(['[]']);
    expect(server.job('j')).toMatchObject({ status: 'null', current: 100, error: undefined });
  });

  it('waits for job-finalize and job-dismiss if the command says so', async () => {
    const { server, ask, take } = await byHand();
    const manual = { ...BACKUP, 'auto-finalize': false, 'auto-dismiss': false };
    await ask(commandOf('blockdev-backup', manual));
    server.job().advance(100);
    expect(await take(3)).toEqual([statusOf('waiting'), statusOf('pending'), 'BLOCK_JOB_PENDING']);
    expect(await ask(commandOf('job-dismiss', { id: 'j' }))).toEqual([
      "GenericError: Job 'j' in state 'pending' cannot accept command verb 'dismiss'",
    ]);
    expect(await ask(commandOf('job-finalize', { id: 'j' }))).toEqual([
      'BLOCK_JOB_COMPLETED',
      statusOf('concluded'),
      '{}',
    ]);
    expect(await ask(commandOf('block-job-dismiss', { id: 'j' }))).toEqual([
      statusOf('null'),
      '{}',
    ]);
  });

  it('is shown by query-jobs and query-block-jobs', async () => {
    const { server, ask } = await byHand();
    await ask(commandOf('blockdev-backup', { ...BACKUP, speed: 7 }));
    server.job('j').advance(30);
    const [jobs = ''] = await ask(commandOf('query-jobs'));
    expect(JSON.parse(jobs)).toEqual([
      {
        id: 'j',
        type: 'backup',
        status: 'running',
        'current-progress': 30,
        'total-progress': 100,
      },
    ]);
    await ask(commandOf('block-job-set-speed', { device: 'j', speed: 8 }));
    const [blockJobs = ''] = await ask(commandOf('query-block-jobs'));
    expect(JSON.parse(blockJobs)).toMatchObject([
      { device: 'j', type: 'backup', len: 100, offset: 30, speed: 8, ready: false, paused: false },
    ]);
  });

  it('can be cancelled while it runs, is paused or is pending', async () => {
    const { server, ask, take } = await byHand();
    const cancelled = ['aborting', 'concluded', 'null'].map(statusOf);
    cancelled.splice(1, 0, 'BLOCK_JOB_CANCELLED');
    await ask(commandOf('blockdev-backup', BACKUP));
    expect(await ask(commandOf('job-cancel', { id: 'j' }))).toEqual([...cancelled, '{}']);
    expect(server.job('j').error).toBe('Operation canceled');

    await ask(commandOf('blockdev-backup', BACKUP));
    expect(await ask(commandOf('job-pause', { id: 'j' }))).toEqual([statusOf('paused'), '{}']);
    expect(await ask(commandOf('block-job-cancel', { device: 'j' }))).toEqual([
      "GenericError: The block job for device 'j' is currently paused",
    ]);
    expect(await ask(commandOf('block-job-cancel', { device: 'j', force: true }))).toEqual([
      statusOf('running'),
      ...cancelled,
      '{}',
    ]);

    await ask(commandOf('blockdev-backup', { ...BACKUP, 'auto-finalize': false }));
    server.job('j').advance(100);
    await take(3);
    expect(await ask(commandOf('job-cancel', { id: 'j' }))).toEqual([...cancelled, '{}']);
  });

  it('can be paused and resumed', async () => {
    const { server, ask } = await byHand();
    await ask(commandOf('blockdev-backup', BACKUP));
    expect(await ask(commandOf('job-resume', { id: 'j' }))).toEqual([
      "GenericError: Can't resume a job that was not paused",
    ]);
    await ask(commandOf('block-job-pause', { device: 'j' }));
    expect(await ask(commandOf('job-pause', { id: 'j' }))).toEqual([
      'GenericError: Job is already paused',
    ]);
    expect(() => {
      server.job('j').advance();
    }).toThrow(new ScriptError("The job 'j' cannot advance: its status is paused."));
    expect(await ask(commandOf('job-resume', { id: 'j' }))).toEqual([statusOf('running'), '{}']);
    server.job('j').advance();
    expect(server.job('j').current).toBe(50);
  });

  it('fails in place of its last step if its script has an error', async () => {
    const { server, ask, take } = await byHand({ error: 'No space left on device' });
    await ask(commandOf('blockdev-backup', { ...BACKUP, 'auto-dismiss': false }));
    server.job('j').advance();
    server.job('j').advance();
    expect(await take(4)).toEqual([
      'BLOCK_JOB_ERROR',
      statusOf('aborting'),
      'BLOCK_JOB_COMPLETED No space left on device',
      statusOf('concluded'),
    ]);
    const [jobs = ''] = await ask(commandOf('query-jobs'));
    expect(JSON.parse(jobs)).toMatchObject([
      { status: 'concluded', 'current-progress': 50, error: 'No space left on device' },
    ]);
  });

  it('fails at once by fail()', async () => {
    const { server, ask, take } = await byHand();
    await ask(commandOf('blockdev-backup', BACKUP));
    server.job('j').fail();
    await take(5);
    expect(server.job('j')).toMatchObject({ status: 'null', error: 'Input/output error' });
    expect(() => {
      server.job('j').fail();
    }).toThrow(ScriptError);
  });
});

describe('a mirror', () => {
  const MIRROR = { device: 'disk0', target: 'copy0', sync: 'full', 'job-id': 'm' };
  const READY = [statusOf('ready'), 'BLOCK_JOB_READY'];
  const COMPLETED = [
    statusOf('waiting'),
    statusOf('pending'),
    'BLOCK_JOB_COMPLETED',
    statusOf('concluded'),
    statusOf('null'),
  ];

  it.each([
    ['job-complete', { id: 'm' }],
    ['block-job-complete', { device: 'm' }],
    ['block-job-cancel', { device: 'm' }],
  ])('is ready after its last step, and ends by %s', async (command, args) => {
    const { server, ask, take } = await byHand();
    expect(await ask(commandOf('blockdev-mirror', MIRROR))).toEqual([
      statusOf('created'),
      statusOf('running'),
      '{}',
    ]);
    expect(await ask(commandOf('job-complete', { id: 'm' }))).toEqual([
      "GenericError: Job 'm' in state 'running' cannot accept command verb 'complete'",
    ]);
    server.job('m').advance(100);
    expect(await take(2)).toEqual(READY);
    expect(await ask(commandOf(command, args))).toEqual([...COMPLETED, '{}']);
  });

  it('that is paused when it is ready completes when it is resumed', async () => {
    const { server, ask, take } = await byHand();
    await ask(commandOf('blockdev-mirror', MIRROR));
    server.job('m').advance(100);
    await take(2);
    expect(await ask(commandOf('job-pause', { id: 'm' }))).toEqual([statusOf('standby'), '{}']);
    expect(await ask(commandOf('job-complete', { id: 'm' }))).toEqual(['{}']);
    expect(await ask(commandOf('job-resume', { id: 'm' }))).toEqual([
      statusOf('ready'),
      ...COMPLETED,
      '{}',
    ]);
  });

  it('ends by itself if its script says that it is never ready', async () => {
    const { server, ask, take } = await byHand({ ready: false });
    await ask(commandOf('blockdev-mirror', MIRROR));
    server.job('m').advance(100);
    expect(await take(5)).toEqual(COMPLETED);
  });
});

describe('a job that is no block job', () => {
  it('has no block events, and is kept for job-dismiss', async () => {
    const { server, ask, take } = await byHand();
    await ask(commandOf('blockdev-create', { 'job-id': 'c', options: {} }));
    server.job('c').advance(100);
    expect(await take(3)).toEqual(['waiting', 'pending', 'concluded'].map(statusOf));
    expect(await ask(commandOf('query-block-jobs'))).toEqual(['[]']);
    expect(await ask(commandOf('block-job-dismiss', { id: 'c' }))).toEqual([
      "DeviceNotActive: Block job 'c' not found",
    ]);
    expect(await ask(commandOf('job-dismiss', { id: 'c' }))).toEqual([statusOf('null'), '{}']);
  });
});
