/** Runs one variant in a process of its own, to measure its memory. */

import { Child } from './peer.ts';
import type { Run } from './measure.ts';

/** The task of `peers/job.ts`. */
export interface Job {
  readonly what: 'inbound' | 'stalled';
  readonly variant: string;
  readonly path: string;
  readonly count: number;
}

/** Runs a job in a new process, and resolves with the figures that it reports. */
export async function runJob(job: Job): Promise<Run> {
  const started = performance.now();
  const child = new Child(new URL('peers/job.ts', import.meta.url), [JSON.stringify(job)]);
  try {
    return { figures: (await child.report()) as number[], ms: performance.now() - started };
  } finally {
    await child.stop();
  }
}
