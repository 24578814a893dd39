/** A call that waits for an event of the machine, and that its caller may abort. */

import { whenAborted } from './abort.ts';
import { defer } from './deferred.ts';

/**
 * Its promise settles when the owner calls `resolve()` or `reject()`, also after an abort: an
 * aborted attempt is over only when the machine is in IDLE again. `reject()` then rejects with
 * `signal.reason` itself instead of the given error.
 */
export class PendingCall<T> {
  readonly #deferred = defer<T>();
  readonly #signal: AbortSignal | undefined;
  readonly #unwatch: (() => void) | undefined;

  /** @param onAbort - Called when `signal` is aborted while the call is pending. */
  constructor(signal: AbortSignal | undefined, onAbort: (reason: unknown) => void) {
    this.#signal = signal;
    this.#unwatch =
      signal &&
      whenAborted(signal, () => {
        onAbort(signal.reason);
      });
  }

  get promise(): Promise<T> {
    return this.#deferred.promise;
  }

  resolve(value: T): void {
    this.#unwatch?.();
    this.#deferred.resolve(value);
  }

  reject(error: unknown): void {
    this.#unwatch?.();
    this.#deferred.reject(this.#signal?.aborted === true ? this.#signal.reason : error);
  }
}
