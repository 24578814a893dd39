/**
 * The calls of a facade that wait for its machine, and how each of them settles.
 *
 * The machine decides; its reports settle the calls. A failure rejects the calls that it concerns: a
 * failed attempt its `connect()`, `listen()` or `accept()`; a failed session the calls that wait for
 * something in it, such as `flush()`. Only a failure that has rejected none of them rejects the pending
 * `disconnect()` calls or, if there is none, the next one, once. `closed` resolves with it in any case.
 */

import { PendingCall } from '../async/pending-call.ts';
import { abortable } from '../async/abort.ts';
import { defer, type Deferred } from '../async/deferred.ts';
import { ClosedError, ConnectError, type WirechartError } from '../core/errors.ts';
import { Broadcast } from '../async/broadcast.ts';
import { type Runstate, runstateOf } from '../core/runstate.ts';
import type { BoundAddress, SessionOutcome } from '../core/types.ts';
import { onRelease } from '../core/link-handle.ts';
import type { ProtocolEmitted } from '../machines/protocol-types.ts';
import { SessionTracer, type TracedProtocol, type TraceSource } from './diagnostics.ts';
import type { Engine, MachineRef } from './machine.ts';

/** Rejects the calls of a client that wait for something in the session; returns whether there were any. */
export type EndListener = (outcome: SessionOutcome) => boolean;

/** The pending calls of one facade. It keeps no state of its own, but asks the machine. */
export class PendingCalls {
  /** Every runstate that the machine enters. */
  readonly runstates = new Broadcast<Runstate>();

  readonly #engine: Engine<unknown, unknown>;
  #outcome: SessionOutcome | undefined;
  #closed: Deferred<SessionOutcome> = defer();
  #binding: PendingCall<BoundAddress> | undefined;
  #connecting: PendingCall<undefined> | undefined;
  #disconnecting: Deferred<undefined>[] = [];
  readonly #endListeners: EndListener[] = [];
  /** The failure of the last session, until a call rejects with it. */
  #unreported: WirechartError | undefined;
  /** Publishes the session under way. */
  #tracer: SessionTracer | undefined;
  readonly #protocol: TracedProtocol;

