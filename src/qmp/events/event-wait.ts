/** One call of `waitFor()`. */

import { whenAborted } from '../../async/abort.ts';
import { startTimer } from '../../async/timer.ts';
import { ClosedError, handlerError, TimeoutError, type WirechartError } from '../../core/errors.ts';
import type { Clock } from '../../core/types.ts';
import type { Subscriber } from './subscribers.ts';
import type { QmpEvent } from '../types.ts';

/** The options of `waitFor()`. */
export interface WaitForOptions {
  /** Gives up the wait when it is aborted; the promise then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** A deadline, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: number | undefined;
}

/** How a session has ended, for those that wait for its events. */
export interface EndOfEvents {
  /** Why the session failed; `undefined` when it ended as requested or announced. */
  readonly cause: WirechartError | undefined;
  /** The same as a text, also of an end that is no failure. */
  readonly reason: string;
  /** Called when a caller has been given `cause`. */
  readonly onTold?: (() => void) | undefined;
}

/** What a call waits for. */
export interface Wanted {
  readonly names: readonly string[];
  /** What is called, for errors. Default: `waitFor()`. */
  readonly owner?: string | undefined;
  /** Returns whether it accepts an event of one of these names. Default: accepts the first. */
  readonly filter?: ((event: QmpEvent) => boolean) | undefined;
  /**
   * Returns what the promise rejects with when the session ends before; `undefined` if the caller will not be given
   * that. Default: a `ClosedError`.
   */
  readonly atEnd?: ((end: EndOfEvents) => Error | undefined) | undefined;
}

/** Settles with the first event that it accepts, at its deadline, with its signal, or by `end()`. */
export class EventWait implements Subscriber {
  readonly names: readonly string[];
  readonly promise: Promise<QmpEvent>;
  readonly #owner: string;
  readonly #filter: Wanted['filter'];
  readonly #atEnd: (end: EndOfEvents) => Error | undefined;
  readonly #onSettled: () => void;
  #resolve: (event: QmpEvent) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #refused = 0;
  #isSettled = false;
  readonly #removeAbortListener: (() => void) | undefined;
  readonly #cancelTimer: () => void;

  /** @param onSettled - Called once, when the promise has been resolved or rejected. */
  constructor(
    { names, filter, atEnd, owner = 'waitFor()' }: Wanted,
    { signal, timeout }: WaitForOptions,
    clock: Clock | undefined,
    onSettled: () => void,
  ) {
    this.names = names;
    this.#owner = owner;
    this.#filter = filter;
    this.#atEnd = atEnd ?? ((end) => this.#closedError(end));
    this.#onSettled = onSettled;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const abort = () => {
      this.reject(signal?.reason);
    };
    this.#removeAbortListener = signal && whenAborted(signal, abort);
    const expire = () => {
      this.reject(this.#timeoutError(timeout ?? Infinity));
    };
    this.#cancelTimer = startTimer(timeout, expire, clock);
  }

  push(event: QmpEvent): void {
    if (this.#isSettled || !this.#accepts(event)) return;
    this.#settle(() => {
      this.#resolve(event);
    });
  }

  reject(error: unknown): void {
    this.#settle(() => {
      this.#reject(error);
    });
  }

  /** Rejects the promise because the session has ended. */
  end(end: EndOfEvents): void {
    const error = this.#atEnd(end);
    if (error !== undefined && end.cause !== undefined) end.onTold?.();
    this.reject(error ?? this.#closedError(end));
  }

  #accepts(event: QmpEvent): boolean {
    try {
      if (this.#filter === undefined || this.#filter(event)) return true;
      this.#refused += 1;
    } catch (error) {
      this.reject(handlerError(`${this.#owner} filter`, error));
    }
    return false;
  }

  /** The first call counts: a filter may itself settle the wait, by aborting its signal. */
  #settle(settle: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#removeAbortListener?.();
    this.#cancelTimer();
    this.#onSettled();
    settle();
  }

  #closedError({ cause, reason }: EndOfEvents): ClosedError {
    const [name = '(none)', ...others] = this.names;
    const event =
      others.length === 0 ? `the event ${name}` : `one of the events ${this.names.join(', ')}`;
    const text = `The session ended before ${event}: ${reason}`;
    return new ClosedError(text, cause === undefined ? { expected: true } : { cause });
  }

  #timeoutError(ms: number): TimeoutError {
    const which = this.names.length === 1 ? 'event' : 'event of';
    const filtered =
      this.#filter && ` that the filter accepts (it refused ${String(this.#refused)})`;
    const text = `No ${which} ${this.names.join(', ')}${filtered ?? ''} within ${String(ms)} ms`;
    return new TimeoutError('wait', ms, text);
  }
}
