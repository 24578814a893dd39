/**
 * Who waits for the machine, and what each of them is told.
 *
 * The machine reports by what it emits; here each report settles the promises that the facade has
 * handed out. An error goes to the promise that asked: a failed attempt to its `connect()`, a failed
 * session to the `disconnect()` calls under way, else, once, to the next one. `closed` tells always.
 */

import { PendingCall } from '../async/pending-call.ts';
import { abortable } from '../async/abort.ts';
import { defer, type Deferred } from '../async/deferred.ts';
import {
  ClosedError,
  ConnectError,
  type ConnectPhase,
  type WirechartError,
} from '../core/errors.ts';
import { Broadcast } from '../async/broadcast.ts';
import type { Runstate } from '../core/runstate.ts';
import type { BoundAddress, SessionOutcome } from '../core/types.ts';

/** Where a machine stood when it was stopped. */
export interface StoppedSession extends SessionOutcome {
  /** How far the attempt under way got. */
  readonly phase: ConnectPhase;
}

/** See the module's comment. */
export class PendingCalls {
  /** Every runstate that is entered. */
  readonly feed = new Broadcast<Runstate>();
  /** Written by what the machine emits, because asking the machine costs too much per message. */
  runstate: Runstate;
  /** How the last session ended. */
  outcome: SessionOutcome | undefined;

  #closed: Deferred<SessionOutcome> = defer();
  #binding: PendingCall<BoundAddress> | undefined;
  #connecting: PendingCall<undefined> | undefined;
  #leaving: Deferred<undefined>[] = [];
  #untold: WirechartError | undefined;

  constructor(runstate: Runstate, outcome: SessionOutcome | undefined) {
    this.runstate = runstate;
    this.outcome = outcome;
    if (outcome !== undefined && runstate === 'IDLE') this.#closed.resolve(outcome);
  }

  /** The end of the session under way, else of the last one. */
  get closed(): Promise<SessionOutcome> {
    return this.#closed.promise;
  }

  /** The state as a caller sees it: an attempt may still be on its way to a machine that is busy. */
  get state(): Runstate {
    const attempts = this.#binding !== undefined || this.#connecting !== undefined;
    return this.runstate === 'IDLE' && attempts ? 'CONNECTING' : this.runstate;
  }

  /** Whether a `connect()` or an `accept()` waits for its session. */
  get isConnecting(): boolean {
    return this.#connecting !== undefined;
  }

  /** Waits for a session. */
  connecting(
    signal: AbortSignal | undefined,
    abort: (reason: unknown) => void,
  ): Promise<undefined> {
    this.#connecting = new PendingCall(signal, abort);
    return this.#connecting.promise;
  }

  /** Waits for a bound listener. */
  binding(
    signal: AbortSignal | undefined,
    abort: (reason: unknown) => void,
  ): Promise<BoundAddress> {
    this.#binding = new PendingCall(signal, abort);
    return this.#binding.promise;
  }

  /** Waits for the end of the session. */
  leaving(signal: AbortSignal | undefined): Promise<undefined> {
    const leaving = defer<undefined>();
    this.#leaving.push(leaving);
    return abortable(leaving.promise, signal, () => {
      // Who has given up waiting is not told, and somebody must be.
      this.#leaving = this.#leaving.filter((other) => other !== leaving);
    });
  }

  /** The failure that nobody has been told of; whoever asks has been told. */
  takeUntold(): WirechartError | undefined {
    const untold = this.#untold;
    this.#untold = undefined;
    return untold;
  }

  onRunstate(runstate: Runstate): void {
    this.runstate = runstate;
    if (runstate === 'CONNECTING') this.#onBegin();
    if (runstate === 'RUNNING') {
      this.#connecting?.resolve(undefined);
      this.#connecting = undefined;
    }
    this.feed.push(runstate);
  }

  onListening(address: BoundAddress): void {
    this.#binding?.resolve(address);
    this.#binding = undefined;
  }

  onClosed(outcome: SessionOutcome): void {
    const { cause } = outcome;
    // An attempt that was ended on request failed nobody but its connect(), who is told here.
    const attempted = this.#rejectAttempts(cause);
    const failure = attempted || isAborted(cause) ? undefined : cause;
    this.#untold = this.#leaving.length === 0 ? failure : undefined;
    for (const leaving of this.#leaving.splice(0)) {
      if (failure === undefined) leaving.resolve(undefined);
      else leaving.reject(failure);
    }
    this.outcome = outcome;
    this.#closed.resolve(outcome);
  }

  /** The machine has ended, or was stopped from outside in whatever state, and emits nothing any more. */
  onStopped(
    error: unknown,
    { phase, cause: first, suppressed, undelivered }: StoppedSession,
  ): void {
    const stopped = new ClosedError('The machine was stopped', { cause: error });
    if (this.state !== 'IDLE') {
      const attempted = this.state === 'CONNECTING';
      const cause = first ?? (attempted ? new ConnectError(phase, stopped) : stopped);
      const later = first === undefined ? suppressed : [...suppressed, stopped];
      this.onClosed({ cause, suppressed: later, undelivered });
      this.onRunstate('IDLE');
    }
    // The first session, which whoever waits for its end waits for, will not come.
    this.#closed.resolve({ cause: stopped, suppressed: [], undelivered: 0 });
    this.feed.end();
  }

  #onBegin(): void {
    if (this.outcome !== undefined) this.#closed = defer();
    this.#untold = undefined;
  }

  #rejectAttempts(cause: WirechartError | undefined): boolean {
    const attempts = [this.#binding, this.#connecting].filter((attempt) => attempt !== undefined);
    this.#binding = undefined;
    this.#connecting = undefined;
    for (const attempt of attempts) attempt.reject(cause);
    return attempts.length > 0;
  }
}

const isAborted = (cause: WirechartError | undefined): boolean =>
  cause?.code === 'ERR_CONNECT_ABORTED';
