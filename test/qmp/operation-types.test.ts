/** The types of job(), migrate() and executeAndWait(). Most of this is only compiled, never run. */

import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Qapi as Qapi72 } from '../../src/qapi/7.2.ts';
import type {
  AnyQapi,
  Empty,
  JobArguments,
  JobCommandName,
  JobProgress,
  MigrationProgress,
  OpenQapi,
  Qapi,
  QmpClient,
  Returns,
} from '../../src/qmp/index.ts';

declare const qmp: QmpClient;
declare const old: QmpClient<Qapi72>;
declare const open: QmpClient<OpenQapi>;
declare const any: QmpClient<AnyQapi>;

/** A test of types: `check` is compiled, and is not called. */
const compiles = (check: (...args: never) => unknown) => {
  expect(check).toBeTypeOf('function');
};

const ORDER = { device: 'd', target: 't', sync: 'full' } as const;
const CREATE = { options: { driver: 'file', filename: 'f', size: 1 } } as const;

describe('job()', () => {
  it('takes the commands with a job-id, which may be left out', () => {
    expectTypeOf<JobCommandName<Qapi>>().toEqualTypeOf<
      | 'block-commit'
      | 'block-stream'
      | 'blockdev-backup'
      | 'blockdev-create'
      | 'blockdev-mirror'
      | 'drive-backup'
      | 'drive-mirror'
      | 'snapshot-delete'
      | 'snapshot-load'
      | 'snapshot-save'
      | 'x-blockdev-amend'
    >();
    expectTypeOf<JobCommandName<Qapi72>>().toEqualTypeOf<JobCommandName<Qapi>>();
    expectTypeOf<JobArguments<'blockdev-create', Qapi>['job-id']>().toEqualTypeOf<
      string | undefined
    >();
    compiles(async () => {
      expectTypeOf(await qmp.job('blockdev-backup', ORDER)).toEqualTypeOf<JobProgress>();
      await qmp.job('blockdev-backup', { ...ORDER, 'job-id': 'b' });
      await qmp.job('blockdev-create', CREATE);
      await old.job('blockdev-create', { ...CREATE, 'job-id': 'c' });
      await qmp.job('blockdev-mirror', ORDER, { onReady: () => qmp.execute('stop') });
    });
  });

  it('refuses other commands, and arguments that are missing, unknown or of another type', () => {
    compiles(async () => {
      // @ts-expect-error -- it starts no job
      await qmp.job('cont', {});
      // @ts-expect-error -- no job: it has jobs in its actions
      await qmp.job('transaction', { actions: [] });
      // @ts-expect-error -- one is missing
      await qmp.job('blockdev-backup', { device: 'd', target: 't' });
      // @ts-expect-error -- the same
      await qmp.job('blockdev-create', {});
      // @ts-expect-error -- of another type
      await qmp.job('blockdev-backup', { ...ORDER, sync: 'half' });
      // @ts-expect-error -- of another type
      await qmp.job('blockdev-create', { ...CREATE, 'job-id': 7 });
      // @ts-expect-error -- blockdev-create does not have it
      await qmp.job('blockdev-create', { ...CREATE, 'auto-dismiss': false });
      // @ts-expect-error -- unknown
      await qmp.job('blockdev-mirror', ORDER, { onReady: 'finish' });
    });
  });

  it('takes any command of an open schema', () => {
    compiles(async () => {
      await open.job('x-mine', { size: 1 });
      await open.job('blockdev-backup', ORDER);
      // @ts-expect-error -- a command that the schema knows
      await open.job('blockdev-backup', { size: 1 });
      await any.job('blockdev-backup', { size: 1 });
    });
  });
});

describe('executeAndWait()', () => {
  it('resolves with the event, and with what the command returned', () => {
    compiles(async () => {
      const removed = await qmp.executeAndWait('device_del', { id: 'x' }, 'DEVICE_DELETED', {
        filter: ({ data }) => data.device === 'x',
      });
      expectTypeOf(removed.data.path).toEqualTypeOf<string>();
      expectTypeOf(removed.event).toEqualTypeOf<'DEVICE_DELETED'>();
      expectTypeOf(removed.returned).toEqualTypeOf<Empty>();
      const { returned } = await qmp.executeAndWait('query-status', undefined, 'STOP');
      expectTypeOf(returned).toEqualTypeOf<Returns<'query-status'>>();
    });
  });

  it('tells several events apart by their names', () => {
    compiles(async () => {
      const names = ['DEVICE_DELETED', 'STOP'] as const;
      const either = await qmp.executeAndWait('device_del', { id: 'x' }, names);
      if (either.event === 'STOP') expectTypeOf(either.data).toEqualTypeOf<undefined>();
      else expectTypeOf(either.data.path).toEqualTypeOf<string>();
    });
  });

  it('refuses arguments that are missing, and unknown events', () => {
    compiles(async () => {
      // @ts-expect-error -- the arguments are missing
      await qmp.executeAndWait('device_del', undefined, 'DEVICE_DELETED');
      // @ts-expect-error -- one is missing
      await qmp.executeAndWait('device_del', {}, 'DEVICE_DELETED');
      // @ts-expect-error -- an unknown event
      await qmp.executeAndWait('stop', {}, 'STOPPED');
      // @ts-expect-error -- an unknown command
      await qmp.executeAndWait('halt', {}, 'STOP');
      await any.executeAndWait('halt', {}, 'HALTED');
    });
  });
});

describe('migrate() and hmp()', () => {
  it('take an address or all arguments, and a line', () => {
    compiles(async () => {
      expectTypeOf(await qmp.migrate('unix:/x')).toEqualTypeOf<MigrationProgress>();
      await qmp.migrate({ uri: 'unix:/x', resume: true });
      await any.migrate({ size: 1 });
      // @ts-expect-error -- unknown
      await qmp.migrate({ url: 'unix:/x' });
      // @ts-expect-error -- QEMU 7.2 knows no channels
      await old.migrate({ channels: [] });
      expectTypeOf(await qmp.hmp('info block')).toEqualTypeOf<string>();
    });
  });
});