  /** @param protocol - The facade, which is published with its sessions. */
  constructor(engine: Engine<unknown, unknown>, protocol: TracedProtocol) {
    this.#engine = engine;
    this.#protocol = protocol;
    const { ref } = engine;
    this.#outcome = ref.getSnapshot().context.outcome;
    if (this.#outcome !== undefined && this.runstate === 'IDLE')
      this.#closed.resolve(this.#outcome);
    ref.on('*', this.#onEmitted);
    ref.subscribe({ complete: this.#onStopped, error: this.#onStopped });
    onRelease(engine.link, this.#onStopped);
    // XState does not notify a new subscriber that the actor was stopped before.
    if (ref.getSnapshot().status === 'stopped') this.#onStopped();
  }

  /**
   * The state that a call meets: the machine's, or IDLE when that was stopped. While the machine calls
   * listeners it is busy: an attempt that a listener starts waits in its mailbox, and counts already.
   */
  get runstate(): Runstate {
    const snapshot = this.#engine.ref.getSnapshot();
    if (snapshot.status !== 'active' || this.isOver) return 'IDLE';
    // Other listeners of 'closed' may be called before the one of this facade, and call this facade.
    if (snapshot.context.outcome !== undefined) this.#onClosed(snapshot.context.outcome);
    const runstate = runstateIn(snapshot);
    return runstate === 'IDLE' && this.#isAttempting ? 'CONNECTING' : runstate;
  }

  /** How the last session, or attempt, ended; `undefined` before the first end. */
  get outcome(): SessionOutcome | undefined {
    return this.#outcome;
  }

  /** Resolves with the outcome of the current session; in IDLE, of the last one or else of the first. */
  get closed(): Promise<SessionOutcome> {
    return this.#closed.promise;
  }

  /**
   * Whether the machine was stopped, or has ended. It stays so when the actor is started again, as React does: that
   * life has a link and a facade of its own.
   */
  get isOver(): boolean {
    return this.runstates.hasEnded;
  }

  /** Whether a `connect()` or an `accept()` is pending. */
  get isConnecting(): boolean {
    return this.#connecting !== undefined;
  }

  /** Waits for a session. */
  connecting(signal: AbortSignal | undefined): Promise<undefined> {
    this.#connecting = new PendingCall(signal, this.abort);
    return this.#connecting.promise;
  }

  /** Waits for a bound listener. */
  binding(signal: AbortSignal | undefined): Promise<BoundAddress> {
    this.#binding = new PendingCall(signal, this.abort);
    return this.#binding.promise;
  }

  /** Waits for the end of the session. */
  disconnecting(signal: AbortSignal | undefined): Promise<undefined> {
    const disconnecting = defer<undefined>();
    this.#disconnecting.push(disconnecting);
    return abortable(disconnecting.promise, signal, () => {
      // An aborted call will not see the failure, so leave it for the next disconnect().
      this.#disconnecting = this.#disconnecting.filter((other) => other !== disconnecting);
    });
  }

  /** Calls `listener` at each end of a session or attempt, before pending calls of `disconnect()` settle. */
  onEnd(listener: EndListener): void {
    this.#endListeners.push(listener);
  }

  /** Ends the attempt under way. */
  readonly abort = (reason: unknown): void => {
    this.#engine.ref.send({ type: 'ABORT', reason });
  };

  /** Returns the failure that rejected no call, for the call that now rejects with it. */
  takeUnreported(): WirechartError | undefined {
    const unreported = this.#unreported;
    this.#unreported = undefined;
    return unreported;
  }

  /** A call has rejected with this failure: it is no longer one for the next `disconnect()`. */
  told(failure: WirechartError): void {
    if (this.#unreported === failure) this.#unreported = undefined;
  }

  readonly #onEmitted = (emitted: ProtocolEmitted): void => {
    this.#trace(emitted);
    if (emitted.type === 'runstate') this.#onRunstate(emitted.runstate);
    if (emitted.type === 'closed') this.#onClosed(emitted.outcome);
    if (emitted.type !== 'listening') return;
    this.#binding?.resolve(emitted.address);
    this.#binding = undefined;
  };

  #trace(emitted: ProtocolEmitted): void {
    this.#tracer = SessionTracer.report(this.#tracer, emitted, (): TraceSource => {
      const { ref, link } = this.#engine;
      const { address } = ref.getSnapshot().context;
      return { protocol: this.#protocol, link, address };
    });
  }

  #onRunstate(runstate: Runstate): void {
    if (runstate === 'CONNECTING') {
      if (this.#outcome !== undefined) this.#closed = defer();
      this.#unreported = undefined;
    }
    if (runstate === 'RUNNING') {
      this.#connecting?.resolve(undefined);
      this.#connecting = undefined;
    }
    this.runstates.push(runstate);
  }

  #onClosed(outcome: SessionOutcome): void {
    if (outcome === this.#outcome) return;
    this.#outcome = outcome;
    const { cause } = outcome;
    // An attempt that was ended on request concerns only its own call, which rejects here.
    const attempted = this.#rejectAttempts(cause);
    const listeners = this.#endListeners.filter((listener) => listener(outcome));
    const isTold = attempted || listeners.length > 0 || this.#engine.link.hasTold;
    const failure = isTold || isAborted(cause) ? undefined : cause;
    this.#unreported = this.#disconnecting.length === 0 ? failure : undefined;
    for (const disconnecting of this.#disconnecting.splice(0)) {
      if (failure === undefined) disconnecting.resolve(undefined);
      else disconnecting.reject(failure);
    }
    this.#closed.resolve(outcome);
  }

  /** The machine has ended, or was stopped from outside, in any state. It emits nothing any more. */
  readonly #onStopped = (error?: unknown): void => {
    if (this.isOver) return;
    const stopped = new ClosedError('The machine was stopped', { cause: error });
    const snapshot = this.#engine.ref.getSnapshot();
    const runstate = this.#isAttempting ? 'CONNECTING' : runstateIn(snapshot);
    if (runstate !== 'IDLE') {
      const { phase, cause: first, suppressed } = snapshot.context;
      const cause =
        first ?? (runstate === 'CONNECTING' ? new ConnectError(phase, stopped) : stopped);
      const later = first === undefined ? suppressed : [...suppressed, stopped];
      const { undelivered } = this.#engine.link;
      const outcome = { cause, suppressed: later, undelivered };
      this.#trace({ type: 'closed', outcome, session: snapshot.context.session });
      this.#onClosed(outcome);
      this.runstates.push('IDLE');
    }
    // A caller that awaits the end of the first session gets this one: there will be none.
    this.#closed.resolve({ cause: stopped, suppressed: [], undelivered: 0 });
    this.runstates.end();
  };

  get #isAttempting(): boolean {
    return this.#binding !== undefined || this.#connecting !== undefined;
  }

  #rejectAttempts(cause: WirechartError | undefined): boolean {
    const attempts = [this.#binding, this.#connecting].filter((attempt) => attempt !== undefined);
    this.#binding = undefined;
    this.#connecting = undefined;
    for (const attempt of attempts) attempt.reject(cause);
    return attempts.length > 0;
  }
}

const runstateIn = ({ value }: ReturnType<MachineRef['getSnapshot']>): Runstate =>
  runstateOf(value);

const isAborted = (cause: WirechartError | undefined): boolean =>
  cause?.code === 'ERR_CONNECT_ABORTED';
