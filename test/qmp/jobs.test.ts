/** job(): from the command to the end of the job. */

import { describe, expect, it } from 'vitest';
import { ArgumentError, ClosedError, StateError } from '../../src/index.ts';
import { ExecInterruptedError, ExecuteError, JobError } from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { jobInfo, Refusal, serve, settle } from './operation-support.ts';

expectIdleAfterEach();

const BACKUP = { device: 'd', target: 't', sync: 'full' } as const;
const NAMED = { ...BACKUP, 'job-id': 'b' } as const;
const CREATE = { options: { driver: 'file', filename: '/f', size: 1 } } as const;

/** A server with one job, `b`, that has ended as `query-jobs` says. */
const serveEnded = (status = 'concluded', error?: string) =>
  serve({ 'query-jobs': () => [jobInfo('b', status, 100, 100, error)] });

describe('job()', () => {
  it('gives the job an id, keeps it until its error was read, and dismisses it', async () => {
    const { client, received, change, names, answers } = await serve();
    const job = client.job('blockdev-backup', BACKUP);
    await settle();
    const args = received[0]?.arguments ?? {};
    expect(args).toEqual({
      ...BACKUP,
      'job-id': expect.any(String) as unknown,
      'auto-dismiss': false,
    });
    const id = String(args['job-id']);
    expect(id).toMatch(/^blockdev-backup-[a-z0-9]+$/);
    answers['query-jobs'] = () => [jobInfo('x', 'running'), jobInfo(id, 'concluded', 100, 100)];
    await change(id, 'created', 'running', 'waiting', 'pending', 'concluded');
    expect(await job).toEqual({
      ...{ id, type: 'backup', status: 'concluded', current: 100, total: 100, fraction: 1 },
    });
    expect(names()).toEqual(['blockdev-backup', 'query-jobs', 'job-dismiss']);
    expect(received.at(-1)?.arguments).toEqual({ id });
    await client.disconnect();
  });

  it('gives each job an id of its own, and sends what its caller has said as it is', async () => {
    const { client, received } = await serve();
    const given = { ...NAMED, 'auto-dismiss': true, speed: 5 } as const;
    const jobs = [
      client.job('blockdev-create', CREATE),
      client.job('blockdev-create', CREATE),
      client.job('blockdev-backup', given),
      client.job('blockdev-mirror', BACKUP, { onReady: 'resolve' }),
    ];
    await settle();
    const [one, two, three, four] = received.map((command) => command.arguments ?? {});
    expect(one?.['job-id']).not.toBe(two?.['job-id']);
    expect(one).toEqual({ ...CREATE, 'job-id': expect.any(String) as unknown });
    expect(three).toEqual(given);
    expect(four).not.toHaveProperty('auto-dismiss');
    await client.disconnect();
    for (const job of jobs) expect(await rejection(job)).toBeInstanceOf(ExecInterruptedError);
  });

  it('rejects when the server has replied, and has no such job', async () => {
    const { client, clock, names } = await serve({ 'query-jobs': () => [jobInfo('x', 'running')] });
    const rejected = rejection(client.job('blockdev-backup', NAMED));
    await settle();
    await clock.pass(1_999);
    expect(names()).toEqual(['blockdev-backup']);
    await clock.pass(1);
    expect(await rejected).toBeInstanceOf(JobError);
    expect(await rejected).toMatchObject({
      message:
        "blockdev-backup: the job 'b' failed: the server has replied, and has no such job " +
        '(no JOB_STATUS_CHANGE, and not in query-jobs)',
      request: { execute: 'blockdev-backup' },
    });
    expect(clock.pending).toBe(0);
    await client.disconnect();
  });

  it('waits for a job that is announced late, and asks for no job that was announced', async () => {
    const { client, clock, change, names } = await serveEnded();
    const late = client.job('blockdev-backup', NAMED);
    await settle();
    await clock.pass(2_000);
    expect(names()).toEqual(['blockdev-backup', 'query-jobs']);
    await change('b', 'created', 'concluded');
    expect(await late).toMatchObject({ id: 'b' });
    const announced = client.job('blockdev-backup', NAMED);
    await settle();
    await change('b', 'created');
    const before = names().length;
    await clock.pass(2_000);
    expect(names()).toHaveLength(before);
    await change('b', 'concluded');
    await announced;
    await client.disconnect();
  });

  it('resolves although all events of the job have arrived before the reply', async () => {
    const { client, change, reply, names, answers } = await serveEnded();
    answers['blockdev-backup'] = () => undefined;
    const job = client.job('blockdev-backup', NAMED);
    await settle();
    await change('b', 'created', 'running', 'concluded');
    expect(await hasSettled(job)).toBe(false);
    await reply('blockdev-backup');
    expect(await job).toMatchObject({ id: 'b', fraction: 1 });
    expect(names().filter((name) => name === 'job-dismiss')).toHaveLength(1);
    await client.disconnect();
  });

  it('ignores other jobs, and an older job of the same id', async () => {
    const { client, monitor, change } = await serveEnded();
    const job = client.job('blockdev-backup', NAMED);
    await settle();
    await change('x', 'created', 'aborting', 'concluded', 'null');
    await change('b', 'aborting', 'concluded', 'null');
    monitor.send(
      eventOf('JOB_STATUS_CHANGE', { id: 'b', status: 7 }),
      eventOf('JOB_STATUS_CHANGE'),
    );
    await change('b', 'created', 'running');
    expect(await hasSettled(job)).toBe(false);
    await change('b', 'concluded');
    expect(await job).toMatchObject({ id: 'b' });
    await client.disconnect();
  });

  it('rejects with the error of the job, and dismisses it', async () => {
    const { client, change, names } = await serveEnded('concluded', 'No \x1b space');
    const job = rejection(client.job('blockdev-backup', NAMED));
    await settle();
    await change('b', 'created', 'running', 'aborting', 'concluded');
    const error = await job;
    expect(error).toBeInstanceOf(JobError);
    expect(error).toMatchObject({
      message: "blockdev-backup: the job 'b' failed: No \\x1b space",
      ...{ code: 'ERR_QMP_JOB', id: 'b', command: 'blockdev-backup', type: 'backup' },
      ...{ description: 'No \x1b space', retryable: true },
      request: { execute: 'blockdev-backup', arguments: { ...NAMED, 'auto-dismiss': false } },
    });
    expect(names().at(-1)).toBe('job-dismiss');
    await client.disconnect();
  });

  it('has the error of a job that has dismissed itself from its last event', async () => {
    const { client, monitor, change, names } = await serve({ 'query-jobs': () => [] });
    const job = rejection(client.job('blockdev-backup', { ...NAMED, 'auto-dismiss': true }));
    await settle();
    await change('b', 'created', 'running', 'aborting');
    const data = { device: 'b', type: 'backup', len: 8, offset: 4, speed: 0, error: 'No space' };
    monitor.send(eventOf('BLOCK_JOB_COMPLETED', { ...data, device: 'x', error: 'of another' }));
    monitor.send(eventOf('BLOCK_JOB_COMPLETED', data));
    await change('b', 'concluded', 'null');
    expect(await job).toMatchObject({ type: 'backup', description: 'No space' });
    expect(names()).not.toContain('job-dismiss');
    await client.disconnect();
  });

  it('has the progress of a job that has dismissed itself from its last event', async () => {
    const { client, monitor, change } = await serve({ 'query-jobs': () => [] });
    const job = client.job('blockdev-backup', { ...NAMED, 'auto-dismiss': true });
    await settle();
    await change('b', 'created', 'running');
    monitor.send(
      eventOf('BLOCK_JOB_COMPLETED', { device: 'b', type: 'backup', len: 8, offset: 8 }),
    );
    await change('b', 'concluded', 'null');
    expect(await job).toMatchObject({ status: 'concluded', current: 8, total: 8, fraction: 1 });
    await client.disconnect();
  });

  it.each([
    ['a server that answers with nonsense', () => [null, 7, { id: 'b' }, 'b', [[]]]],
    ['a server that answers with an object', () => ({ id: 'b', status: 'concluded' })],
    ['a server that refuses query-jobs', () => new Refusal('no')],
  ])('says what it knows of a job that has failed, with %s', async (_, answer) => {
    const { client, change } = await serve({ 'query-jobs': answer });
    const job = rejection(client.job('blockdev-backup', NAMED, { onProgress: () => undefined }));
    await settle();
    await change('b', 'created', 'running', 'strange', 'aborting', 'concluded');
    expect(await job).toMatchObject({ id: 'b', description: 'it was cancelled' });
    await client.disconnect();
  });

  it('finalizes a job that waits for it, and only such a job', async () => {
    const { client, received, change, names } = await serveEnded();
    const patient = client.job('blockdev-backup', { ...NAMED, 'auto-finalize': false });
    await settle();
    await change('b', 'created', 'running', 'waiting', 'pending');
    expect(received.at(-1)).toMatchObject({ execute: 'job-finalize', arguments: { id: 'b' } });
    await change('b', 'concluded');
    await patient;
    const usual = client.job('blockdev-backup', NAMED);
    await settle();
    await change('b', 'created', 'waiting', 'pending', 'concluded');
    await usual;
    expect(names().filter((name) => name === 'job-finalize')).toHaveLength(1);
    await client.disconnect();
  });

  it('rejects at once when the command fails, touches no job, and leaves nothing behind', async () => {
    const { client, clock, change, names } = await serve({
      'blockdev-backup': () => new Refusal("Job ID 'b' already in use"),
    });
    const options = { timeout: 1000, onProgress: () => undefined };
    const error = await rejection(client.job('blockdev-backup', NAMED, options));
    expect(error).toBeInstanceOf(ExecuteError);
    expect(error).toHaveProperty('description', "Job ID 'b' already in use");
    await change('b', 'created', 'ready', 'concluded');
    expect(names()).toEqual(['blockdev-backup']);
    expect(clock.pending).toBe(0);
    await client.disconnect();
  });

  it('rejects with a StateError in IDLE, and does not wait for the next session', async () => {
    const client = createClient();
    expect(await rejection(client.job('blockdev-backup', NAMED))).toBeInstanceOf(StateError);
  });

  it('rejects with an ExecInterruptedError when the session is disconnected', async () => {
    const { client, clock, change } = await serve();
    const options = { timeout: 1000, onProgress: () => undefined };
    const job = rejection(client.job('blockdev-backup', NAMED, options));
    await settle();
    await change('b', 'created', 'running');
    await client.disconnect();
    const error = await job;
    expect(error).toBeInstanceOf(ExecInterruptedError);
    expect(error).toMatchObject({
      command: 'blockdev-backup',
      message:
        "blockdev-backup: the session ended while the job 'b' was running: The session was disconnected. " +
        'It goes on in the server, unless that has ended, too',
      cause: { code: 'ERR_CLOSED', expected: true },
    });
    expect(clock.pending).toBe(0);
  });

  it('rejects with the cause when the session fails; disconnect() has nothing more to say', async () => {
    const { client, monitor, change } = await serve();
    const job = rejection(client.job('blockdev-backup', NAMED));
    await settle();
    await change('b', 'created', 'running');
    monitor.peer.destroy();
    const { cause } = await client.closed;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(await job).toHaveProperty('cause', cause);
    await client.disconnect();
  });

  it('says that a job has failed, although the session has ended before its error was read', async () => {
    const { client, monitor, change } = await serve({ 'query-jobs': () => undefined });
    const job = rejection(client.job('blockdev-backup', NAMED));
    await settle();
    await change('b', 'created', 'running', 'aborting', 'concluded');
    monitor.peer.destroy();
    await client.closed;
    expect(await job).toMatchObject({ code: 'ERR_QMP_JOB', description: 'it was cancelled' });
    await client.disconnect().catch(() => undefined);
  });

  it.each([
    [{ every: 0 }, /^every of job\(\) must be a number of ms above 0, not 0$/],
    [{ cancelTimeout: NaN }, /^cancelTimeout of job\(\) must be a number of ms above 0, not NaN$/],
    [{ timeout: -1 }, /^timeout must be a number of ms above 0, not -1$/],
    [{ onProgress: 1 }, /^onProgress of job\(\) must be a function, not 1$/],
    [{ onReady: 'finish' }, /^onReady of job\(\) must be 'complete', 'stop', 'resolve' or a func/],
    [{ onprogress: 1 }, /^job\(\) has no option 'onprogress': did you mean 'onProgress'\?$/],
    [{ signal: {} }, /^signal of job\(\) must be an AbortSignal, not an object$/],
  ])('refuses the options %j', async (options, message) => {
    const { client, received } = await serve();
    const error = await rejection(client.job('blockdev-backup', NAMED, options as object));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    expect(received).toEqual([]);
    await client.disconnect();
  });

  it('refuses an id that is no string, and a command without a name', async () => {
    const { client, received } = await serve();
    const numbered = client.job('blockdev-backup', { ...BACKUP, 'job-id': 7 as never });
    expect(await rejection(numbered)).toHaveProperty(
      'message',
      'The argument job-id of blockdev-backup must be a string, not 7',
    );
    expect(await rejection(client.job(7 as never, {} as never))).toBeInstanceOf(ArgumentError);
    expect(received).toEqual([]);
    await client.disconnect();
  });
});
