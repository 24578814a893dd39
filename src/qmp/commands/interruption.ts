/** Why a caller gives up an operation that runs in the server: its signal, its deadline, or a failure on our side. */

import { whenAborted } from '../../async/abort.ts';
import { startTimer } from '../../async/timer.ts';
import type { TimeoutError } from '../../core/errors.ts';
import type { Clock } from '../../core/types.ts';

/** Where an interruption may come from. */
export interface InterruptionSources {
  readonly signal: AbortSignal | undefined;
  /** A deadline, in ms. */
  readonly timeout: number | undefined;
  readonly clock: Clock;
  /** The error of the deadline; whether the operation has ended by then is known late. */
  readonly explainTimeout: (hasEnded: boolean) => TimeoutError;
}

/** The first of several reasons for which an operation is given up. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #unwatch: (() => void) | undefined;
  readonly #cancelTimer: () => void;
  #toReason: (hasEnded: boolean) => unknown = () => undefined;
  #isFailure = false;

  constructor({ signal, timeout, clock, explainTimeout }: InterruptionSources) {
    this.#unwatch =
      signal &&
      whenAborted(signal, () => {
        this.#interrupt(() => signal.reason);
      });
    const expire = () => {
      this.#interrupt(explainTimeout);
    };
    this.#cancelTimer = startTimer(timeout, expire, clock);
  }

  /** Aborted by the first reason. Its own `reason` says nothing: see `reason()`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the caller gets. */
  reason(hasEnded: boolean): unknown {
    return this.#toReason(hasEnded);
  }

  /** Whether the reason is an error that must not be lost, even if the operation succeeds. */
  get isFailure(): boolean {
    return this.#isFailure;
  }

  /** Gives up because of an error: a callback threw, or a command that the operation needs failed. */
  fail(error: unknown): void {
    if (!this.signal.aborted) this.#isFailure = true;
    this.#interrupt(() => error);
  }

  /** To be called when the caller's promise settles. */
  release(): void {
    this.#unwatch?.();
    this.#cancelTimer();
  }

  #interrupt(toReason: (hasEnded: boolean) => unknown): void {
    if (this.signal.aborted) return;
    this.#toReason = toReason;
    this.#controller.abort();
  }
}
