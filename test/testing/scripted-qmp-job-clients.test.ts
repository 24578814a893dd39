/** The jobs of a scripted server in the hands of a test and of a client. */

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import { ArgumentError } from '../../src/index.ts';
import { JobError } from '../../src/qmp/index.ts';
import {
  CommandFailure,
  job,
  type ScriptedJobOptions,
  ScriptError,
  sequence,
} from '../../src/testing/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { expectNoHandles } from '../support/handles.ts';
import { createServer, scripted } from '../support/qmp.ts';
import { hasSettled, rejection } from '../support/signal.ts';
import { BACKUP, byHand, commandOf, rawSession, statusOf } from './support.ts';

expectIdleAfterEach();

describe('a job', () => {
  it('advances with the clock, and not while it is paused', async () => {
    const clock = new SimulatedClock();
    const { server, client } = await scripted({
      clock,
      commands: { 'blockdev-backup': job({ total: 100, steps: 4, interval: 1_000 }) },
    });
    await client.execute('blockdev-backup', BACKUP);
    clock.increment(999);
    expect(server.job('j').current).toBe(0);
    clock.increment(1);
    expect(server.job('j').current).toBe(25);
    await client.execute('job-pause', { id: 'j' });
    clock.increment(10_000);
    expect(server.job('j').current).toBe(25);
    await client.execute('job-resume', { id: 'j' });
    clock.increment(1_000);
    expect(server.job('j').current).toBe(50);
    clock.increment(2_000);
    expect(server.job('j').status).toBe('null');
    await client.disconnect();
  });

  it('may have more steps than timers at the same time', async () => {
    const clock = new SimulatedClock();
    const script = job({ total: 300, steps: 300, interval: 1 });
    const { server, client } = await scripted({ clock, commands: { 'blockdev-backup': script } });
    await client.execute('blockdev-backup', BACKUP);
    clock.increment(256);
    expect(server.job('j').current).toBe(256);
    clock.increment(44);
    expect(server.job('j').status).toBe('null');
    await client.disconnect();
  });

  it.each([
    ['an uneven number of steps', { total: 10, steps: 3 }],
    ['more steps than units', { total: 2, steps: 100 }],
    ['nothing to do', { total: 0 }],
  ])('ends with %s', async (_, options) => {
    const { server, client } = await scripted({ commands: { 'blockdev-backup': job(options) } });
    await client.job('blockdev-backup', BACKUP);
    expect(server.job('j')).toMatchObject({ status: 'null', current: options.total });
    await client.disconnect();
  });

  it('is run to its end by job() of a client, without any further option', async () => {
    const { server, client } = await scripted({
      commands: { 'blockdev-backup': job(), 'blockdev-mirror': job() },
    });
    expect(await client.job('blockdev-backup', BACKUP)).toMatchObject({ fraction: 1 });
    expect(await client.job('blockdev-mirror', BACKUP, { onReady: 'complete' })).toMatchObject({
      fraction: 1,
    });
    expect(server.job('j').status).toBe('null');
    await client.disconnect();
  });

  it('that fails, or cannot start, fails job() of a client', async () => {
    const { client } = await scripted({
      commands: {
        'blockdev-backup': sequence(
          job({ error: 'No space left on device' }),
          new CommandFailure("Cannot find device='disk0'"),
        ),
      },
    });
    const failed = await rejection(client.job('blockdev-backup', BACKUP));
    expect(failed).toBeInstanceOf(JobError);
    expect(failed).toHaveProperty('message', expect.stringContaining('No space left on device'));
    expect(await rejection(client.job('blockdev-backup', BACKUP))).toMatchObject({
      description: "Cannot find device='disk0'",
    });
    await client.disconnect();
  });

  it('that is cancelled by a client with a signal ends', async () => {
    const { server, client } = await scripted({
      commands: { 'blockdev-backup': job({ interval: Infinity }) },
    });
    const controller = new AbortController();
    const running = rejection(client.job('blockdev-backup', BACKUP, { signal: controller.signal }));
    await server.next('blockdev-backup');
    server.job().advance();
    expect(await hasSettled(running)).toBe(false);
    controller.abort(new Error('enough'));
    expect(await running).toHaveProperty('message', 'enough');
    expect(server.job().error).toBe('Operation canceled');
    await client.disconnect();
  });

  it('can depend on the arguments, by a function', async () => {
    const { client, server } = await scripted({
      commands: {
        'blockdev-backup': ({ arguments: args }) =>
          args['sync'] === 'full' ? job({ total: 1000 }) : job({ total: 10 }),
      },
    });
    await client.job('blockdev-backup', { ...BACKUP, sync: 'top' });
    expect(server.job('j').total).toBe(10);
    await client.disconnect();
  });

  it.each<[string, object, string]>([
    ['no id', { target: 'b' }, "Invalid job ID ''"],
    ['an invalid id', { 'job-id': '1 bad' }, "Invalid job ID '1 bad'"],
    ['an id in use', { 'job-id': 'j' }, "Job ID 'j' already in use"],
  ])('with %s is refused', async (_, args, description) => {
    const { ask } = await byHand();
    await ask(commandOf('blockdev-backup', BACKUP));
    expect(await ask(commandOf('blockdev-backup', args))).toEqual([`GenericError: ${description}`]);
  });

  it.each([
    ['job-cancel', { id: 'x' }, 'GenericError: Job not found'],
    ['job-finalize', { id: 'x' }, 'GenericError: Job not found'],
    ['block-job-pause', { device: 'x' }, "DeviceNotActive: Block job 'x' not found"],
    ['block-job-finalize', { id: 'x' }, "DeviceNotActive: Block job 'x' not found"],
    ['job-pause', {}, "GenericError: Parameter 'id' is missing"],
    ['block-job-cancel', { device: 1 }, "GenericError: Parameter 'device' is missing"],
  ])('that does not exist is refused by %s %j', async (command, args, error) => {
    const { ask } = await byHand();
    expect(await ask(commandOf(command, args))).toEqual([error]);
  });

  it('lives on when the client leaves, and is cancelled by quit', async () => {
    const { server, raw, ask } = await byHand();
    await ask(commandOf('blockdev-backup', BACKUP));
    raw.socket.destroy();
    const next = await rawSession(await server.listen());
    expect(server.job('j').status).toBe('running');
    expect(await next.ask(commandOf('quit'))).toEqual([
      'SHUTDOWN',
      statusOf('aborting'),
      'BLOCK_JOB_CANCELLED',
      statusOf('concluded'),
      statusOf('null'),
      '{}',
    ]);
  });

  it('leaves no timer behind when the server is closed', async () => {
    const server = createServer({ commands: { 'blockdev-backup': job({ interval: 60_000 }) } });
    const { raw, ask } = await rawSession(await server.listen());
    await ask(commandOf('blockdev-backup', BACKUP));
    await server.close();
    raw.socket.destroy();
    await expectNoHandles();
  });

  it('that was never started is a ScriptError of job()', () => {
    const server = createServer();
    expect(() => server.job('j')).toThrow(ScriptError);
    expect(() => server.job()).toThrow(
      'There is no job: no command has started a job. Await next() of the command that starts it.',
    );
  });
});

describe('job()', () => {
  it.each<[string, unknown]>([
    ['total of job() must be a number of at least 0, not -1', { total: -1 }],
    ['steps of job() must be a whole number of at least 1, not 0.5', { steps: 0.5 }],
    ['interval of job() must be a number of ms of at least 0, not', { interval: 'x' }],
    ["job() has no option 'totals': did you mean 'total'?", { totals: 1 }],
    ['error of job() must be a string, not 1', { error: 1 }],
  ])('throws an ArgumentError: %s', (text, options) => {
    const call = (): unknown => job(options as ScriptedJobOptions);
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(text);
  });
});
