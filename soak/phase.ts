/** The interface of the phases, and helpers that they share. */

import type { Sample } from './sample.ts';

/** The task of a phase, and its means to report. */
export interface Work {
  /** The amount of work, in the unit of the phase. */
  readonly count: number;
  readonly seed: number;
  /** A directory for sockets. */
  readonly directory: string;
  /** Whether the time of the phase has not run out. */
  readonly hasTime: () => boolean;
  /** Takes a sample of this process, to be called when it is idle; `peer` is one of the peer process. */
  readonly sample: (done: number, more?: { listeners?: number; peer?: Sample }) => Promise<void>;
  /** Prints a line below the table. */
  readonly print: (line: string) => void;
}

/** A part of the soak. `run()` rejects when the library misbehaves. */
export interface Phase {
  readonly name: string;
  readonly unit: string;
  readonly count: number;
  readonly run: (work: Work) => Promise<void>;
}

/** Calls `step` for each tenth of the work, until the time has run out. */
export async function inTenParts(
  { count, hasTime }: Work,
  step: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let part = 0; part < 10 && hasTime(); part += 1) {
    await step(Math.round((count * part) / 10), Math.round((count * (part + 1)) / 10));
  }
}

/** Runs workers concurrently that process items of `next` until it returns `undefined`. */
export async function together<T>(
  workers: number,
  next: () => T | undefined,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  const runWorker = async (worker: number): Promise<void> => {
    for (let item = next(); item !== undefined; item = next()) await work(item, worker);
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => runWorker(worker)));
}

/** Returns a function that counts from `from` up to `to`, one number per call, while there is time. */
export function counter(
  from: number,
  to: number,
  hasTime: () => boolean,
): () => number | undefined {
  let at = from;
  return () => (at < to && hasTime() ? at++ : undefined);
}

const DEADLINE_MS = 60_000;

/** Rejects when the promise does not settle within the deadline. */
export async function withDeadline<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} did not end within ${String(DEADLINE_MS)} ms`));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
