/** One call that waits for its reply. */

import { defer, markHandled } from '../async/deferred.ts';
import { rejectHandedOut } from '../async/rejection.ts';
import { isWirechartError } from '../core/errors.ts';

const unset = (): void => undefined;

/** One object and one promise per call: it is on the path of every request. */
export class PendingReply<Reply> {
  /** What is called. */
  readonly name: string | undefined;
  /** What the caller gets. It may be ignored: its rejection is then no unhandled one. */
  readonly promise: Promise<Reply>;
  /** Removes the timer and the listener on the signal. */
  release: (() => void) | undefined;
  #resolve: (value: Reply | PromiseLike<Reply>) => void = unset;
  #isSettled = false;

  constructor(name?: string) {
    this.name = name;
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  resolve(reply: Reply): void {
    this.#settle();
    this.#resolve(reply);
  }

  /** Rejects with an error for this call alone: the stack of one of ours will name the caller. */
  reject(error: unknown): void {
    if (!isWirechartError(error)) {
      this.rejectAsIs(error);
      return;
    }
    this.#settle();
    rejectHandedOut(this.promise, this.#resolve, error);
  }

  /** Rejects with anything, such as the reason of a signal. */
  rejectAsIs(reason: unknown): void {
    this.#settle();
    const rejected = defer<never>();
    rejected.reject(reason);
    void markHandled(this.promise);
    this.#resolve(rejected.promise);
  }

  #settle(): void {
    this.#isSettled = true;
    this.release?.();
    this.release = undefined;
  }
}
