/** Keeps a connection up: the supervisor's machine as an object with promises. */

import { createActor } from 'xstate';
import { abortable } from '../async/abort.ts';
import { type Deferred, deferHandled } from '../async/deferred.ts';
import { ClosedError, describe, type WirechartError } from '../core/errors.ts';
import { Broadcast } from '../async/broadcast.ts';
import { attachInspectors, resolveLogger, rootOptions } from '../protocol/machine.ts';
import type { Failure, SupervisorEmitted, SupervisorEvent } from '../machines/supervisor-types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import {
  type AddressSource,
  type ClientClass,
  createSupervisorParts,
  type ProtocolSource,
  type SuperviseOptions,
  toClientClass,
} from './machine.ts';
import type { DisconnectOptions, Logger, WaitOptions } from '../core/types.ts';

/** The state of a supervisor. */
export type SupervisorState =
  /** Asking for the address, connecting, or running `onUp`. */
  | 'CONNECTING'
  /** There is a session, and it can be used. */
  | 'UP'
  /** The session cannot be used any more; it is ending. */
  | 'FAILING'
  /** Waiting for the next attempt. */
  | 'WAITING'
  /** The session, or the attempt, is ending on request. */
  | 'STOPPING'
  /** No connection is wanted. */
  | 'STOPPED'
  /** Another attempt would be pointless. */
  | 'GIVEN_UP';

/**
 * Connects, and connects again whenever an attempt or a session fails, until it is stopped or another
 * attempt would be pointless. It starts at once.
 *
 * The client is the same object in all sessions. Its `disconnect()` during a session or an attempt stops
 * the supervisor, and so does QMP's `quit`: an end on request is not a failure. In WAITING, `disconnect()`
 * has nothing to end; call `stop()`. The client's `connect()` counts as the next attempt. A call without a
 * session rejects as it does without a supervisor; `up()` waits for one.
 *
 * @example
 * const vm = supervise(QmpClient, '/run/vm1/qmp.sock');
 * const qmp = await vm.up();
 * await qmp.execute('query-status');
 * await vm.stop();
 *
 * @param kind - A protocol, for an `AsyncProtocol`; or a class of clients, such as `QmpClient`.
 * @param address - Where the peer is, or a function that is called before each attempt. A `{ stream }`
 *   serves one attempt only.
 * @throws {ArgumentError} When an option is invalid.
 */
export function supervise<C, In, Out>(
  kind: ClientClass<C, In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<C>,
): Supervisor<C>;
export function supervise<In, Out = In>(
  kind: ProtocolSource<In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<AsyncProtocol<In, Out>>,
): Supervisor<AsyncProtocol<In, Out>>;
export function supervise<C, In, Out>(
  kind: ClientClass<C, In, Out> | ProtocolSource<In, Out>,
  address: AddressSource,
  options: SuperviseOptions<C & AsyncProtocol<In, Out>> = {},
): Supervisor<unknown> {
  return 'createMachine' in kind
    ? startSupervisor(kind, address, options)
    : startSupervisor(toClientClass(kind), address, options);
}

function startSupervisor<C, In, Out>(
  kind: ClientClass<C, In, Out>,
  address: AddressSource,
  options: SuperviseOptions<C>,
): Supervisor<C> {
  const logger = resolveLogger(options);
  const { machine, clientOf } = createSupervisorParts(kind, address, options);
  const ref = createActor(machine, rootOptions(options, logger));
  attachInspectors(ref, options);
  const { connection } = ref.getSnapshot().children;
  if (connection === undefined) throw new ClosedError('The supervisor has no connection');
  return new Supervisor(clientOf(connection), ref, logger);
}

