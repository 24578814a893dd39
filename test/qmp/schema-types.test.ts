/** The types of commands and events by the schema of a client. Most of this is only compiled, never run. */

import { describe, expect, expectTypeOf, it, test } from 'vitest';
import type { Qapi as Qapi100 } from '../../src/qapi/10.0.ts';
import type {
  BackupPerf,
  BlockdevOptions,
  BlockdevOptions_file,
  JobInfo,
  Qapi as Qapi111,
  RunState,
  ShutdownData,
} from '../../src/qapi/11.1.ts';
import type { Qapi as Qapi72, StatusInfo as Status72 } from '../../src/qapi/7.2.ts';
import type {
  AnyQapi,
  Arguments,
  CommandName,
  Empty,
  EventName,
  Int64,
  JsonObject,
  JsonValue,
  OpenQapi,
  Qapi,
  QmpClient,
  QmpEvent,
  Returns,
} from '../../src/qmp/index.ts';

declare const qmp: QmpClient;

/** A test of types: `check` is compiled, and is not called. */
const compiles = (check: (...args: never) => unknown) => {
  expect(check).toBeTypeOf('function');
};

describe('execute()', () => {
  it('takes the arguments of a command, and resolves with its return value', () => {
    compiles(async () => {
      expectTypeOf(await qmp.execute('query-status')).toHaveProperty('status');
      const { status, running } = await qmp.execute('query-status');
      expectTypeOf(status).toEqualTypeOf<RunState>();
      expectTypeOf(running).toEqualTypeOf<boolean>();
      expectTypeOf(await qmp.execute('query-jobs')).toEqualTypeOf<readonly JobInfo[]>();
      expectTypeOf(await qmp.execute('cont')).toEqualTypeOf<Empty>();
      expectTypeOf(
        await qmp.execute('human-monitor-command', { 'command-line': 'info status' }),
      ).toEqualTypeOf<string>();
      // An optional member of a result is absent, never null.
      const { name } = await qmp.execute('query-name');
      expectTypeOf(name).toEqualTypeOf<string | undefined>();
    });
  });

  it('lets arguments be left out if none is required', () => {
    compiles(async () => {
      await qmp.execute('query-status');
      await qmp.execute('query-status', {});
      await qmp.execute('query-status', undefined, { timeout: 1 });
      await qmp.execute('screendump', { filename: 'x', format: undefined });
      await qmp.execute('query-named-block-nodes');
      await qmp.execute('query-named-block-nodes', { flat: true });
    });
  });

  it('refuses arguments that are missing, unknown or of another type', () => {
    compiles(async () => {
      // @ts-expect-error -- the arguments are missing
      await qmp.execute('device_del');
      // @ts-expect-error -- the same
      await qmp.execute('device_del', undefined, { timeout: 1 });
      // @ts-expect-error -- one is missing
      await qmp.execute('device_del', {});
      // @ts-expect-error -- of another type
      await qmp.execute('device_del', { id: 5 });
      // @ts-expect-error -- unknown
      await qmp.execute('device_del', { id: 'x', force: true });
      // @ts-expect-error -- there are none
      await qmp.execute('cont', { now: true });
      // @ts-expect-error -- QMP has no null for a member that is absent
      await qmp.execute('query-named-block-nodes', { flat: null });
      // @ts-expect-error -- not an option
      await qmp.execute('cont', {}, { deadline: 1 });
    });
  });

  it('refuses unknown commands, which executeMessage() sends', () => {
    compiles(async (name: string) => {
      // @ts-expect-error -- misspelt
      await qmp.execute('query-statuss');
      // @ts-expect-error -- any string
      await qmp.execute(name);
      await qmp.executeMessage({ execute: 'query-statuss', arguments: { x: 1 } });
    });
  });

  it('takes the branch of a union that its tag says', () => {
    compiles(async () => {
      await qmp.execute('blockdev-add', { driver: 'file', filename: 'disk.img', 'node-name': 'd' });
      await qmp.execute('blockdev-add', {
        driver: 'qcow2',
        file: { driver: 'file', filename: 'disk.img' },
        backing: null,
      });
      await qmp.execute('blockdev-add', { driver: 'qcow2', file: 'node0' });
      // @ts-expect-error -- of another branch
      await qmp.execute('blockdev-add', { driver: 'null-co', filename: 'disk.img' });
      // @ts-expect-error -- missing in this branch
      await qmp.execute('blockdev-add', { driver: 'file' });
      // @ts-expect-error -- no such branch
      await qmp.execute('blockdev-add', { driver: 'floppy' });
      await qmp.execute('blockdev-add', {
        driver: 'qcow2',
        // @ts-expect-error -- an error within
        file: { driver: 'file', filename: 5 },
      });
    });
    compiles((options: BlockdevOptions) => {
      if (options.driver === 'file') {
        expectTypeOf(options).toEqualTypeOf<BlockdevOptions_file>();
        expectTypeOf(options.filename).toEqualTypeOf<string>();
      }
      // @ts-expect-error -- not in all branches
      return options.filename;
    });
  });

  it('takes the properties of any device, and no others of an object', () => {
    compiles(async () => {
      await qmp.execute('device_add', { driver: 'nvme', id: 'n0', serial: 'x', drive: 'd0' });
      // @ts-expect-error -- the driver is missing
      await qmp.execute('device_add', { id: 'n0', serial: 'x' });
      await qmp.execute('object-add', { 'qom-type': 'iothread', id: 'io0' });
      // @ts-expect-error -- an iothread has none
      await qmp.execute('object-add', { 'qom-type': 'iothread', id: 'io0', data: 'x' });
    });
  });
});

