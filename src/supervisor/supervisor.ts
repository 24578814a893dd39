/** A supervisor as an object with promises. */

import { abortable } from '../async/abort.ts';
import { type Deferred, deferHandled } from '../async/deferred.ts';
import { handOut } from '../async/rejection.ts';
import { ClosedError, toFailure, type WirechartError } from '../core/errors.ts';
import { endOptions, signalOf } from '../core/options.ts';
import { printable } from '../core/printable.ts';
import { memberOf } from '../core/shape.ts';
import { Broadcast } from '../async/broadcast.ts';
import { textOfShutdown } from '../machines/supervisor-outage.ts';
import type {
  Outage,
  SupervisorContext,
  SupervisorEmitted,
  SupervisorEvent,
} from '../machines/supervisor-types.ts';
import type { Log } from '../core/log.ts';
import type { DisconnectOptions, Shutdown, WaitOptions } from '../core/types.ts';
import { Journal, type SupervisorCounts } from './journal.ts';
import { logEmitted, STATES, type SupervisorState } from './states.ts';

/** The part of an actor that a facade uses. */
interface SupervisorRef {
  start(): unknown;
  send(event: SupervisorEvent): void;
  getSnapshot(): {
    readonly status: string;
    readonly error: unknown;
    readonly context: Pick<SupervisorContext, 'cause' | 'shutdown' | 'outage' | 'ups'>;
    matches(state: SupervisorState): boolean;
  };
  on(type: '*', listener: (emitted: SupervisorEmitted) => void): unknown;
  subscribe(observer: { error: (error: unknown) => void }): unknown;
}

/** The counters of a supervisor, and those of its client. */
export interface SupervisorStats<C> extends SupervisorCounts {
  /** The client's `stats`, if it has some: of the current session or, between two, of the last. */
  readonly client: StatsOf<C>;
}

/** What a class of clients has as `stats`. */
export type StatsOf<C> = C extends { readonly stats: infer Stats } ? Stats : undefined;

