/** Connections that are kept: the supervisor's machine, as an object with promises. */

import { createActor } from 'xstate';
import { abortable } from '../async/abort.ts';
import { type Deferred, deferHandled } from '../async/deferred.ts';
import { ClosedError, describe, type WirechartError } from '../core/errors.ts';
import { Broadcast } from '../async/broadcast.ts';
import { resolveLogger, rootOptions, watch } from '../protocol/machine.ts';
import type { Failure, SupervisorEmitted, SupervisorEvent } from '../machines/supervisor-types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import {
  type AddressSource,
  type ClientClass,
  createSupervisor,
  clientClassOf,
  type ProtocolSource,
  type SuperviseOptions,
} from './machine.ts';
import type { DisconnectOptions, Logger, WaitOptions } from '../core/types.ts';

/** Where a supervisor stands. */
export type SupervisorState =
  /** On the way to a session, and in `onUp`. */
  | 'CONNECTING'
  /** There is a session, and it can be used. */
  | 'UP'
  /** A session that cannot be used, or cannot be used any more, goes home. */
  | 'FAILING'
  /** Until the next attempt. */
  | 'WAITING'
  /** The session under way ends as it was asked to, or the attempt at one. */
  | 'STOPPING'
  /** Nobody wants a connection. */
  | 'STOPPED'
  /** There is no point in going on. */
  | 'GIVEN_UP';

/**
 * Connects, and connects again whenever the session fails, until it is stopped or there is no point in
 * going on. It begins at once.
 *
 * The client is the same for all sessions. Its `disconnect()` means what it says: where it ends a session,
 * or an attempt, it stops the supervisor, as `quit` does; between two attempts there is nothing that it
 * could end, and `stop()` is needed. Its `connect()` is taken for the next attempt. A call that meets no
 * session rejects as it does without a supervisor; `up()` waits for one.
 *
 * @example
 * const vm = supervise(QmpClient, '/run/vm1/qmp.sock');
 * const qmp = await vm.up();
 * await qmp.execute('query-status');
 * await vm.stop();
 *
 * @param kind - The protocol to speak, for an `AsyncProtocol`; or a class of clients, such as `QmpClient`.
 * @param address - Where the peer is, or a function that says so before each attempt.
 * @throws {ArgumentError} When an option cannot be used.
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
    ? begin(kind, address, options)
    : begin(clientClassOf(kind), address, options);
}

function begin<C, In, Out>(
  kind: ClientClass<C, In, Out>,
  address: AddressSource,
  options: SuperviseOptions<C>,
): Supervisor<C> {
  const logger = resolveLogger(options);
  const { machine, clientOf } = createSupervisor(kind, address, options);
  const ref = createActor(machine, rootOptions(options, logger));
  attachInspectors(ref, options);
  const { connection } = ref.getSnapshot().children;
  if (connection === undefined) throw new ClosedError('The supervisor has no connection');
  return new Supervisor(clientOf(connection), ref, logger);
}

/** What a facade uses of the supervisor's actor. */
interface SupervisorRef {
  start(): unknown;
  send(event: SupervisorEvent): void;
  getSnapshot(): {
    readonly context: {
      readonly cause: WirechartError | undefined;
      readonly failures: readonly Failure[];
      readonly ups: number;
    };
  };
  on(type: '*', listener: (emitted: SupervisorEmitted) => void): unknown;
  subscribe(observer: { error: (error: unknown) => void }): unknown;
}

/** The state that is told of by what is emitted. */
const STATES = {
  connecting: 'CONNECTING',
  up: 'UP',
  failing: 'FAILING',
  waiting: 'WAITING',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
  gaveUp: 'GIVEN_UP',
} as const satisfies Record<SupervisorEmitted['type'], SupervisorState>;

/** A connection that is kept: see `supervise()`. */
export class Supervisor<C> implements AsyncDisposable {
  /** @internal A literal, because bundlers rename classes. */
  static readonly name: string = 'Supervisor';

  /** The one client, for all sessions. */
  readonly client: C;

  readonly #ref: SupervisorRef;
  readonly #logger: Logger | undefined;
  readonly #feed = new Broadcast<SupervisorState>();
  readonly #waiting = new Set<Deferred<undefined>>();
  readonly #stopping = new Set<Deferred<undefined>>();
  #state: SupervisorState = 'CONNECTING';
  /** What the machine itself died of; it must not. */
  #death: unknown;