describe('64-bit integers', () => {
  it('are numbers or bigints, and smaller ones numbers', () => {
    expectTypeOf<Int64>().toEqualTypeOf<number | bigint>();
    expectTypeOf<JobInfo['current-progress']>().toEqualTypeOf<Int64>();
    expectTypeOf<BackupPerf['max-chunk']>().toEqualTypeOf<Int64 | undefined>();
    expectTypeOf<Arguments<'object-add'> & { 'qom-type': 'memory-backend-ram' }>().toHaveProperty(
      'size',
    );
    compiles(async () => {
      await qmp.execute('block_resize', { 'node-name': 'n', size: 2n ** 60n });
      await qmp.execute('block_resize', { 'node-name': 'n', size: 1 << 20 });
    });
  });
});

describe('on(), events() and waitFor()', () => {
  it('have the data of an event', () => {
    compiles(() => {
      qmp.on('SHUTDOWN', ({ data, event, timestamp }) => {
        expectTypeOf(data).toEqualTypeOf<ShutdownData>();
        expectTypeOf(event).toEqualTypeOf<'SHUTDOWN'>();
        expectTypeOf(timestamp.seconds).toEqualTypeOf<number>();
      });
      qmp.once('STOP', ({ data }) => {
        expectTypeOf(data).toEqualTypeOf<undefined>();
      });
      // @ts-expect-error -- misspelt
      qmp.on('SHUTDOWNS', () => undefined);
      // @ts-expect-error -- a command
      qmp.off('cont', () => undefined);
    });
  });

  it('tell several events apart by their names', () => {
    compiles(async () => {
      const event = await qmp.waitFor(['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'], ({ data }) => {
        expectTypeOf(data.device).toEqualTypeOf<string>();
        // @ts-expect-error -- only one of them has it
        return data.error === undefined;
      });
      if (event.event === 'BLOCK_JOB_COMPLETED') {
        expectTypeOf(event.data.error).toEqualTypeOf<string | undefined>();
      } else {
        expectTypeOf(event.event).toEqualTypeOf<'BLOCK_JOB_READY'>();
        // @ts-expect-error -- the other one has it
        expectTypeOf(event.data.error).toBeNever();
      }
      for await (const { event, data } of qmp.events(['STOP', 'RESET'])) {
        if (event === 'RESET') expectTypeOf(data.guest).toEqualTypeOf<boolean>();
        else expectTypeOf(data).toEqualTypeOf<undefined>();
      }
    });
  });

  it('have the data of all events without a filter', () => {
    compiles(async () => {
      for await (const event of qmp.events()) {
        expectTypeOf(event.event).toEqualTypeOf<EventName>();
        if (event.event === 'DEVICE_DELETED') expectTypeOf(event.data.path).toEqualTypeOf<string>();
      }
      const { data } = await qmp.waitFor('JOB_STATUS_CHANGE', (job) => job.data.id === 'j0');
      // @ts-expect-error -- not a status
      return data.status === 'done';
    });
  });

  it('events of a schema go to what takes any event', () => {
    compiles(() => {
      const any = (event: QmpEvent<unknown>) => event.event;
      qmp.on('SHUTDOWN', any).on('STOP', any);
    });
  });
});

