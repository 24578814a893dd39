/** Migrations between two real QEMUs. */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HandlerError } from '../../src/index.ts';
import {
  ExecuteError,
  MigrationError,
  type MigrationProgress,
  type QmpClient,
} from '../../src/qmp/index.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { qemuAt } from '../support/disks.ts';
import { describeEachQemu, onSocket } from '../support/real-peers.ts';
import { rejection } from '../support/signal.ts';

expectIdleAfterEach();

const PC = ['-M', 'pc', '-m', '64'];

describeEachQemu((path) => {
  /** Two machines, of which the second one waits for the first one at `uri`. */
  const pair = async () => {
    const source = await onSocket(qemuAt(path, ...PC));
    const target = await onSocket(qemuAt(path, ...PC, '-incoming', 'defer'));
    const uri = `unix:${join(target.directory, 'migration')}`;
    const [from, to] = [
      await source.peer.connect(source.address),
      await target.peer.connect(target.address),
    ];
    await to.execute('migrate-incoming', { uri });
    return { from, to, uri, source, target };
  };
  /** So slow that it never ends by itself. */
  const slow = (client: QmpClient) =>
    client.execute('migrate-set-parameters', { 'max-bandwidth': 4096 });
  const isOn = async (client: QmpClient, name: string) => {
    const capabilities = await client.execute('query-migrate-capabilities');
    return capabilities.find(({ capability }) => capability === name)?.state;
  };

  it('moves a guest, reports the progress, and leaves other capabilities as they are', async () => {
    const { from, to, uri } = await pair();
    await from.execute('migrate-set-capabilities', {
      capabilities: [{ capability: 'auto-converge', state: true }],
    });
    const reports: MigrationProgress[] = [];
    const last = await from.migrate(uri, { onProgress: (each) => reports.push(each), every: 20 });
    expect(last).toMatchObject({ status: 'completed', fraction: 1, remaining: 0 });
    expect(last.transferred).toBeGreaterThan(0);
    expect(last.total).toBeGreaterThanOrEqual(64 << 20);
    expect(last.downtime).toBeGreaterThanOrEqual(0);
    expect(reports.at(-1)).toEqual(last);
    expect(await isOn(from, 'events')).toBe(true);
    expect(await isOn(from, 'auto-converge')).toBe(true);
    expect(await from.execute('query-status')).toMatchObject({ status: 'postmigrate' });
    await expect.poll(async () => (await to.execute('query-status')).status).toBe('prelaunch');
    await Promise.all([from.disconnect(), to.disconnect()]);
  });

  it('cancels a migration when its signal is aborted; the guest is still here', async () => {
    const { from, to, uri, target } = await pair();
    await slow(from);
    const controller = new AbortController();
    const { signal } = controller;
    const migration = from.migrate(uri, {
      signal,
      every: 20,
      onProgress: ({ status }) => {
        if (status === 'active') controller.abort();
      },
    });
    expect(await rejection(migration)).toBe(signal.reason);
    expect(await from.execute('query-migrate')).toMatchObject({ status: 'cancelled' });
    expect(await from.execute('query-status')).toMatchObject({ running: false });
    expect(await target.peer.exited).toBe(1);
    await Promise.all([from.disconnect(), to.closed]);
  });

  it('cancels a migration at its deadline, and when onProgress throws', async () => {
    const { from, to, uri, target } = await pair();
    await slow(from);
    expect(await rejection(from.migrate(uri, { timeout: 100 }))).toMatchObject({
      code: 'ERR_TIMEOUT',
      phase: 'migration',
      message: 'migrate: the migration did not end within 100 ms, and was cancelled',
    });
    await Promise.all([target.peer.exited, to.closed]);
    const other = await onSocket(qemuAt(path, ...PC, '-incoming', uri));
    const boom = new Error('boom');
    const onProgress = () => {
      throw boom;
    };
    const next = await other.peer.connect(other.address);
    const failed = await rejection(from.migrate(uri, { onProgress }));
    expect(failed).toBeInstanceOf(HandlerError);
    expect(failed).toHaveProperty('cause', boom);
    expect(await from.execute('query-migrate')).toMatchObject({ status: 'cancelled' });
    await Promise.all([from.disconnect(), next.closed]);
  });

  it('rejects with the error of a migration that fails', async () => {
    const { from, to, uri, target } = await pair();
    const nowhere = await rejection(from.migrate('unix:/nowhere/at/all'));
    expect(nowhere).toBeInstanceOf(MigrationError);
    const description = "Failed to connect to '/nowhere/at/all': No such file or directory";
    expect(nowhere).toMatchObject({ status: 'failed', description });
    expect(await rejection(from.migrate('nonsense:1'))).toBeInstanceOf(ExecuteError);
    await slow(from);
    const active = from.waitFor('MIGRATION', ({ data }) => data.status === 'active');
    const broken = rejection(from.migrate(uri));
    await active;
    target.peer.child.kill('SIGKILL');
    expect(await broken).toMatchObject({ code: 'ERR_QMP_MIGRATION', status: 'failed' });
    expect(await from.execute('query-status')).toMatchObject({ running: false });
    await Promise.all([from.disconnect(), to.closed]);
  });

  it('rejects when another client cancels the migration', async () => {
    const { from, to, uri, target } = await pair();
    await slow(from);
    const active = from.waitFor('MIGRATION', ({ data }) => data.status === 'active');
    const migration = rejection(from.migrate(uri));
    await active;
    await from.execute('migrate_cancel');
    expect(await migration).toMatchObject({ code: 'ERR_QMP_MIGRATION', status: 'cancelled' });
    await Promise.all([target.peer.exited, to.closed]);
    await from.disconnect();
  });

  it('calls onPreSwitchover when the guest is about to be switched over', async () => {
    const { from, to, uri } = await pair();
    await from.execute('migrate-set-capabilities', {
      capabilities: [{ capability: 'pause-before-switchover', state: true }],
    });
    const seen: string[] = [];
    const onPreSwitchover = async ({ status }: MigrationProgress) => {
      seen.push(status, (await from.execute('query-status')).status);
    };
    expect(await from.migrate({ uri }, { onPreSwitchover })).toMatchObject({ status: 'completed' });
    expect(seen[0]).toBe('pre-switchover');
    expect(seen).toHaveLength(2);
    await Promise.all([from.disconnect(), to.disconnect()]);
  });
});
