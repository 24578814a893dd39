/** job(): progress, and mirrors that are ready. */

import { describe, expect, it } from 'vitest';
import { HandlerError } from '../../src/index.ts';
import { ExecuteError, type JobProgress } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { gate, hasSettled, rejection } from '../support/signal.ts';
import { count, jobInfo, Refusal, running, settle } from './operation-support.ts';

expectIdleAfterEach();

describe('the progress of job()', () => {
  it('is reported when it changes: on a change of the status, and every so often', async () => {
    const reports: JobProgress[] = [];
    const onProgress = (progress: JobProgress) => reports.push(progress);
    const { client, clock, state, change, end, job } = await running({ onProgress, every: 50 });
    const seen = () => reports.splice(0).map(({ status, fraction }) => [status, fraction]);
    expect(seen()).toEqual([['running', 0]]);
    state.job = jobInfo('b', 'running', 25);
    await clock.pass(49);
    expect(seen()).toEqual([]);
    await clock.pass(1);
    expect(seen()).toEqual([['running', 0.25]]);
    await clock.pass(50);
    expect(seen()).toEqual([]);
    state.job = jobInfo('b', 'paused', 30);
    await change('b', 'paused');
    expect(seen()).toEqual([['paused', 0.3]]);
    await end();
    expect(seen()).toEqual([['concluded', 1]]);
    expect(await job).toMatchObject({ status: 'concluded' });
    expect(clock.pending).toBe(0);
    await client.disconnect();
  });

  it('is not asked for without onProgress, until the job has ended', async () => {
    const served = await running();
    await served.clock.pass(10_000);
    expect(count(served, 'query-jobs')).toBe(0);
    await served.end();
    await served.job;
    expect(count(served, 'query-jobs')).toBe(1);
    await served.client.disconnect();
  });

  it('is asked for once at a time, however slow the server is and however often the status changes', async () => {
    const served = await running({ onProgress: () => undefined, every: 50 });
    const before = count(served, 'query-jobs');
    served.answers['query-jobs'] = () => undefined;
    await served.clock.pass(50);
    for (let round = 0; round < 20; round += 1) await served.change('b', 'paused', 'running');
    await served.clock.pass(1000);
    expect(count(served, 'query-jobs')).toBe(before + 1);
    await served.client.disconnect();
    await served.settled;
    expect(served.clock.pending).toBe(0);
  });

  it('is reported again only when the promise of onProgress has resolved', async () => {
    const { opened, open } = gate();
    const reports: number[] = [];
    const onProgress = async ({ current }: JobProgress) => {
      reports.push(current);
      if (reports.length === 1) await opened;
    };
    const { client, clock, state, end, job } = await running({ onProgress, every: 50 });
    for (const current of [10, 20, 30]) {
      state.job = jobInfo('b', 'running', current);
      await clock.pass(50);
    }
    expect(reports).toEqual([0]);
    await end();
    expect(await hasSettled(job)).toBe(false);
    open();
    await job;
    expect(reports).toEqual([0, 100]);
    await client.disconnect();
  });

  it('is 0 for a job that does not count, and 1 for one that had nothing to do', async () => {
    const { client, change, state, job } = await running();
    state.job = jobInfo('b', 'concluded', 0, 0);
    await change('b', 'concluded');
    expect(await job).toMatchObject({ total: 0, fraction: 1 });
    await client.disconnect();
  });

  it.each(['onProgress', 'onReady'] as const)(
    'of a callback %s that throws is a HandlerError, when the job was cancelled',
    async (name) => {
      const boom = new Error('boom');
      const fail = () => Promise.reject(boom);
      const served = await running({ [name]: fail });
      await served.change('b', 'ready');
      expect(served.received.at(-1)).toMatchObject({
        execute: 'job-cancel',
        arguments: { id: 'b' },
      });
      expect(await hasSettled(served.job)).toBe(false);
      await served.end('aborting');
      const error = await rejection(served.job);
      expect(error).toBeInstanceOf(HandlerError);
      expect(error).toMatchObject({ cause: boom, message: `The callback ${name} threw: boom` });
      expect(served.names()).not.toContain('job-complete');
      expect(served.clock.pending).toBe(0);
      await served.client.disconnect();
    },
  );

  it('rejects with the error of its callback, although the job could not be cancelled any more', async () => {
    const served = await running({ onProgress: () => Promise.reject(new Error('boom')) });
    served.answers['job-cancel'] = () => new Refusal('Job not found');
    await served.end();
    expect(await rejection(served.job)).toBeInstanceOf(HandlerError);
    await served.client.disconnect();
  });
});

