/** A wait for the machine that its caller may give up with an `AbortSignal`. */

import { defer } from './deferred.ts';

/**
 * Settles when the machine has reported, and not before: an aborted attempt too is over only when
 * the machine is home again. Then it rejects with `signal.reason` itself, whatever is reported.
 */
export class Attempt<T> {
  readonly #deferred = defer<T>();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;

  /** @param onAbort - Tells the machine that the attempt is given up. */
  constructor(signal: AbortSignal | undefined, onAbort: (reason: unknown) => void) {
    this.#signal = signal;
    this.#onAbort = () => {
      onAbort(signal?.reason);
    };
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get promise(): Promise<T> {
    return this.#deferred.promise;
  }

  resolve(value: T): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#deferred.resolve(value);
  }

  reject(error: unknown): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#deferred.reject(this.#signal?.aborted === true ? this.#signal.reason : error);
  }
}
