/**
 * The signal that ends a wait of the link: the part of an `AbortSignal` that the waits use.
 *
 * Every invoked actor of the chart needs one, and a session runs four of them. An `AbortController` for
 * each would make a connect-disconnect cycle about a quarter more expensive.
 */

/** The part of an `AbortSignal` that a wait uses; an `AbortSignal` may be given instead. */
export interface StopSignal {
  /** Whether the wait was stopped. */
  readonly aborted: boolean;
  /** Why the wait was stopped; `undefined` until then. */
  readonly reason: unknown;
  /** @throws `reason`, once the wait was stopped. */
  throwIfAborted(): void;
  /** Calls the listener when the wait is stopped; never, if it was stopped before. */
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  /** Removes a listener that was added. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A `StopSignal` and the method that stops it. */
export class Stopper implements StopSignal {
  #reason: unknown;
  #aborted = false;
  #listeners: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (!this.#aborted) (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /**
   * Stops the wait. A listener that throws affects neither the other listeners nor the caller.
   *
   * @param reason - Default: an `AbortError`, as an aborted wait has everywhere in Node.
   */
  stop(reason: unknown = STOP_REASON): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners ?? NO_LISTENERS;
    this.#listeners = undefined;
    for (const listener of listeners) {
      try {
        listener();
      } catch {
        // For example a stream that cannot be paused; the caller has other means of ending the wait.
      }
    }
  }
}

/** One for all: creating an error is expensive, and most waits are stopped without a reader of it. */
const STOP_REASON: unknown = /* @__PURE__ */ new DOMException('The wait was stopped', 'AbortError');
const NO_LISTENERS: ReadonlySet<() => void> = /* @__PURE__ */ new Set();

/** Unlike ours, a signal of any realm has `onabort`. */
const isAbortSignal = (signal: StopSignal): signal is AbortSignal => 'onabort' in signal;

/** An `AbortSignal` with the same state and reason, for user callbacks. */
export function toAbortSignal(signal: StopSignal): AbortSignal {
  if (isAbortSignal(signal)) return signal;
  const controller = new AbortController();
  const abort = () => {
    controller.abort(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return controller.signal;
}
