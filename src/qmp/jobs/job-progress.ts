/** What the server says of a job. */

import type { JsonValue } from '../../codecs/json.ts';
import { memberOf } from '../../core/shape.ts';
import type { JobProgress } from './job-types.ts';
import { keptText } from '../kept.ts';

/** A job in the reply of `query-jobs`. */
export interface KnownJob {
  readonly progress: JobProgress;
  /** Why it has failed, if it has. */
  readonly error: string | undefined;
}

/** The job with this id in the reply of `query-jobs`; `undefined` if it is not there. */
export function jobIn(jobs: JsonValue, id: string): KnownJob | undefined {
  const job: unknown = Array.isArray(jobs)
    ? jobs.find((each) => memberOf(each, 'id') === id)
    : undefined;
  if (job === undefined) return undefined;
  const progress = progressOf({
    id,
    type: textIn(job, 'type') ?? '',
    status: textIn(job, 'status') ?? '',
    current: numberIn(job, 'current-progress'),
    total: numberIn(job, 'total-progress'),
  });
  return { progress, error: textIn(job, 'error') };
}

/** Adds the fraction. */
export function progressOf(progress: Omit<JobProgress, 'fraction'>): JobProgress {
  const { current, total, status } = progress;
  const fraction = total > 0 ? Math.min(1, Math.max(0, current / total)) : 0;
  // An incremental backup without changes has nothing to do.
  return { ...progress, fraction: total <= 0 && status === 'concluded' ? 1 : fraction };
}

/** A member that is a text. */
export function textIn(value: unknown, name: string): string | undefined {
  const text = memberOf(value, name);
  return typeof text === 'string' ? keptText(text) : undefined;
}

/** A member that is an integer, as a number; 0 if there is none. */
export function numberIn(value: unknown, name: string): number {
  const number = memberOf(value, name);
  return typeof number === 'number' || typeof number === 'bigint' ? Number(number) : 0;
}
