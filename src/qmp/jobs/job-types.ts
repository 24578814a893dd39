/** What `QmpClient.job()` takes, and what it says of a job. */

import type { Arguments, CommandName, CommandsOf, QapiSchema } from '../types.ts';

/** How far a job is. */
export interface JobProgress {
  /** The id of the job. */
  readonly id: string;
  /** What kind of job it is: `backup`, `mirror`, `commit`, `stream`, `create`, `snapshot-save`, … */
  readonly type: string;
  /**
   * Its status: `created`, `running`, `paused`, `ready` (a mirror that is in sync), `standby` (the same, paused),
   * `waiting`, `pending`, `aborting` or `concluded`.
   */
  readonly status: string;
  /** How much is done, in a unit of the job's: of block jobs, bytes. */
  readonly current: number;
  /** How much there is to do in all, as far as the server knows now: it may grow. */
  readonly total: number;
  /** `current / total`, from 0 to 1. Jobs that do not count, such as `snapshot-save`, have 0 until they end. */
  readonly fraction: number;
}

/**
 * What happens to a mirror, or to a commit of the active layer, when it is in sync. `complete`: it switches over to the
 * target, and ends. `stop`: it ends without switching over; the target is a copy of that moment. `resolve`: `job()`
 * resolves, and the job goes on.
 */
export type ReadyAction = 'complete' | 'stop' | 'resolve';

/** The options of `job()`. */
export interface JobOptions {
  /**
   * Called with the progress when the job has been created, when its status changes, every so often while it changes,
   * and at its successful end. If it returns a promise, it is called again only when that has resolved. If it throws, or
   * the promise rejects, the job is cancelled, and `job()` rejects with a `HandlerError`.
   */
  readonly onProgress?: ((progress: JobProgress) => unknown) | undefined;
  /** How often the progress is asked for, in ms. Default 500. Without `onProgress` it is not asked for. */
  readonly every?: number | undefined;
  /**
   * What happens when the job is `ready`. A function is called once; when the promise that it returns resolves, the job
   * is stopped if that is with `stop`, and otherwise completed. If it throws, the job is cancelled, and `job()` rejects
   * with a `HandlerError`. Default `complete`.
   */
  readonly onReady?: ReadyAction | ((progress: JobProgress) => unknown) | undefined;
  /** Cancels the job when it is aborted; when the job has ended, `job()` rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** A deadline for the whole job, in ms, which cancels it. Default: none. */
  readonly timeout?: number | undefined;
  /** How long to wait until a cancelled job has ended, in ms. Default 10 000. */
  readonly cancelTimeout?: number | undefined;
}

/** The names of the commands of a schema that start a job: the ones that take a `job-id`. */
export type JobCommandName<S extends QapiSchema> =
  | {
      [C in keyof CommandsOf<S> & string]: TakesJobId<Arguments<C, S>> extends never ? never : C;
    }[keyof CommandsOf<S> & string]
  | Exclude<CommandName<S>, keyof CommandsOf<S>>;

/** The arguments of such a command. The `job-id` may be left out. */
export type JobArguments<C, S extends QapiSchema> = WithOptionalId<Arguments<C, S>>;

/** `Empty`, the arguments of commands without any, has all names. */
type TakesJobId<A> = A extends unknown
  ? string extends keyof A
    ? never
    : 'job-id' extends keyof A
      ? true
      : never
  : never;
type WithOptionalId<A> = A extends { readonly 'job-id': string }
  ? Omit<A, 'job-id'> & { readonly 'job-id'?: string }
  : A;