  /** @internal */
  constructor(client: C, ref: SupervisorRef, logger?: Logger) {
    this.client = client;
    this.#ref = ref;
    this.#logger = logger;
    ref.on('*', this.#onEmitted);
    ref.subscribe({ error: this.#onDeath });
    ref.start();
  }

  /** Where it stands, now. */
  get state(): SupervisorState {
    return this.#state;
  }

  /** How often there was a session that could be used. */
  get ups(): number {
    return this.#ref.getSnapshot().context.ups;
  }

  /**
   * Why the last sessions failed, and the attempts at one: twenty at most, the newest last. An end that
   * was asked for leaves none, unless it failed too.
   */
  get failures(): readonly Failure[] {
    return this.#ref.getSnapshot().context.failures;
  }

  /**
   * Resolves with the client as soon as there is a session, and `onUp` is done with it; at once when there
   * is one already. Legal in every state.
   *
   * @throws {WirechartError} The last reason, when it has given up, or gives up meanwhile.
   * @throws {ClosedError} When it was stopped, or is stopped meanwhile.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async up({ signal }: WaitOptions = {}): Promise<C> {
    signal?.throwIfAborted();
    if (this.#state === 'UP') return this.client;
    if (this.#state === 'STOPPED' || this.#state === 'GIVEN_UP') throw this.#end();
    await this.#settling(this.#waiting, signal);
    return this.client;
  }

  /** Begins again, after a stop or when it has given up, with a clean record of attempts; else does nothing. */
  start(): void {
    this.#ref.send({ type: 'START' });
  }

  /** Makes the next attempt at once, when it waits for one; else does nothing. */
  retry(): void {
    this.#ref.send({ type: 'RETRY' });
  }

  /**
   * Ends the session, or gives up what is under way, and resolves in STOPPED: no timer and no socket is
   * left. Legal in every state, any number of times.
   *
   * @param options - `force` neither flushes nor waits for the peer; `signal` gives up the waiting, not
   *   the stopping.
   * @throws `signal.reason`, when the signal was aborted.
   */
  async stop({ force = false, signal }: DisconnectOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#ref.send({ type: 'STOP', force });
    if (this.#state !== 'STOPPED') await this.#settling(this.#stopping, signal);
  }

  /** Every state that is entered from this call on, in order, none left out. */
  states({ signal }: WaitOptions = {}): AsyncIterableIterator<SupervisorState> {
    return this.#feed.values(signal);
  }

  /** `stop()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #onEmitted = (emitted: SupervisorEmitted): void => {
    if (this.#logger !== undefined) logTransition(emitted, this.#logger);
    this.#enter(STATES[emitted.type]);
  };

  /** Nobody is left waiting for it. */
  readonly #onDeath = (error: unknown): void => {
    this.#death = error;
    this.#enter('STOPPED');
  };

  #enter(state: SupervisorState): void {
    this.#state = state;
    this.#feed.push(state);
    if (state === 'UP') settle(this.#waiting);
    if (state !== 'STOPPED' && state !== 'GIVEN_UP') return;
    settle(this.#waiting, this.#end());
    settle(this.#stopping);
  }

  /** Waits with the others. */
  #settling(
    waiters: Set<Deferred<undefined>>,
    signal: AbortSignal | undefined,
  ): Promise<undefined> {
    const waiter = deferHandled<undefined>();
    waiters.add(waiter);
    return abortable(waiter.promise, signal, () => waiters.delete(waiter));
  }

  /** Why there is no session, and will be none. */
  #end(): WirechartError {
    const { cause } = this.#ref.getSnapshot().context;
    if (this.#state === 'GIVEN_UP' && cause !== undefined) return cause;
    const death = this.#death !== undefined && { cause: this.#death };
    return new ClosedError('The supervisor was stopped', { expected: true, ...death });
  }
}

function settle(waiters: Set<Deferred<undefined>>, error?: WirechartError): void {
  for (const waiter of waiters) {
    if (error === undefined) waiter.resolve(undefined);
    else waiter.reject(error);
  }
  waiters.clear();
}

/** Records what happens to a connection that is kept: one record for each state that is entered. */
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
