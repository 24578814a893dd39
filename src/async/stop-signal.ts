/**
 * The signal by which a wait of the link is ended.
 *
 * An actor of the machine needs one each time it runs, and a session runs four of them. An
 * `AbortController` is dear there: making it and aborting it took a fifth of what the machine costs,
 * half of that for the stack trace of a reason that nobody reads.
 */

/** What a wait looks at: a part of an `AbortSignal`, which may be given instead. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** @throws `reason`, once the wait was stopped. */
  throwIfAborted(): void;
  /** Calls the listener when the wait is stopped; never, when it was before. */
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  /** Calls it no more. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A signal of ours, which its owner stops. */
export class Stopper implements StopSignal {
  #aborted = false;
  #listeners: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#aborted ? STOP_REASON : undefined;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw STOP_REASON;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (!this.#aborted) (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /** Ends the waits. A listener that throws harms neither the others nor whoever stops. */
  stop(): void {
    this.#aborted = true;
    const listeners = this.#listeners ?? NO_LISTENERS;
    this.#listeners = undefined;
    for (const listener of listeners) {
      try {
        listener();
      } catch {
        // A stream that cannot be paused, say: whoever stops a wait has other means of ending it.
      }
    }
  }
}

/**
 * One for all, whose stack trace nobody reads; but a handshake may see it, and knows it by the name
 * that aborted waits have everywhere.
 */
const STOP_REASON: unknown = new DOMException('The wait was stopped', 'AbortError');
const NO_LISTENERS: ReadonlySet<() => void> = new Set();

/** The same signal for callbacks of the user's, who are promised an `AbortSignal`. */
export function toAbortSignal(signal: StopSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = () => {
    controller.abort(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return controller.signal;
}
