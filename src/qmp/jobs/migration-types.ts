/** What `QmpClient.migrate()` takes, and what it says of a migration. */

import type { JobOptions } from './job-types.ts';

/** How far a migration is. Of what QEMU does not say (yet), numbers are 0. */
export interface MigrationProgress {
  /**
   * Its status, among others: `setup`, `active`, `pre-switchover`, `device`, `postcopy-active`, `postcopy-paused`,
   * `cancelling`, `failing`, `completed`.
   */
  readonly status: string;
  /** How many bytes were sent. */
  readonly transferred: number;
  /** How many bytes of the guest's memory there are to send. It grows when the guest changes what was sent. */
  readonly remaining: number;
  /** The size of the guest's memory, in bytes. */
  readonly total: number;
  /** How much of the memory is up to date at the target, from 0 to 1. It may decrease. */
  readonly fraction: number;
  /** The throughput, in megabits per second. */
  readonly mbps: number;
  /** How many pages the guest changes per second. */
  readonly dirtyPagesRate: number;
  /** How many passes over the memory were begun. */
  readonly passes: number;
  /** How long the guest will be stopped for the rest, in ms, as QEMU expects. `undefined` if it does not say. */
  readonly expectedDowntime: number | undefined;
  /** How long the guest was stopped, in ms. `undefined` until the migration is completed. */
  readonly downtime: number | undefined;
  /** How long the migration has taken so far, in ms. */
  readonly totalTime: number;
}

/** The options of `migrate()`. */
export interface MigrateOptions extends Pick<
  JobOptions,
  'every' | 'signal' | 'timeout' | 'cancelTimeout'
> {
  /**
   * Called with the progress when the migration was started, when its status changes, every so often while it changes,
   * and at its successful end. If it returns a promise, it is called again only when that has resolved. If it throws, or
   * the promise rejects, the migration is cancelled, and `migrate()` rejects with a `HandlerError`.
   */
  readonly onProgress?: ((progress: MigrationProgress) => unknown) | undefined;
  /**
   * Called when the guest was stopped and all but the state of its devices was sent, if the capability
   * `pause-before-switchover` is on. When the promise that it returns resolves, the migration is continued. Without it,
   * you continue it: `migrate-continue`.
   */
  readonly onPreSwitchover?: ((progress: MigrationProgress) => unknown) | undefined;
}
