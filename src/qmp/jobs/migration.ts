/** `QmpClient.migrate()`: a migration from its start to its end, at its source. */

import type { JsonValue } from '../../codecs/json.ts';
import { ArgumentError, handlerError } from '../../core/errors.ts';
import { checkKinds, type Names, signalOf } from '../../core/options.ts';
import { memberOf, show } from '../../core/shape.ts';
import { MigrationError } from './job-errors.ts';
import { textIn } from './job-progress.ts';
import { CANCEL_TIMEOUT_MS, checkOperationOptions, PROGRESS_EVERY_MS } from './jobs.ts';
import type { LooseClient } from '../loose-client.ts';
import { migrationIn } from './migration-progress.ts';
import type { MigrateOptions, MigrationProgress } from './migration-types.ts';
import { type Operation, type OperationControl, runOperation } from './operation.ts';
import { noteRequest } from '../commands/request.ts';
import type { QmpCommand, QmpEvent } from '../types.ts';

const OPTIONS: Names<MigrateOptions> = {
  onProgress: true,
  every: true,
  onPreSwitchover: true,
  signal: true,
  timeout: true,
  cancelTimeout: true,
};

/** See `QmpClient.migrate()`. */
export async function runMigration(
  qmp: LooseClient,
  target: unknown,
  options: MigrateOptions = {},
): Promise<MigrationProgress> {
  signalOf('migrate()', options, OPTIONS)?.throwIfAborted();
  checkKinds('migrate()', options, { onPreSwitchover: 'function' });
  checkOperationOptions('migrate()', options);
  const { every = PROGRESS_EVERY_MS, cancelTimeout = CANCEL_TIMEOUT_MS } = options;
  const operation = new MigrationOperation(qmp, argumentsOf(target), options.onPreSwitchover);
  return runOperation(qmp, operation, { ...options, every, cancelTimeout });
}

/** The arguments of the command, which may be given as an address. */
function argumentsOf(target: unknown): object {
  if (typeof target === 'string' && target !== '') return { uri: target };
  if (typeof target === 'object' && target !== null && !Array.isArray(target)) return target;
  throw new ArgumentError(
    `migrate() needs an address such as 'unix:/run/target' or 'tcp:host:port', or the arguments of migrate, not ${show(target)}`,
  );
}

/** The statuses after which nothing happens any more. */
const ENDS: readonly unknown[] = ['completed', 'failed', 'cancelled'];

/** A migration, at its source. */
class MigrationOperation implements Operation<MigrationProgress> {
  readonly phase = 'migration';
  readonly events = ['MIGRATION'];
  readonly command = 'migrate';
  readonly request: QmpCommand;
  readonly description = 'the migration';
  readonly #qmp: LooseClient;
  readonly #args: object;
  readonly #onPreSwitchover: MigrateOptions['onPreSwitchover'];
  /** The last status of this migration; `undefined` until it has begun. */
  #status: string | undefined;
  #switchedOver: Promise<void> | undefined;

  constructor(qmp: LooseClient, args: object, onPreSwitchover: MigrateOptions['onPreSwitchover']) {
    this.#qmp = qmp;
    this.#args = args;
    this.request = { execute: this.command, arguments: args };
    this.#onPreSwitchover = onPreSwitchover;
  }

  async start(control: OperationControl): Promise<void> {
    await this.#turnOnEvents();
    // The caller gets the reason instead of this error.
    if (control.isGivenUp) throw new MigrationError('cancelled', 'it was not started');
    // Its own deadline would leave a migration behind that nothing cancels.
    await this.#qmp.execute(this.command, this.#args, { timeout: Infinity });
  }

  take({ data }: QmpEvent, control: OperationControl): boolean {
    const status = memberOf(data, 'status');
    if (typeof status !== 'string') return false;
    // What comes before is of an earlier migration.
    if (this.#status === undefined && !isBegin(status)) return false;
    this.#status = status;
    control.hurry();
    if (ENDS.includes(status)) return true;
    if (status === 'pre-switchover' && !control.isGivenUp) {
      this.#switchedOver ??= this.#switchOver(control);
    }
    return false;
  }

  async read(): Promise<MigrationProgress | undefined> {
    const info = await this.#info();
    return info === undefined ? undefined : migrationIn(info);
  }

  /** In postcopy, neither side has all of the guest: a migration that is cancelled then would lose it. */
  async cancel(): Promise<void> {
    if (this.#status?.startsWith('postcopy') === true) return;
    await this.#qmp.execute('migrate_cancel');
  }

  async conclude(): Promise<MigrationProgress> {
    const info = await this.#info();
    if (this.#status === 'completed')
      return migrationIn({ ...toObject(info), status: 'completed' });
    const error = failure(this.#status, textIn(info, 'error-desc'));
    noteRequest(error, this.request);
    throw error;
  }

  /** QEMU sends no event MIGRATION unless it was told to. The other capabilities stay as they are. */
  async #turnOnEvents(): Promise<void> {
    const capabilities = await this.#qmp.execute('query-migrate-capabilities');
    const isOn = (each: JsonValue) =>
      memberOf(each, 'capability') === 'events' && memberOf(each, 'state') === true;
    if (Array.isArray(capabilities) && capabilities.some(isOn)) return;
    await this.#qmp.execute('migrate-set-capabilities', {
      capabilities: [{ capability: 'events', state: true }],
    });
  }

  async #switchOver(control: OperationControl): Promise<void> {
    if (this.#onPreSwitchover === undefined) return;
    try {
      const progress = (await this.read()) ?? migrationIn({ status: 'pre-switchover' });
      await callBack(this.#onPreSwitchover, progress);
      if (control.isGivenUp || ENDS.includes(this.#status)) return;
      await this.#qmp.execute('migrate-continue', { state: 'pre-switchover' });
    } catch (error) {
      if (!ENDS.includes(this.#status)) control.fail(error);
    }
  }

  /** The session may end, and a deadline of all commands may pass: then nothing is known. */
  async #info(): Promise<JsonValue | undefined> {
    try {
      return await this.#qmp.execute('query-migrate');
    } catch {
      return undefined;
    }
  }
}

/** Whether a migration begins with this status: a new one, or one that is resumed. */
const isBegin = (status: string): boolean =>
  status === 'setup' || status.startsWith('postcopy-recover');

const failure = (status: string | undefined, why: string | undefined): MigrationError =>
  status === 'failed'
    ? new MigrationError('failed', why ?? 'QEMU does not say why')
    : new MigrationError('cancelled', why ?? 'by another client of QEMU');

const toObject = (value: unknown): object =>
  typeof value === 'object' && value !== null ? value : {};

async function callBack(
  onPreSwitchover: NonNullable<MigrateOptions['onPreSwitchover']>,
  progress: MigrationProgress,
): Promise<void> {
  try {
    await onPreSwitchover(progress);
  } catch (error) {
    throw handlerError('onPreSwitchover', error);
  }
}
