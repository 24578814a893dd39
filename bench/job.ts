/** Work in a process of its own, where memory is to be measured. */

import { Child } from './peer.ts';
import type { Run } from './measure.ts';

/** What `peers/job.ts` is asked to do. */
export interface Job {
  readonly what: 'inbound' | 'stalled';
  readonly variant: string;
  readonly path: string;
  readonly count: number;
}

/** Runs a job; its report is the figures. */
export async function runJob(job: Job): Promise<Run> {
  const started = performance.now();
  const child = new Child(new URL('peers/job.ts', import.meta.url), [JSON.stringify(job)]);
  try {
    return { figures: (await child.report()) as number[], ms: performance.now() - started };
  } finally {
    await child.stop();
  }
}
