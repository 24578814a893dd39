/**
 * Shares the time of the process among its readers: together they occupy the event loop for some ms without a
 * break, however many sessions there are, and take turns.
 *
 * Each reader asks before it takes a message whether it should yield. If so, it passes the function that
 * continues it, which is called in one of the next turns of the event loop, after those that wait already.
 */

import { setImmediate } from 'node:timers';
import { Queue } from '../async/queue.ts';

// `setImmediate` is imported, here and in the other files of this folder: a test that replaces the global one, with
// `vi.useFakeTimers()`, would stop all readers of its process.

/** How long all readers together may occupy the event loop without a break. */
const MAX_TURN_MS = 6;
/** How long one reader may go on while others wait. */
const MAX_SLICE_MS = 1.5;
/** The clock is read after at most so many messages of all readers: as often as not to be noticeable. */
const MAX_MESSAGES_PER_CHECK = 16;
/** Between two looks at the clock there should be no more work than this. */
const MAX_CHECK_INTERVAL_MS = 0.5;
/** To start a reader counts as so many messages, because it may take a single one, and that may be large. */
const MESSAGES_PER_RUN = 4;

/** The turns of the readers of one process. */
export class Turns {
  readonly #waiting = new Queue<() => void>();
  /** When the first clock check of this turn was. */
  #startedAt: number | undefined;
  /** When the reader that runs now was started, if it had waited. */
  #sliceStartedAt = 0;
  /** Whether the readers have used up this turn. */
  #isOver = false;
  #checkedAt = 0;
  /** After how many messages the clock is read: fewer when they take long. */
  #messagesPerCheck = MAX_MESSAGES_PER_CHECK;
  #untilCheck = MAX_MESSAGES_PER_CHECK;
  #isScheduled = false;

  /** To be called when a reader starts or continues to take messages. */
  noteRun(): void {
    if (this.#untilCheck > MESSAGES_PER_RUN) this.#untilCheck -= MESSAGES_PER_RUN;
  }

  /** Whether the reader should yield before it takes its next message. Counts the message. */
  mustYield(): boolean {
    this.#untilCheck -= 1;
    return this.#isOver || (this.#untilCheck <= 0 && this.#check());
  }

  /** Calls `run` in a later turn, after the others that wait. */
  yield(run: () => void): void {
    this.#waiting.push(run);
    this.#scheduleNext();
  }

  #check(): boolean {
    const before = this.#startedAt === undefined ? undefined : this.#checkedAt;
    const now = this.#readClock();
    if (before !== undefined) this.#adapt(now - before);
    return this.#isOver || (this.#waiting.size > 0 && now - this.#sliceStartedAt > MAX_SLICE_MS);
  }

  /** @param ms - How long the messages since the last look at the clock have taken. */
  #adapt(ms: number): void {
    const isLong = ms > MAX_CHECK_INTERVAL_MS;
    const next = this.#messagesPerCheck * (isLong ? 0.25 : 2);
    this.#messagesPerCheck = Math.min(MAX_MESSAGES_PER_CHECK, Math.max(1, next));
    this.#untilCheck = this.#messagesPerCheck;
  }

  /** Finds out whether the turn is over. The first time in a turn, it begins. Returns the time. */
  #readClock(): number {
    const now = performance.now();
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      this.#scheduleNext();
    }
    this.#checkedAt = now;
    this.#untilCheck = this.#messagesPerCheck;
    this.#isOver = now - this.#startedAt > MAX_TURN_MS;
    return now;
  }

  #scheduleNext(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#next);
  }

  /** The next turn: first for the readers that wait, then for those that get bytes in it. */
  readonly #next = (): void => {
    this.#isScheduled = false;
    this.#isOver = false;
    this.#startedAt = undefined;
    while (this.#waiting.size > 0 && this.#beginSlice()) this.#waiting.take()?.();
    if (this.#waiting.size > 0) this.#scheduleNext();
  };

  /** Returns whether there is time for another reader. */
  #beginSlice(): boolean {
    this.#sliceStartedAt = this.#readClock();
    return !this.#isOver;
  }
}

/** The turns of all readers. */
export const TURNS: Turns = /* @__PURE__ */ new Turns();