/** The part of an actor that a facade uses. */
interface SupervisorRef {
  start(): unknown;
  send(event: SupervisorEvent): void;
  getSnapshot(): {
    readonly status: string;
    readonly error: unknown;
    readonly context: {
      readonly cause: WirechartError | undefined;
      readonly failures: readonly Failure[];
      readonly ups: number;
    };
    matches(state: SupervisorState): boolean;
  };
  on(type: '*', listener: (emitted: SupervisorEmitted) => void): unknown;
  subscribe(observer: { error: (error: unknown) => void }): unknown;
}

/** The state that each emitted event reports. */
const STATES = {
  connecting: 'CONNECTING',
  up: 'UP',
  failing: 'FAILING',
  waiting: 'WAITING',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
  gaveUp: 'GIVEN_UP',
} as const satisfies Record<SupervisorEmitted['type'], SupervisorState>;

/** Keeps a connection up. `supervise()` returns one. */
export class Supervisor<C> implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'Supervisor';

  /** The client: the same object in all sessions. */
  readonly client: C;

  readonly #ref: SupervisorRef;
  readonly #logger: Logger | undefined;
  readonly #states = new Broadcast<SupervisorState>();
  readonly #pendingUps = new Set<Deferred<undefined>>();
  readonly #pendingStops = new Set<Deferred<undefined>>();

  /** @internal */
  constructor(client: C, ref: SupervisorRef, logger?: Logger) {
    this.client = client;
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
   * The last failures of sessions and attempts: at most 20, the newest last. A failure is added when its
   * session has ended, before WAITING or GIVEN_UP. An end on request adds none, unless that fails.
   */
  get failures(): readonly Failure[] {
    return this.#ref.getSnapshot().context.failures;
  }

  /**
   * Resolves with the client when the state is UP; at once if it is. Legal in every state.
   *
   * @param options - `signal` gives up the wait.
   * @throws {WirechartError} The last cause, when it has given up or gives up during the wait.
   * @throws {ClosedError} When it is STOPPED, or is stopped during the wait.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async up({ signal }: WaitOptions = {}): Promise<C> {
    signal?.throwIfAborted();
    const { state } = this;
    if (state === 'UP') return this.client;
    if (state === 'STOPPED' || state === 'GIVEN_UP') throw this.#endError();
    await waitIn(this.#pendingUps, signal);
    return this.client;
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
   * Ends the session gracefully, or gives up the attempt or the wait for one, and resolves in STOPPED: no
   * socket and no timer is left. Legal in every state, any number of times.
   *
   * @param options - `force` destroys the stream at once, also when an earlier call is still pending.
   *   `signal` gives up the wait and not the stopping; one that was aborted before the call makes the call
   *   do nothing.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async stop({ force = false, signal }: DisconnectOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#ref.send({ type: 'STOP', force });
    if (this.state !== 'STOPPED') await waitIn(this.#pendingStops, signal);
  }

  /**
   * Returns an iterator over every state that is entered after this call, in order.
   *
   * @param options - `signal` ends the iteration: the pending `next()` rejects, and so do later ones.
   * @throws `signal.reason`, from `next()`, when the signal was aborted.
   */
  states({ signal }: WaitOptions = {}): AsyncIterableIterator<SupervisorState> {
    return this.#states.values(signal);
  }

  /** `stop()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #onEmitted = (emitted: SupervisorEmitted): void => {
    if (this.#logger !== undefined) logTransition(emitted, this.#logger);
    this.#onState(STATES[emitted.type]);
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
    return new ClosedError('The supervisor was stopped', { expected: true, ...failed });
  }
}

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

/** Logs the state that was entered. */
function logTransition(emitted: SupervisorEmitted, logger: Logger): void {
  const state = STATES[emitted.type];
  if (emitted.type === 'waiting') {
    const { ms, attempt, cause } = emitted;
    const why = describe(cause);
    logger.info(`${state} for ${String(ms)} ms until attempt ${String(attempt)}: ${why}`);
  } else if (emitted.type === 'gaveUp') {
    logger.warn(`${state}: ${describe(emitted.cause)}`);
  } else {
    logger.debug(state);
  }
}
