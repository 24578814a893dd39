/** What the errors of commands show of what was sent: the command and its arguments, without secrets, bounded. */

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from 'xstate';
import {
  BadReplyError,
  ExecInterruptedError,
  ExecuteError,
  type QmpClient,
} from '../../src/qmp/index.ts';
import type { AnyQapi, OpenQapi } from '../../src/qmp/types.ts';
import { noteRequest, shownRequest } from '../../src/qmp/commands/request.ts';
import { StateError, TimeoutError } from '../../src/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { session } from '../support/qmp.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const FAILURE = { class: 'GenericError', desc: "Property 'password' not found" };
const ARGS = { driver: 'nvme', id: 'd0', password: 'PLANTED', limit: 2n ** 63n };
const REQUEST = { execute: 'device_add', arguments: { ...ARGS, password: '[redacted]' } };

/** Executes `device_add` against a monitor that answers it so. */
async function failed(answer: object): Promise<Error> {
  const { client, monitor } = await session();
  const error = rejection(client.execute('device_add', ARGS));
  const { id } = await monitor.take();
  monitor.send({ ...answer, ...(id !== undefined && { id }) });
  const thrown = await error;
  await client.disconnect();
  return thrown as Error;
}

describe('the error of a command has what was sent, without its secrets', () => {
  it('when the server refused it', async () => {
    const error = await failed({ error: FAILURE });
    expect(error).toBeInstanceOf(ExecuteError);
    expect(error).toMatchObject({
      request: REQUEST,
      message: "device_add: Property 'password' not found",
      errorClass: 'GenericError',
      command: 'device_add',
    });
  });

  it('when the reply was malformed', async () => {
    const error = await failed({ surprise: 1 });
    expect(error).toBeInstanceOf(BadReplyError);
    expect(error).toMatchObject({ request: REQUEST, received: { surprise: 1 } });
  });

  it('when the session ended first', async () => {
    const { client, monitor } = await session();
    const error = rejection(client.execute('device_add', ARGS));
    await monitor.take();
    await client.disconnect({ force: true });
    expect(await error).toBeInstanceOf(ExecInterruptedError);
    expect(await error).toMatchObject({ request: REQUEST });
  });

  it('when its deadline passed', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock });
    const error = rejection(client.execute('device_add', ARGS, { timeout: 50 }));
    await monitor.take();
    clock.increment(50);
    expect(await error).toMatchObject({ code: 'ERR_TIMEOUT', phase: 'execute', request: REQUEST });
    await client.disconnect({ force: true });
  });

  it('also out of band, and without arguments', async () => {
    const { client, monitor } = await session();
    const error = rejection(client.execute('query-yank', undefined, { oob: true }));
    const { id } = await monitor.take();
    monitor.send({ error: FAILURE, id });
    expect(await error).toHaveProperty('request', { 'exec-oob': 'query-yank' });
    await client.disconnect();
  });

  it('with the members that a message has besides', () => {
    const message = { execute: 'x', id: 7, control: { priority: 1 } };
    expect(shownRequest(message)).toEqual({ execute: 'x', control: { priority: 1 } });
  });
});

