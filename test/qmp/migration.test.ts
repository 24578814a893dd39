/** migrate(): from the command to the end of the migration. */

import { describe, expect, it } from 'vitest';
import { ArgumentError, HandlerError, StateError } from '../../src/index.ts';
import {
  ExecInterruptedError,
  ExecuteError,
  type MigrateOptions,
  MigrationError,
  type MigrationProgress,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { createClient, eventOf } from '../support/qmp.ts';
import { gate, hasSettled, rejection } from '../support/signal.ts';
import { Refusal, serve, settle } from './operation-support.ts';

expectIdleAfterEach();

const URI = 'unix:/target';
const capability = (name: string, state: boolean) => ({ capability: name, state });
const ram = (remaining: number) => ({ total: 100, remaining, transferred: 100 - remaining });

/** A server, and a migration from it. */
async function migrating(options: MigrateOptions = {}) {
  const state: { info: object } = { info: { status: 'setup' } };
  const served = await serve({
    'query-migrate-capabilities': () => [capability('xbzrle', true), capability('events', false)],
    'query-migrate': () => state.info,
  });
  const migration = served.client.migrate(URI, options);
  migration.catch(() => undefined);
  await settle();
  const become = async (...statuses: readonly string[]) => {
    served.monitor.send(...statuses.map((status) => eventOf('MIGRATION', { status })));
    await settle();
  };
  await become('setup');
  return { ...served, migration, state, become };
}

describe('migrate()', () => {
  it('turns on the events, and resolves with the last progress', async () => {
    const { client, received, state, become, migration, clock } = await migrating();
    expect(received).toMatchObject([
      { execute: 'query-migrate-capabilities' },
      {
        execute: 'migrate-set-capabilities',
        arguments: { capabilities: [capability('events', true)] },
      },
      { execute: 'migrate', arguments: { uri: URI } },
    ]);
    await become('active', 'device');
    state.info = {
      ...{ status: 'completed', downtime: 7, 'total-time': 90 },
      ram: { ...ram(0), mbps: 1.5, 'dirty-pages-rate': 3, 'dirty-sync-count': 2 },
    };
    expect(await hasSettled(migration)).toBe(false);
    await become('completed');
    expect(await migration).toEqual({
      ...{ status: 'completed', transferred: 100, remaining: 0, total: 100, fraction: 1 },
      ...{ mbps: 1.5, dirtyPagesRate: 3, passes: 2, downtime: 7, totalTime: 90 },
      expectedDowntime: undefined,
    });
    expect(clock.pending).toBe(0);
    await client.disconnect();
  });

  it('leaves capabilities alone if the events are on, and takes all arguments of the command', async () => {
    const served = await serve({
      'query-migrate-capabilities': () => [capability('events', true)],
      'query-migrate': () => ({ status: 'completed' }),
    });
    const channels = [
      { 'channel-type': 'main', addr: { transport: 'exec', args: ['x'] } },
    ] as const;
    const migration = served.client.migrate({ channels });
    await settle();
    expect(served.names()).toEqual(['query-migrate-capabilities', 'migrate']);
    expect(served.received.at(-1)?.arguments).toEqual({ channels });
    served.monitor.send(...['setup', 'completed'].map((s) => eventOf('MIGRATION', { status: s })));
    expect(await migration).toMatchObject({ status: 'completed', fraction: 1 });
    await served.client.disconnect();
  });

  it('ignores what is still said of an earlier migration', async () => {
    const served = await serve({ 'query-migrate': () => ({ status: 'completed' }) });
    const migration = served.client.migrate(URI);
    served.monitor.send(eventOf('MIGRATION', { status: 'cancelled' }), eventOf('MIGRATION'));
    served.monitor.send(eventOf('MIGRATION', { status: 7 }));
    await settle();
    expect(await hasSettled(migration)).toBe(false);
    served.monitor.send(...['setup', 'completed'].map((s) => eventOf('MIGRATION', { status: s })));
    expect(await migration).toMatchObject({ status: 'completed' });
    await served.client.disconnect();
  });

  it('reports the progress', async () => {
    const reports: MigrationProgress[] = [];
    const onProgress = (progress: MigrationProgress) => reports.push(progress);
    const { client, clock, state, become, migration } = await migrating({ onProgress, every: 50 });
    state.info = { status: 'active', ram: ram(75), 'expected-downtime': 300 };
    await become('active');
    state.info = { status: 'active', ram: ram(50) };
    await clock.pass(50);
    await clock.pass(50);
    state.info = { status: 'completed', ram: ram(0), downtime: 1 };
    await become('completed');
    await migration;
    expect(reports.map(({ status, fraction }) => [status, fraction])).toEqual([
      ['setup', 0],
      ['active', 0.25],
      ['active', 0.5],
      ['completed', 1],
    ]);
    expect(reports.map(({ expectedDowntime }) => expectedDowntime)[1]).toBe(300);
    expect(clock.pending).toBe(0);
    await client.disconnect();
  });

  it.each(['failed', 'cancelled'] as const)('rejects when it has %s', async (status) => {
    const { client, state, become, migration } = await migrating();
    state.info = { status, 'error-desc': 'Broken \x1b pipe' };
    await become('active', 'failing', status);
    const error = await rejection(migration);
    expect(error).toBeInstanceOf(MigrationError);
    const verb = status === 'failed' ? 'failed' : 'was cancelled';
    expect(error).toMatchObject({
      ...{ code: 'ERR_QMP_MIGRATION', status, description: 'Broken \x1b pipe', retryable: true },
      message: `migrate: the migration ${verb}: Broken \\x1b pipe`,
      request: { execute: 'migrate', arguments: { uri: URI } },
    });
    await client.disconnect();
  });

  it('rejects when it has failed and the server does not say why', async () => {
    const { client, answers, become, migration } = await migrating();
    answers['query-migrate'] = () => new Refusal('no');
    await become('failed');
    expect(await rejection(migration)).toHaveProperty('description', 'QEMU does not say why');
    await client.disconnect();
  });

  it.each(['query-migrate-capabilities', 'migrate-set-capabilities', 'migrate'])(
    'rejects when %s fails',
    async (command) => {
      const { client, clock } = await serve({ [command]: () => new Refusal('no') });
      const error = await rejection(client.migrate(URI, { timeout: 50 }));
      expect(error).toBeInstanceOf(ExecuteError);
      expect(error).toHaveProperty('command', command);
      expect(clock.pending).toBe(0);
      await client.disconnect();
    },
  );

  it('cancels the migration when its signal is aborted, and rejects when it has ended', async () => {
    const controller = new AbortController();
    const served = await migrating({ signal: controller.signal });
    await served.become('active');
    controller.abort('enough');
    await settle();
    expect(served.names().at(-1)).toBe('migrate_cancel');
    await served.become('cancelling');
    expect(await hasSettled(served.migration)).toBe(false);
    await served.become('cancelled');
    expect(await rejection(served.migration)).toBe('enough');
    expect(served.clock.pending).toBe(0);
    await served.client.disconnect();
  });

  it('starts no migration if its signal is aborted while the events are turned on', async () => {
    const served = await serve({ 'query-migrate-capabilities': () => undefined });
    const controller = new AbortController();
    const migration = served.client.migrate(URI, { signal: controller.signal });
    await settle();
    controller.abort('enough');
    await served.reply('query-migrate-capabilities', []);
    expect(await rejection(migration)).toBe('enough');
    expect(served.names()).not.toContain('migrate');
    await served.client.disconnect();
  });

  it('resolves if it is completed before it could be cancelled', async () => {
    const controller = new AbortController();
    const served = await migrating({ signal: controller.signal });
    served.state.info = { status: 'completed', downtime: 1 };
    controller.abort('too late');
    await settle();
    await served.become('completed');
    expect(await served.migration).toMatchObject({ status: 'completed', downtime: 1 });
    await served.client.disconnect();
  });

  it('does not cancel a migration in postcopy, which would lose the guest', async () => {
    const controller = new AbortController();
    const served = await migrating({ signal: controller.signal, cancelTimeout: 500 });
    await served.become('active', 'postcopy-active');
    controller.abort('enough');
    await settle();
    await served.clock.pass(500);
    expect(await rejection(served.migration)).toBe('enough');
    expect(served.names()).not.toContain('migrate_cancel');
    await served.client.disconnect();
  });

  it('follows a migration that is resumed after a pause in postcopy', async () => {
    const served = await serve({ 'query-migrate': () => ({ status: 'completed' }) });
    const migration = served.client.migrate({ uri: URI, resume: true });
    await settle();
    for (const status of ['postcopy-recover', 'postcopy-active', 'completed']) {
      served.monitor.send(eventOf('MIGRATION', { status }));
    }
    expect(await migration).toMatchObject({ status: 'completed' });
    await served.client.disconnect();
  });

  it('rejects at its deadline, and when the session ends', async () => {
    const late = await migrating({ timeout: 50 });
    await late.clock.pass(50);
    await late.become('cancelled');
    expect(await rejection(late.migration)).toMatchObject({
      phase: 'migration',
      message: 'migrate: the migration did not end within 50 ms, and was cancelled',
    });
    await late.client.disconnect();
    const lost = await migrating({ timeout: 50 });
    await lost.client.disconnect();
    const error = await rejection(lost.migration);
    expect(error).toBeInstanceOf(ExecInterruptedError);
    expect(error).toHaveProperty(
      'message',
      'migrate: the session ended while the migration was running: The session was disconnected. ' +
        'It goes on in the server, unless that has ended, too',
    );
    expect(lost.clock.pending).toBe(0);
  });

  it('continues the migration when onPreSwitchover has had its time', async () => {
    const { opened, open } = gate();
    const seen: string[] = [];
    const served = await migrating({
      onPreSwitchover: async ({ status }) => {
        seen.push(status);
        await opened;
      },
    });
    served.state.info = { status: 'pre-switchover' };
    await served.become('active', 'pre-switchover');
    expect(seen).toEqual(['pre-switchover']);
    expect(served.names()).not.toContain('migrate-continue');
    open();
    await settle();
    expect(served.received.at(-1)).toMatchObject({
      execute: 'migrate-continue',
      arguments: { state: 'pre-switchover' },
    });
    await served.become('pre-switchover', 'device', 'pre-switchover', 'completed');
    await served.migration;
    expect(seen).toHaveLength(1);
    await served.client.disconnect();
  });

  it('leaves a migration that is paused before its end to its caller without onPreSwitchover', async () => {
    const served = await migrating();
    await served.become('active', 'pre-switchover');
    expect(served.names()).not.toContain('migrate-continue');
    await served.become('completed');
    await served.migration;
    await served.client.disconnect();
  });

  it('cancels the migration when onPreSwitchover throws', async () => {
    const served = await migrating({ onPreSwitchover: () => Promise.reject(new Error('boom')) });
    await served.become('active', 'pre-switchover');
    expect(served.names().at(-1)).toBe('migrate_cancel');
    await served.become('cancelled');
    const error = await rejection(served.migration);
    expect(error).toBeInstanceOf(HandlerError);
    expect(error).toHaveProperty('message', 'The callback onPreSwitchover threw: boom');
    await served.client.disconnect();
  });

  it('does not take the largest integer for a time', async () => {
    const reports: MigrationProgress[] = [];
    const served = await migrating({ onProgress: (progress) => reports.push(progress) });
    served.answers['query-migrate'] = () => undefined;
    await served.become('active');
    const asked = served.received.filter(({ execute }) => execute === 'query-migrate').at(-1);
    const id = asked?.id === undefined ? '' : `, "id": ${String(asked.id)}`;
    served.monitor.send(
      `{"return": {"status": "active", "expected-downtime": 9223372036854775807}${id}}\r\n`,
    );
    await settle();
    expect(reports.at(-1)).toMatchObject({ status: 'active', expectedDowntime: undefined });
    await served.client.disconnect();
  });

  it('rejects with a StateError in IDLE', async () => {
    expect(await rejection(createClient().migrate(URI))).toBeInstanceOf(StateError);
  });

  it.each<[unknown, object, RegExp]>([
    ['', {}, /^migrate\(\) needs an address such as 'unix:\/run\/target'/],
    [7, {}, /, or the arguments of migrate, not 7$/],
    [URI, { onPreSwitchover: 1 }, /^onPreSwitchover of migrate\(\) must be a function, not 1$/],
    [URI, { every: -1 }, /^every of migrate\(\) must be a number of ms above 0, not -1$/],
    [URI, { onReady: 'stop' }, /^migrate\(\) has no option 'onReady'/],
  ])('refuses %j with the options %j', async (target, options, message) => {
    const { client, received } = await serve();
    const error = await rejection(client.migrate(target as string, options));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toHaveProperty('message', expect.stringMatching(message));
    expect(received).toEqual([]);
    await client.disconnect();
  });
});