describe('a schema', () => {
  it('is the newest one by default', () => {
    expectTypeOf<Qapi>().toEqualTypeOf<Qapi111>();
    expectTypeOf<QmpClient>().toEqualTypeOf<
      QmpClient<{ commands: Qapi111['commands']; events: Qapi111['events'] }>
    >();
    expectTypeOf<CommandName>().toEqualTypeOf<keyof Qapi111['commands']>();
  });

  it('may be another one beside it', () => {
    compiles(async (old: QmpClient<Qapi72>, newer: QmpClient<Qapi100>) => {
      expectTypeOf(await old.execute('query-status')).toEqualTypeOf<Status72>();
      await newer.execute('query-cpus-fast');
      await newer.commands['query-cpus-fast']();
      await qmp.execute('query-firmware-log');
      // @ts-expect-error -- 7.2 does not have it
      await old.execute('query-firmware-log');
    });
    expectTypeOf<QmpClient['commands']>().toHaveProperty('query-firmware-log');
    expectTypeOf<QmpClient<Qapi100>['commands']>().not.toHaveProperty('query-firmware-log');
    expectTypeOf<QmpClient<Qapi72>>().not.toEqualTypeOf<QmpClient>();
  });

  it('may be open: typed where it is known, with any other name', () => {
    compiles(async (open: QmpClient<OpenQapi>) => {
      expectTypeOf(await open.execute('query-jobs')).toEqualTypeOf<readonly JobInfo[]>();
      expectTypeOf(await open.execute('x-mine', { size: 2n })).toEqualTypeOf<JsonValue>();
      // @ts-expect-error -- the arguments of a command that is known
      await open.execute('device_del');
      open.on('X_MINE', ({ data }) => {
        expectTypeOf(data).toEqualTypeOf<JsonObject | undefined>();
      });
      open.on('SHUTDOWN', ({ data }) => {
        expectTypeOf(data).toEqualTypeOf<ShutdownData>();
      });
    });
  });

  it('may know no names', () => {
    compiles(async (any: QmpClient<AnyQapi>) => {
      expectTypeOf(await any.execute('query-jobs', { x: 1 })).toEqualTypeOf<JsonValue>();
      expectTypeOf(await any.waitFor(['A', 'B'])).toEqualTypeOf<QmpEvent>();
      expectTypeOf(any.commands['x']).not.toBeAny();
      await any.commands['x-mine']?.({ size: 1 }, { timeout: 1 });
    });
  });

  it("may be a user's own", () => {
    interface Mine {
      commands: {
        'x-mine': { arguments: { size: number }; returns: { ok: boolean } };
        'x-other': { arguments: { size?: number }; returns: string };
      };
      events: { X_MINE: { at: number }; X_OTHER: undefined };
    }
    compiles(async (mine: QmpClient<Mine>) => {
      expectTypeOf(await mine.execute('x-mine', { size: 1 })).toEqualTypeOf<{ ok: boolean }>();
      expectTypeOf(await mine.commands['x-other']()).toEqualTypeOf<string>();
      expectTypeOf(await mine.waitFor('X_MINE')).toEqualTypeOf<
        QmpEvent<{ at: number }, 'X_MINE'>
      >();
      // @ts-expect-error -- the size is missing
      await mine.commands['x-mine']();
      // @ts-expect-error -- of another schema
      await mine.execute('query-status');
    });
  });
});

describe('a function for clients of several versions', () => {
  it('takes the methods that it calls, of the oldest one', () => {
    const isRunning = async (
      old: Pick<QmpClient<Qapi72>, 'execute' | 'waitFor' | 'executeAndWait' | 'job' | 'migrate'>,
    ) => (await old.execute('query-status')).running;
    compiles(async (old: QmpClient<Qapi72>, middle: QmpClient<Qapi100>) => {
      await isRunning(old);
      await isRunning(middle);
      await isRunning(qmp);
    });
  });
});

describe('qmp.commands', () => {
  it('has the same arguments and results as execute()', () => {
    compiles(async () => {
      expectTypeOf(await qmp.commands['query-jobs']()).toEqualTypeOf<readonly JobInfo[]>();
      await qmp.commands.cont();
      await qmp.commands.cont({}, { timeout: 5, signal: AbortSignal.timeout(1) });
      await qmp.commands['blockdev-add']({ driver: 'null-co', 'node-name': 'n0' }, { oob: false });
      // @ts-expect-error -- the arguments are missing
      await qmp.commands['blockdev-add']();
      // @ts-expect-error -- an unknown member
      await qmp.commands.device_del({ id: 'x', force: true });
      // @ts-expect-error -- cannot be replaced
      qmp.commands.cont = () => Promise.resolve({});
    });
    expectTypeOf<QmpClient['commands']>().not.toHaveProperty('query-statuss');
    expectTypeOf<keyof QmpClient['commands']>().toEqualTypeOf<CommandName>();
    expectTypeOf<Awaited<ReturnType<QmpClient['commands']['query-status']>>>().toEqualTypeOf<
      Returns<'query-status'>
    >();
  });
});

test('the types that wirechart/qmp has names for are those of the newest schema', () => {
  expectTypeOf<Returns<'query-version'>>().toHaveProperty('qemu');
  expectTypeOf<Arguments<'device_del'>>().toEqualTypeOf<
    Qapi111['commands']['device_del']['arguments']
  >();
});
