/** Reports the progress of an operation that runs in the server. */

import { whenAborted } from '../../async/abort.ts';
import { startTimer } from '../../async/timer.ts';
import { handlerError } from '../../core/errors.ts';
import type { Clock } from '../../core/types.ts';

/** Calls `onProgress`, one call at a time, and never twice in a row with the same progress. */
export class ProgressReports<Progress extends object> {
  readonly #onProgress: ((progress: Progress) => unknown) | undefined;
  #last: Progress | undefined;

  constructor(onProgress: ((progress: Progress) => unknown) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Whether anything wants them. */
  get areWanted(): boolean {
    return this.#onProgress !== undefined;
  }

  /**
   * Resolves when the callback has been called, and the promise that it returned has resolved.
   *
   * @throws {HandlerError} When the callback threw.
   */
  async report(progress: Progress): Promise<void> {
    if (this.#onProgress === undefined || isSame(progress, this.#last)) return;
    this.#last = progress;
    try {
      await this.#onProgress(progress);
    } catch (error) {
      throw handlerError('onProgress', error);
    }
  }
}

const isSame = (one: object, other: object | undefined): boolean =>
  other !== undefined &&
  Object.entries(one).every(([name, value]) => Reflect.get(other, name) === value);

/** How a progress is followed. */
export interface ProgressSource<Progress extends object> {
  /** Asks the server; `undefined` if it could not say. Must not reject. */
  readonly read: () => Promise<Progress | undefined>;
  /** The time between a report and the next question, in ms. */
  readonly every: number;
  readonly clock: Clock;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/**
 * Asks for the progress again and again: one question at a time, so that a slow server is never asked more often than
 * it answers.
 */
export class ProgressLoop<Progress extends object> {
  readonly #source: ProgressSource<Progress>;
  #wake: (() => void) | undefined;
  /** Something has changed since the last question. */
  #isStale = false;

  constructor(source: ProgressSource<Progress>) {
    this.#source = source;
  }

  /** Asks at once, or as soon as the question under way has been answered. */
  hurry(): void {
    this.#isStale = true;
    this.#wake?.();
  }

  /** Resolves when the signal has ended the loop. @throws {HandlerError} When the callback threw. */
  async run(reports: ProgressReports<Progress>): Promise<void> {
    const { read } = this.#source;
    while (!this.#isOver()) {
      this.#isStale = false;
      const progress = await read();
      if (progress !== undefined && !this.#isOver()) await reports.report(progress);
      await this.#pause();
    }
  }

  /** Whether the next question must not wait. */
  #isUrgent(): boolean {
    return this.#isStale || this.#isOver();
  }

  #isOver(): boolean {
    return this.#source.signal.aborted;
  }

  async #pause(): Promise<void> {
    if (this.#isUrgent()) return;
    const { every, clock, signal } = this.#source;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#wake = undefined;
        cancelTimer();
        unwatch();
        resolve();
      };
      const cancelTimer = startTimer(every, wake, clock);
      const unwatch = whenAborted(signal, wake);
      this.#wake = wake;
    });
  }
}
