/** A wait for the machine that its caller may give up with an `AbortSignal`. */

import { whenAborted } from './abort.ts';
import { defer } from './deferred.ts';

/**
 * Settles when the machine has reported, and not before: an aborted attempt too is over only when
 * the machine is home again. Then it rejects with `signal.reason` itself, whatever is reported.
 */
export class PendingCall<T> {
  readonly #deferred = defer<T>();
  readonly #signal: AbortSignal | undefined;
  readonly #forget: (() => void) | undefined;

  /** @param onAbort - Tells the machine that the attempt is given up. */
  constructor(signal: AbortSignal | undefined, onAbort: (reason: unknown) => void) {
    this.#signal = signal;
    this.#forget =
      signal &&
      whenAborted(signal, () => {
        onAbort(signal.reason);
      });
  }

  get promise(): Promise<T> {
    return this.#deferred.promise;
  }

  resolve(value: T): void {
    this.#forget?.();
    this.#deferred.resolve(value);
  }

  reject(error: unknown): void {
    this.#forget?.();
    this.#deferred.reject(this.#signal?.aborted === true ? this.#signal.reason : error);
  }
}