/** Keeps a connection up. `supervise()` returns one. */
export class Supervisor<C> implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'Supervisor';

  /** The client: the same object in all sessions. */
  readonly client: C;
  /** The option `name`. */
  readonly name: string | undefined;

  readonly #ref: SupervisorRef;
  readonly #logger: Log | undefined;
  readonly #journal = new Journal();
  readonly #states = new Broadcast<SupervisorState>();
  readonly #pendingUps = new Set<Deferred<undefined>>();
  readonly #pendingStops = new Set<Deferred<undefined>>();

  /** @internal */
  constructor(client: C, ref: SupervisorRef, { name, logger }: Settings = {}) {
    this.client = client;
    this.name = name;
    this.#ref = ref;
    this.#logger = logger;
    ref.on('*', this.#onEmitted);
    // A machine in error, which is a defect, emits nothing any more: leave no call pending.
    ref.subscribe({
      error: () => {
        this.#onState('STOPPED');
      },
    });
    ref.start();
  }

  /** The current state of the machine; STOPPED if that has failed. */
  get state(): SupervisorState {
    const snapshot = this.#ref.getSnapshot();
    if (snapshot.status !== 'active') return 'STOPPED';
    return Object.values(STATES).find((state) => snapshot.matches(state)) ?? 'STOPPED';
  }

  /** How many sessions were UP so far. */
  get ups(): number {
    return this.#ref.getSnapshot().context.ups;
  }

  /**
   * The last outages: at most 20, the newest last. An outage begins when a session, or the first attempt,
   * fails, and lasts until the next session is UP; `failures.at(-1)` is the current one in FAILING and
   * WAITING. A clean end is none, unless `restart` is `always`. Once an outage is over, an error that holds
   * more than 64 KiB is replaced by a copy, in which texts are cut and large members left out.
   */
  get failures(): readonly Outage[] {
    return this.#journal.outages(this.#ref.getSnapshot().context.outage);
  }

  /**
   * In STOPPED, why the peer has shut down; `undefined` when the session ended otherwise. Set from the
   * beginning of the end until the next attempt.
   */
  get shutdown(): Shutdown | undefined {
    return this.#ref.getSnapshot().context.shutdown;
  }

  /** How often it has tried and failed so far, and the counters of its client. */
  get stats(): SupervisorStats<C> {
    const { client } = this;
    const counts = this.#journal.counts(this.#ref.getSnapshot().context.outage);
    return { ...counts, client: statsOf(client) };
  }

  /**
   * Resolves with the client when the state is UP; at once if it is. Legal in every state.
   *
   * @param options - `signal` gives up the wait.
   * @throws {WirechartError} The last cause, when it has given up or gives up during the wait.
   * @throws {ClosedError} When it is STOPPED, or stops during the wait.
   * @throws `signal.reason`, when the signal was aborted.
   */
  up(options?: WaitOptions): Promise<C> {
    return handOut(this.#up(options));
  }

  /** In STOPPED and GIVEN_UP: connects again, with the attempt counter reset. Ignored in other states. */
  start(): void {
    this.#ref.send({ type: 'START' });
  }

  /** In WAITING: makes the next attempt now. Ignored in other states. */
  retry(): void {
    this.#ref.send({ type: 'RETRY' });
  }

  /**
   * Ends the session, or the attempt, as failed and without flushing: for a session that a check of your own
   * has found dead, for example. Whether another follows is decided as after any failure: by default, unless
   * `reason` is final. Ignored where nothing is under way: before the address is known, in FAILING, WAITING,
   * STOPPING, STOPPED and GIVEN_UP.
   *
   * @param reason - The cause; anything but a `WirechartError` is wrapped in a `RefusedError`.
   */
  fail(reason: unknown): void {
    this.#ref.send({ type: 'FAIL', error: toFailure(reason) });
  }

  /**
   * Ends the session gracefully, or gives up the attempt or the wait for one, and resolves in STOPPED: no
   * socket and no timer is left. Legal in every state, any number of times.
   *
   * @param options - `force` destroys the stream at once, also when an earlier call is still pending.
   *   `signal` gives up the wait and not the stopping, also when it was aborted before the call.
   * @throws `signal.reason`, when the signal was aborted.
   */
  stop(options?: DisconnectOptions): Promise<void> {
    return handOut(this.#stop(options));
  }

  /**
   * Returns an iterator over every state that is entered after this call, in order.
   *
   * @param options - `signal` ends the iteration: the pending `next()` rejects, and so do later ones.
   * @throws `signal.reason`, from `next()`, when the signal was aborted.
   */
  states(options?: WaitOptions): AsyncIterableIterator<SupervisorState> {
    return this.#states.values(signalOf('states()', options));
  }

  /** `stop()`, for `await using`. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Returns `<Supervisor name='vm1' state=UP>`, without `name` if there is none. */
  toString(): string {
    const name = this.name === undefined ? '' : `name='${printable(this.name)}' `;
    return `<${this.constructor.name} ${name}state=${this.state}>`;
  }

  /** @internal What `util.inspect()` and `console.log()` print. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  async #up(options?: WaitOptions): Promise<C> {
    const signal = signalOf('up()', options);
    const { state } = this;
    if (state === 'STOPPED' || state === 'GIVEN_UP') throw this.#endError();
    signal?.throwIfAborted();
    if (state !== 'UP') await waitIn(this.#pendingUps, signal);
    return this.client;
  }

  async #stop(options?: DisconnectOptions): Promise<void> {
    const { force, signal } = endOptions('stop()', options);
    this.#ref.send({ type: 'STOP', force });
    signal?.throwIfAborted();
    if (this.state !== 'STOPPED') await waitIn(this.#pendingStops, signal);
  }

  readonly #onEmitted = (emitted: SupervisorEmitted): void => {
    this.#journal.add(emitted);
    if (this.#logger !== undefined) logEmitted(emitted, this.#logger);
    if (emitted.type !== 'outage') this.#onState(STATES[emitted.type]);
  };

  #onState(state: SupervisorState): void {
    this.#states.push(state);
    if (state === 'UP') settle(this.#pendingUps);
    if (state !== 'STOPPED' && state !== 'GIVEN_UP') return;
    settle(this.#pendingUps, this.#endError());
    settle(this.#pendingStops);
  }

  /** Creates the error of an `up()` in STOPPED or GIVEN_UP. */
  #endError(): WirechartError {
    const { status, error, context } = this.#ref.getSnapshot();
    if (this.state === 'GIVEN_UP' && context.cause !== undefined) return context.cause;
    const failed = status === 'error' && { cause: error };
    const { shutdown } = context;
    const text = shutdown
      ? `The supervisor has stopped, because ${textOfShutdown(shutdown)}`
      : 'The supervisor was stopped';
    return new ClosedError(text, { expected: true, ...failed });
  }
}

interface Settings {
  readonly name?: string | undefined;
  readonly logger?: Log | undefined;
}

const hasStats = <C>(client: C): client is C & { readonly stats: StatsOf<C> } =>
  memberOf(client, 'stats') !== undefined;

/** The type says `undefined` exactly for clients without `stats`. */
const statsOf = <C>(client: C): StatsOf<C> =>
  hasStats(client) ? client.stats : (undefined as StatsOf<C>);

/** Waits until `settle()` is called with the same set. */
function waitIn(
  pending: Set<Deferred<undefined>>,
  signal: AbortSignal | undefined,
): Promise<undefined> {
  const deferred = deferHandled<undefined>();
  pending.add(deferred);
  return abortable(deferred.promise, signal, () => pending.delete(deferred));
}

function settle(pending: Set<Deferred<undefined>>, error?: WirechartError): void {
  for (const deferred of pending) {
    if (error === undefined) deferred.resolve(undefined);
    else deferred.reject(error);
  }
  pending.clear();
}