describe('a job that is ready', () => {
  it.each([
    ['complete', 'job-complete', { id: 'b' }],
    ['stop', 'block-job-cancel', { device: 'b' }],
  ] as const)('is told to %s, once', async (onReady, command, args) => {
    const served = await running({ onReady });
    await served.change('b', 'ready', 'standby', 'ready');
    expect(served.received.at(-1)).toMatchObject({ execute: command, arguments: args });
    await served.end('waiting', 'pending');
    expect(await served.job).toMatchObject({ status: 'concluded' });
    expect(count(served, command)).toBe(1);
    await served.client.disconnect();
  });

  it('is told so once by a server that repeats itself', async () => {
    let calls = 0;
    const onReady = () => (calls += 1);
    const served = await running({ onReady });
    for (let round = 0; round < 20; round += 1) {
      await served.change('b', 'created', 'running', 'ready', 'pending');
    }
    expect(calls).toBe(1);
    expect(count(served, 'job-complete')).toBe(1);
    await served.end();
    await served.job;
    await served.client.disconnect();
  });

  it('resolves with onReady: resolve, and is left alone', async () => {
    const served = await running({ onReady: 'resolve' });
    served.state.job = jobInfo('b', 'ready', 100);
    await served.change('b', 'ready');
    expect(await served.job).toMatchObject({ id: 'b', status: 'ready', fraction: 1 });
    expect(served.names()).toEqual(['blockdev-mirror', 'query-jobs']);
    await served.client.disconnect();
  });

  it('waits for onReady, which gets the progress', async () => {
    const { opened, open } = gate();
    const seen: JobProgress[] = [];
    const served = await running({
      onReady: async (progress) => {
        seen.push(progress);
        await opened;
        return 'stop';
      },
    });
    served.state.job = jobInfo('b', 'ready', 100);
    await served.change('b', 'ready');
    expect(seen).toMatchObject([{ status: 'ready', current: 100 }]);
    expect(served.names()).not.toContain('block-job-cancel');
    open();
    await settle();
    expect(served.names()).toContain('block-job-cancel');
    await served.end();
    await served.job;
    await served.client.disconnect();
  });

  it('fails while onReady has its time: job() does not wait for it', async () => {
    const { opened, open } = gate();
    const served = await running({ onReady: () => opened });
    await served.change('b', 'ready');
    await served.end('aborting');
    expect(await rejection(served.job)).toHaveProperty('code', 'ERR_QMP_JOB');
    open();
    await settle();
    expect(served.names()).not.toContain('job-complete');
    await served.client.disconnect();
  });

  it('is cancelled if it cannot be completed', async () => {
    const served = await running();
    served.answers['job-complete'] = () => new Refusal('no such node');
    await served.change('b', 'ready');
    expect(served.names().at(-1)).toBe('job-cancel');
    await served.end('aborting');
    const error = await rejection(served.job);
    expect(error).toBeInstanceOf(ExecuteError);
    expect(error).toHaveProperty('command', 'job-complete');
    await served.client.disconnect();
  });

  it('rejects with its own error if it has ended before it could be completed', async () => {
    const served = await running();
    served.answers['job-complete'] = () => undefined;
    await served.change('b', 'ready');
    served.answers['query-jobs'] = () => undefined;
    await served.end('aborting');
    const complete = served.received.find(({ execute }) => execute === 'job-complete');
    const error = { class: 'GenericError', desc: 'Job not found' };
    served.monitor.send({ error, id: complete?.id });
    await settle();
    await served.reply('query-jobs', [served.state.job]);
    expect(await rejection(served.job)).toMatchObject({
      code: 'ERR_QMP_JOB',
      description: 'Operation canceled',
    });
    await served.client.disconnect();
  });
});
