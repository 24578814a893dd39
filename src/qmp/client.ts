/** The QMP client: a connection, its place in statecharts, and helpers that run several commands. */

import { handOut } from '../async/rejection.ts';
import type { JsonObject } from '../codecs/json.ts';
import type { OpenDescriptor } from '../core/passing.ts';
import type { AttachableRef } from '../machines/extension-types.ts';
import { attachTo, type ClientConstructor, machineOf } from '../protocol/define-client.ts';
import type { Qapi } from '../qapi/11.1.ts';
import type { Empty } from '../qapi/base.ts';
import { type CommandMethods, commandView } from './commands/command-view.ts';
import { QmpConnection } from './connection.ts';
import { type AddedFd, addFd, type AddFdOptions, getFd } from './descriptors.ts';
import {
  type EventAfter,
  executeAndWait,
  type ExecuteAndWaitOptions,
} from './commands/execute-and-wait.ts';
import type { ReplyOptions } from './commands/exchange.ts';
import { runHmp } from './commands/hmp.ts';
import type { JobArguments, JobCommandName, JobOptions, JobProgress } from './jobs/job-types.ts';
import { runJob } from './jobs/jobs.ts';
import { LOOSE } from './loose-client.ts';
import type { QmpMachine } from './embedding/machine.ts';
import { runMigration } from './jobs/migration.ts';
import type { MigrateOptions, MigrationProgress } from './jobs/migration-types.ts';
import {
  checkQmpAttachOptions,
  checkQmpMachineOptions,
  protocolParts,
  type QmpAttachOptions,
  type QmpMachineOptions,
} from './options.ts';
import type {
  Arguments,
  CommandName,
  EventName,
  EventOf,
  QapiSchema,
  QmpCommand,
  Returns,
} from './types.ts';

/**
 * A client of one QMP monitor. It dials the server (`connect()`), or the server dials the client
 * (`listen()`, then `accept()`).
 *
 * @example
 * await using qmp = new QmpClient();
 * await qmp.connect('/run/vm1/qmp.sock');
 * qmp.on('SHUTDOWN', ({ data }) => console.log('shut down:', data.reason));
 * const { running } = await qmp.execute('query-status');
 *
 * @typeParam S - The types of the commands and events: a schema of `wirechart/qapi/…`. Default: the newest.
 */
export class QmpClient<S extends QapiSchema = Qapi> extends QmpConnection<S> {
  /** @internal A literal, because bundlers rename classes. */
  static override readonly name: string = 'QmpClient';

  #commands: CommandMethods<S> | undefined;

  /** `createQmpMachine()`. `supervise()` needs it and `attach()` of a client class. */
  static override createMachine(options?: QmpMachineOptions): QmpMachine {
    // A class that extends this one may have options of its own.
    if (Object.is(this, QmpClient)) checkQmpMachineOptions(options);
    return options === undefined
      ? machineOf(this)
      : machineOf(this, protocolParts(options), {
          timeouts: options.timeouts,
          limits: options.limits,
        });
  }

  /**
   * Returns the client of a machine that runs in another statechart. An actor has one client: later
   * calls return the same one, and their options are ignored.
   *
   * @param ref - A running actor of `createQmpMachine()`.
   * @param options - `clock`: the clock of the deadlines of commands and waits. `name` and
   *   `onListenerError`: default to those that `createQmpMachine()` was given. `logger`: see
   *   `AsyncProtocol.attach()`.
   * @throws {ArgumentError} When `ref` is an actor of another machine, or an option is invalid.
   */
  static override attach<C>(
    this: ClientConstructor<C>,
    ref: AttachableRef<JsonObject, QmpCommand>,
    options: QmpAttachOptions = {},
  ): C {
    checkQmpAttachOptions(options);
    const { onListenerError, ...others } = options;
    const maker = Object.is(this, QmpClient) ? 'createQmpMachine()' : undefined;
    const { client, isFirst } = attachTo(this, ref, others, maker);
    if (isFirst) QmpConnection.noteAttached(client, onListenerError);
    return client;
  }

