/** The script of a command that starts a job. */

import { ArgumentError } from '../../core/errors.ts';
import { checkKinds, checkNames, type Names } from '../../core/options.ts';
import { memberOf, show } from '../../core/shape.ts';

/** The options of a scripted job. */
export interface ScriptedJobOptions {
  /**
   * The type of the job, as in `query-jobs`. The types `backup`, `mirror`, `commit` and `stream` are block jobs,
   * which also emit `BLOCK_JOB_*` events. Default: that of the command in QEMU, such as `backup` for
   * `blockdev-backup`; for a command that starts no job in QEMU, its name.
   */
  readonly type?: string | undefined;
  /** The `total-progress` of the job; for block jobs in bytes. Default 1 048 576. */
  readonly total?: number | undefined;
  /** In how many equal steps it advances to `total`. Default 4. */
  readonly steps?: number | undefined;
  /**
   * How much time passes before each step, in ms of the server's `clock`; `Infinity`: the job advances only by
   * hand, with `server.job(id).advance()`. Default 0: it advances as soon as the command is answered.
   */
  readonly interval?: number | undefined;
  /**
   * Whether the job is `ready` after its last step, and waits for `job-complete`. Default: `true` for the type
   * `mirror`, `false` for others.
   */
  readonly ready?: boolean | undefined;
  /** Makes the job fail with this text in place of its last step. Default: it does not fail. */
  readonly error?: string | undefined;
}

const OPTIONS: Names<ScriptedJobOptions> = {
  type: true,
  total: true,
  steps: true,
  interval: true,
  ready: true,
  error: true,
};

/** The script of a command that starts a job. Created by `job()`. */
export class JobScript {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'JobScript';

  /** The options of the job. */
  readonly options: ScriptedJobOptions;

  /** @internal */
  constructor(options: ScriptedJobOptions) {
    this.options = options;
  }
}

/**
 * The script of a command that starts a job, as `blockdev-backup` does. The command is answered with `{}`, and
 * the job goes through the statuses of QEMU's jobs, with their events. Its id is the argument `job-id`, or
 * else `device`; the arguments `auto-finalize`, `auto-dismiss` and `speed` have the meaning that they have in
 * QEMU. The commands `query-jobs`, `query-block-jobs`, `job-*` and `block-job-*` are answered for it.
 *
 * @example
 * commands: { 'blockdev-backup': job({ total: 1024, steps: 4, interval: 100 }) }
 * @throws {ArgumentError} When an option is invalid.
 */
export function job(options: ScriptedJobOptions = {}): JobScript {
  checkNames('job()', options, OPTIONS);
  checkKinds('job()', options, { type: 'string', ready: 'boolean', error: 'string' });
  checkNumber(options, 'total', 'a number of at least 0', (value) => value >= 0);
  checkNumber(options, 'steps', 'a whole number of at least 1', isCount);
  checkNumber(options, 'interval', 'a number of ms of at least 0', (value) => value >= 0);
  return new JobScript(options);
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

function checkNumber(
  options: ScriptedJobOptions,
  name: keyof ScriptedJobOptions,
  wanted: string,
  isValid: (value: number) => boolean,
): void {
  const value: unknown = memberOf(options, name);
  if (value === undefined || (typeof value === 'number' && isValid(value))) return;
  throw new ArgumentError(`${name} of job() must be ${wanted}, not ${show(value)}`);
}

/** The types of the jobs that QEMU's commands start. */
const TYPES: Readonly<Record<string, string>> = {
  'block-commit': 'commit',
  'block-stream': 'stream',
  'blockdev-backup': 'backup',
  'blockdev-create': 'create',
  'blockdev-mirror': 'mirror',
  'drive-backup': 'backup',
  'drive-mirror': 'mirror',
  'x-blockdev-amend': 'amend',
};

/** The type of the job that a command starts, unless its script says another. */
export const jobTypeOf = (command: string): string =>
  Object.hasOwn(TYPES, command) ? (TYPES[command] ?? command) : command;

const BLOCK_TYPES: readonly string[] = ['backup', 'commit', 'mirror', 'stream'];

/** Whether jobs of a type are block jobs, which emit `BLOCK_JOB_*` and are in `query-block-jobs`. */
export const isBlockJob = (type: string): boolean => BLOCK_TYPES.includes(type);
