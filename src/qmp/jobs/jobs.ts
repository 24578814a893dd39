/**
 * Jobs of the block layer and of snapshots: commands that take a `job-id`, reply when the job has been created, and go
 * on in the server. The statuses and verbs are those of QAPI's "Background jobs" (`JobStatus`, `JobVerb`).
 */

import { checkTimeout } from '../../async/timer.ts';
import { ArgumentError } from '../../core/errors.ts';
import { checkKinds, type Names, signalOf } from '../../core/options.ts';
import { memberOf, show } from '../../core/shape.ts';
import { JobOperation } from './job-operation.ts';
import type { JobOptions, JobProgress } from './job-types.ts';
import type { LooseClient } from '../loose-client.ts';
import { runOperation } from './operation.ts';

const OPTIONS: Names<JobOptions> = {
  onProgress: true,
  every: true,
  onReady: true,
  signal: true,
  timeout: true,
  cancelTimeout: true,
};

/** How often the progress is asked for, in ms. */
export const PROGRESS_EVERY_MS = 500;
/** How long a cancelled operation is waited for, in ms. */
export const CANCEL_TIMEOUT_MS = 10_000;

const READY_ACTIONS: readonly unknown[] = ['complete', 'stop', 'resolve'];

/** See `QmpClient.job()`. */
export async function runJob(
  qmp: LooseClient,
  command: string,
  args: object = {},
  options: JobOptions = {},
): Promise<JobProgress> {
  signalOf('job()', options, OPTIONS)?.throwIfAborted();
  checkJob(command, args, options);
  const { every = PROGRESS_EVERY_MS, cancelTimeout = CANCEL_TIMEOUT_MS, onReady } = options;
  const operation = new JobOperation(qmp, { command, args, onReady });
  return runOperation(qmp, operation, { ...options, every, cancelTimeout });
}

/** @throws {ArgumentError} When something cannot be used. */
function checkJob(command: unknown, args: unknown, options: JobOptions): void {
  if (typeof command !== 'string' || command === '') {
    throw new ArgumentError(`job() needs the name of a command, not ${show(command)}`);
  }
  const id = memberOf(args, 'job-id');
  if (id !== undefined && typeof id !== 'string') {
    throw new ArgumentError(`The argument job-id of ${command} must be a string, not ${show(id)}`);
  }
  checkOperationOptions('job()', options);
  const { onReady } = options;
  if (onReady === undefined || typeof onReady === 'function' || READY_ACTIONS.includes(onReady)) {
    return;
  }
  throw new ArgumentError(
    `onReady of job() must be 'complete', 'stop', 'resolve' or a function, not ${show(onReady)}`,
  );
}

/** Checks the options that `job()` and `migrate()` have in common. */
export function checkOperationOptions(
  owner: string,
  options: Pick<JobOptions, 'every' | 'timeout' | 'cancelTimeout'>,
): void {
  checkKinds(owner, options, { onProgress: 'function' });
  checkTimeout(options.timeout);
  for (const name of ['every', 'cancelTimeout'] as const) {
    const ms: unknown = options[name];
    if (ms === undefined || (typeof ms === 'number' && ms > 0)) continue;
    throw new ArgumentError(`${name} of ${owner} must be a number of ms above 0, not ${show(ms)}`);
  }
}