  /**
   * The commands as methods: `qmp.commands.cont()` is `qmp.execute('cont')`. Editors strike out here what QEMU has
   * deprecated. The methods need no `this`. A name that the schema does not have is sent all the same.
   *
   * @example
   * await qmp.commands['blockdev-add']({ driver: 'null-co', 'node-name': 'disk0' });
   */
  get commands(): CommandMethods<S> {
    this.#commands ??= commandView(
      (command, args, options) => this[LOOSE].execute(command, args, options),
      () => `<the commands of ${this.toString()}>`,
    ) as CommandMethods<S>;
    return this.#commands;
  }

  /**
   * Executes a command, and resolves with the event that it causes, and in `returned` with what the command returned.
   * The wait begins before the command is sent, so that the event cannot be missed. Legal in RUNNING.
   *
   * @example
   * await qmp.executeAndWait('device_del', { id: 'nic1' }, 'DEVICE_DELETED', {
   *   filter: ({ data }) => data.device === 'nic1',
   *   timeout: 30_000,
   * });
   *
   * @param events - The name of the event, or several names: it resolves with the first event.
   * @throws {ExecuteError} When the command fails: at once.
   * @throws {ClosedError} When the session ends between the reply and the event.
   * @throws {TimeoutError} When `timeout` passed. Its phase is `execute` if the command had no reply, else `wait`.
   * @throws {HandlerError} When the filter threw.
   * @throws The other errors of `execute()`.
   */
  executeAndWait<C extends CommandName<S>, E extends EventName<S>>(
    command: C,
    args: Arguments<C, S> | (Empty extends Arguments<C, S> ? undefined : never),
    events: E | readonly E[],
    options?: ExecuteAndWaitOptions<EventOf<E, S>>,
  ): Promise<EventAfter<EventOf<E, S>, Returns<C, S>>>;
  executeAndWait(
    command: string,
    args: object | undefined,
    events: unknown,
    options?: ExecuteAndWaitOptions,
  ): Promise<unknown> {
    return handOut(executeAndWait(this[LOOSE], command, args, events, options));
  }

  /**
   * Runs a job from its start to its end: a command that takes a `job-id`, such as `blockdev-backup`, `blockdev-mirror`,
   * `block-commit`, `block-stream`, `blockdev-create` or `snapshot-save`. Resolves with its last progress when it has
   * succeeded. The job gets an id unless `args` has one, is finalized if it has `'auto-finalize': false`, and is dismissed
   * at its end. Legal in RUNNING.
   *
   * @example
   * await qmp.job('blockdev-backup', { device: 'disk0', target: 'backup0', sync: 'full' }, {
   *   onProgress: ({ fraction }) => console.log(`${(fraction * 100).toFixed()} %`),
   *   signal,
   * });
   *
   * @throws {JobError} When the job failed, or another client cancelled it.
   * @throws {ExecuteError} When the job could not be started, for example because its id is in use.
   * @throws {ExecInterruptedError} When the session ended before the job did. The job may go on in the server.
   * @throws {TimeoutError} When `timeout` passed, after the job was cancelled. Its phase is `job`.
   * @throws {HandlerError} When a callback threw, after the job was cancelled.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {ArgumentError} When an option cannot be used.
   * @throws `signal.reason`, when the signal was aborted, after the job was cancelled. If the job succeeds before it is
   *   cancelled, the promise resolves.
   */
  job<C extends JobCommandName<S>>(
    command: C,
    args: JobArguments<C, S>,
    options?: JobOptions,
  ): Promise<JobProgress>;
  job(command: string, args: object, options?: JobOptions): Promise<JobProgress> {
    return handOut(runJob(this[LOOSE], command, args, options));
  }

  /**
   * Migrates the guest to another QEMU, which waits for it (`-incoming`, `migrate-incoming`). Resolves with the last
   * progress when the migration is completed: this QEMU then has the status `postmigrate`, and can quit. Turns on the
   * migration capability `events`, and changes no other one. Legal in RUNNING.
   *
   * @example
   * const { downtime } = await qmp.migrate('unix:/run/target/migration', {
   *   onProgress: ({ fraction, mbps }) => console.log(`${(fraction * 100).toFixed()} %, ${mbps} Mbit/s`),
   *   signal,
   * });
   *
   * @param target - Where to: the `uri` of the command `migrate`, or all its arguments.
   * @throws {MigrationError} When the migration failed, or another client cancelled it. The guest is still here.
   * @throws {ExecuteError} When the migration could not be started.
   * @throws {ExecInterruptedError} When the session ended before the migration did. It may go on in the server.
   * @throws {TimeoutError} When `timeout` passed, after the migration was cancelled. Its phase is `migration`.
   * @throws {HandlerError} When a callback threw, after the migration was cancelled.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {ArgumentError} When an option cannot be used.
   * @throws `signal.reason`, when the signal was aborted, after the migration was cancelled. If it is completed before,
   *   the promise resolves. In postcopy a migration is not cancelled: that would lose the guest.
   */
  migrate(
    target: string | Arguments<'migrate', S>,
    options?: MigrateOptions,
  ): Promise<MigrationProgress> {
    return handOut(runMigration(this[LOOSE], target, options));
  }

  /**
   * Executes a command of QEMU's monitor for people (`human-monitor-command`), and resolves with the text that it prints.
   * A command that fails resolves, too: its text says so. Legal in RUNNING.
   *
   * @example
   * console.log(await qmp.hmp('info block'));
   *
   * @param commandLine - The command and its arguments, as they are typed.
   * @throws The errors of `execute()`.
   */
  hmp(commandLine: string, options?: ReplyOptions): Promise<string> {
    return handOut(runHmp(this[LOOSE], commandLine, options));
  }

  /**
   * Passes an open file descriptor of this process to the server, which adds it to a set of descriptors (`add-fd`).
   * Resolves with what stands for a file name in the server's commands: `/dev/fdset/2`. Legal in RUNNING, over a UNIX
   * socket, on Linux and macOS, with the package koffi installed, or on Node 26.
   *
   * The descriptor stays yours: keep it open until the promise has settled, then close it when you like. It may be
   * called several times without waiting: one descriptor is passed at a time, and other commands go on beside them.
   *
   * @example
   * const disk = await open('/images/disk.qcow2', 'r+');
   * const { path } = await qmp.addFd(disk);
   * await disk.close();
   * await qmp.execute('blockdev-add', { driver: 'file', 'node-name': 'file0', filename: path });
   *
   * @param fd - Its number, or something open that has one, such as a `FileHandle`.
   * @throws {DescriptorError} When the session does not run over a UNIX socket, this process has no way to pass
   *   descriptors, or the system refuses it; nothing was sent.
   * @throws {ArgumentError} When the descriptor is not open, or was closed before it was sent; or an option cannot be
   *   used.
   * @throws {ExecuteError} When the server refuses it.
   * @throws {TimeoutError} When `timeout` passed; the message says whether it may have been sent.
   * @throws {ExecInterruptedError} When the session ended before the reply.
   * @throws {StateError} When the state is not RUNNING.
   * @throws {BadReplyError} When the reply does not name the set.
   * @throws `signal.reason`, when the signal was aborted: before the descriptor is passed, it is not sent.
   */
  addFd(fd: OpenDescriptor, options?: AddFdOptions): Promise<AddedFd> {
    return handOut(addFd(this[LOOSE], fd, options));
  }

  /**
   * Passes an open file descriptor of this process to the server, which keeps it under a name (`getfd`) for commands
   * that take one, such as `netdev_add` with `fd`, or `migrate` with `fd:NAME`. A name that is in use is replaced.
   * Everything else is as for `addFd()`.
   *
   * @param name - The name, which must not begin with a digit.
   * @throws The errors of `addFd()`.
   */
  getFd(fd: OpenDescriptor, name: string, options?: ReplyOptions): Promise<void> {
    return handOut(getFd(this[LOOSE], fd, name, options));
  }
}
