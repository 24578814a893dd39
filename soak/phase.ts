/** What the phases of a soak have in common. */

import type { Sample } from './sample.ts';

/** What a phase is given. */
export interface Work {
  /** How much is to be done. */
  readonly count: number;
  readonly seed: number;
  /** A directory for sockets. */
  readonly directory: string;
  /** Whether there is time for more. */
  readonly hasTime: () => boolean;
  /** Takes a sample here, at a quiet moment; `peer` is one of the process at the other end. */
  readonly sample: (done: number, more?: { listeners?: number; peer?: Sample }) => Promise<void>;
  /** A line below the table. */
  readonly say: (line: string) => void;
}

/** A part of the soak. It throws when something is not as it must be. */
export interface Phase {
  readonly name: string;
  readonly unit: string;
  readonly count: number;
  readonly run: (work: Work) => Promise<void>;
}

/** Does `step` in ten parts of the whole, as long as there is time, and takes a sample after each. */
export async function inTenParts(
  { count, hasTime }: Work,
  step: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let part = 0; part < 10 && hasTime(); part += 1) {
    await step(Math.round((count * part) / 10), Math.round((count * (part + 1)) / 10));
  }
}

/** Has so many workers take from `next` until it gives nothing. */
export async function together<T>(
  workers: number,
  next: () => T | undefined,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  const one = async (worker: number): Promise<void> => {
    for (let item = next(); item !== undefined; item = next()) await work(item, worker);
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => one(worker)));
}

/** Gives the numbers from `from` up to `to`, one at a time. */
export function counter(from: number, to: number, goesOn: () => boolean): () => number | undefined {
  let at = from;
  return () => (at < to && goesOn() ? at++ : undefined);
}

const PATIENCE_MS = 60_000;

/** @throws {Error} When it hangs. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} hangs`));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