describe('what was sent', () => {
  it('is printed with the error, in a few lines, and has no secret', async () => {
    const error = await failed({ error: FAILURE });
    for (const text of [inspect(error), inspect(error, { customInspect: false })]) {
      expect(text).toContain('request: {');
      expect(text).toContain("execute: 'device_add'");
      expect(text).toContain("password: '[redacted]'");
      expect(text).not.toContain('PLANTED');
    }
  });

  it('is bounded, however long the arguments are', () => {
    const args = { list: Array.from({ length: 10_000 }, (_, at) => at), text: 'x'.repeat(10_000) };
    expect(JSON.stringify(shownRequest({ execute: 'x', arguments: args })).length).toBeLessThan(
      3_000,
    );
    const texts = Array.from({ length: 1_000 }, () => 'y'.repeat(900));
    expect(shownRequest({ execute: 'x', arguments: { texts } })).toEqual({
      execute: 'x',
      arguments: '[903039 characters]',
    });
  });

  it('has no secret that is found only by what comes after it', () => {
    const args = { data: 'PLANTED'.repeat(10_000), 'qom-type': 'secret', id: 's0' };
    const shown = JSON.stringify(shownRequest({ execute: 'object-add', arguments: args }));
    expect(shown).not.toContain('PLANTED');
    expect(shown).toContain('"qom-type":"secret"');
  });

  it('has no secret of an object with an encoding of its own', () => {
    const args = { auth: { toJSON: () => ({ password: 'PLANTED', user: 'me' }) } };
    expect(JSON.stringify(shownRequest({ execute: 'x', arguments: { a: args } }))).not.toContain(
      'PLANTED',
    );
  });

  it('is printable', async () => {
    const { client, monitor } = await session();
    const loose = client as unknown as QmpClient<AnyQapi>;
    const error = rejection(loose.execute('x', { text: '\u001b[2J\u202e' }));
    const { id } = await monitor.take();
    monitor.send({ error: FAILURE, ...(id !== undefined && { id }) });
    expect(inspect(await error, { customInspect: false })).not.toContain('\u202e');
    expect(await error).toHaveProperty('request.arguments.text', '\u001b[2J\u202e');
    await client.disconnect();
  });

  it('is not noted in other errors, and never throws', () => {
    const state = new StateError('no', 'IDLE', 'RUNNING');
    noteRequest(state, { execute: 'x' });
    expect(state).not.toHaveProperty('request');
    noteRequest(new Error('mine'), { execute: 'x' });
    noteRequest(undefined, { execute: 'x' });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const late = new TimeoutError('execute', 1);
    noteRequest(late, { execute: 'x', arguments: cyclic });
    expect(late).not.toHaveProperty('request');
  });
});

describe('the stack of an error', () => {
  it('names the function that has called execute()', async () => {
    const { client, monitor } = await session();
    const plugADisk = async (): Promise<void> => {
      await client.execute('device_add', ARGS);
    };
    const plugged = rejection(plugADisk());
    const { id } = await monitor.take();
    monitor.send({ error: FAILURE, ...(id !== undefined && { id }) });
    expect(((await plugged) as Error).stack).toMatch(
      /^ExecuteError: device_add: .*\n[^]*\bat (?:async )?plugADisk/,
    );
    await client.disconnect();
  });

  const callers: readonly (readonly [string, (client: QmpClient<OpenQapi>) => Promise<unknown>])[] =
    [
      ['job', (client) => client.job('x-job', {})],
      ['migrate', (client) => client.migrate('tcp:host:1')],
      ['executeAndWait', (client) => client.executeAndWait('x-unplug', {}, 'DEVICE_DELETED')],
      ['hmp', (client) => client.hmp('info block')],
    ];

  it.each(callers)(
    'names the function that has called %s(), and nothing within it',
    async (_, call) => {
      const { client, monitor } = await session();
      const theCaller = async (): Promise<void> => {
        await call(client);
      };
      const called = rejection(theCaller());
      const { id } = await monitor.take();
      monitor.send({ error: FAILURE, ...(id !== undefined && { id }) });
      const refused = await called;
      await client.disconnect();
      const afterwards = await rejection(theCaller());
      const errors = [refused, afterwards] as Error[];
      expect(errors.map(({ name }) => name)).toEqual(['ExecuteError', 'StateError']);
      for (const { stack } of errors) {
        expect(stack).toMatch(/^\w+: .*\n(.*processTicks.*\n)?.*theCaller/);
      }
    },
  );

  it('names the function that has called a method whose command is not answered in time', async () => {
    const clock = new SimulatedClock();
    const { client, monitor } = await session({ clock, timeouts: { execute: 50 } });
    const theCaller = async (): Promise<void> => {
      await client.hmp('info block');
    };
    const called = rejection(theCaller());
    await monitor.take();
    clock.increment(50);
    expect(((await called) as Error).stack).toMatch(
      /^TimeoutError: .*\n(.*processTicks.*\n)?.*theCaller/,
    );
    await client.disconnect();
  });
});
