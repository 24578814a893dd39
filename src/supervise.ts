/** Connections that are kept: the supervisor's chart, as an object with promises. */

import { createActor } from 'xstate';
import { abortable } from './abort.ts';
import { type Deferred, deferQuietly } from './deferred.ts';
import { ClosedError, ConnectError, HandlerError, type WirechartError } from './errors.ts';
import { Feed } from './feed.ts';
import { harmless } from './log.ts';
import { resolveNumbers } from './limits.ts';
import {
  createProtocolMachine,
  type MachineOptions,
  type ProtocolActorRef,
  type ProtocolMachine,
  type ProtocolOptions,
  rootOptions,
  watch,
} from './machine.ts';
import type { Reason } from './machines/supervision-types.ts';
import type { Policy } from './machines/supervision.ts';
import { createSupervisorChart } from './machines/supervisor.ts';
import { AsyncProtocol } from './protocol.ts';
import type {
  Address,
  DisconnectOptions,
  ProtocolDefinition,
  Timeouts,
  WaitOptions,
} from './types.ts';

export type { Reason } from './machines/supervision-types.ts';

/** Where a supervisor stands. */
export type SupervisorState = 'CONNECTING' | 'UP' | 'WAITING' | 'STOPPING' | 'STOPPED' | 'GIVEN_UP';

/** Where the peer is: an address, or a function that is asked before each attempt, for failover. */
export type AddressSource =
  Address | ((attempt: number, cause: WirechartError | undefined) => Address | Promise<Address>);

/**
 * How long to wait between attempts, in ms: before the second one anything from 0 to `initial`, and each
 * time `factor` times as much, up to `max`. That the whole of it is random ("full jitter") keeps a
 * thousand clients of one peer from coming back at the same moment.
 */
export interface Backoff {
  /** Default 100. */
  readonly initial?: number | undefined;
  /** Default 2. */
  readonly factor?: number | undefined;
  /** Default 30 000. */
  readonly max?: number | undefined;
  /** Gives numbers from 0 to 1. Default `Math.random`; a constant 1 switches the jitter off. */
  readonly random?: (() => number) | undefined;
}

/** How a connection is kept; everything has a default. */
export interface SuperviseOptions<C> extends Omit<ProtocolOptions, 'timeouts'> {
  readonly backoff?: Backoff | undefined;
  /** How many attempts may fail in a row before it gives up. Default `Infinity`. */
  readonly attempts?: number | undefined;
  /** How long a session must last, in ms, for the attempts before it to be forgotten. Default 10 000. */
  readonly stable?: number | undefined;
  /**
   * Whether the end of a session, or of an attempt, merits another attempt. Default: a `ConnectError`
   * that is `retryable`, and every failure of a session but a `HandlerError`, which would come again.
   * Where it throws, it does not.
   */
  readonly retry?: ((cause: WirechartError) => boolean) | undefined;
  /**
   * Makes up for what was missed: subscribes again, asks for the present state. Called whenever there is
   * a session, the first included, before `up()` resolves; the signal is aborted when the session ends
   * meanwhile. What it throws, or its promise rejects with, ends the session.
   */
  onUp?(client: C, signal: AbortSignal): unknown;
  /** Deadlines of the connection, and two of the supervisor, in ms. */
  readonly timeouts?:
    | (Timeouts & {
        /** Of an address that is a function. Default 10 000. */
        readonly address?: number | undefined;
        /** Of `onUp`. Default 30 000. */
        readonly up?: number | undefined;
      })
    | undefined;
}

/** A class of clients that can be supervised, such as `QmpClient`. */
export interface ClientKind<C, In, Out> {
  /** The machine of such a client. */
  createMachine(options: MachineOptions): ProtocolMachine<In, Out>;
  /** A client over an actor of that machine. */
  attach(ref: ProtocolActorRef<In, Out>, options: Pick<ProtocolOptions, 'clock'>): C;
}

/**
 * Connects, and connects again whenever the session fails, until it is stopped or there is no point in
 * going on. It begins at once.
 *
 * The client is the same for all sessions. Its `disconnect()` means what it says: it stops the
 * supervisor. A call that meets no session rejects as it does without a supervisor; `up()` waits for one.
 *
 * @example
 *   const vm = supervise(QmpClient, '/run/vm1/qmp.sock');
 *   const qmp = await vm.up();
 *   await qmp.execute('query-status');
 *   await vm.stop();
 *
 * @param kind - The protocol to speak, for an `AsyncProtocol`; or a class of clients, such as `QmpClient`.
 * @param address - Where the peer is, or a function that says so before each attempt.
 * @throws {ArgumentError} When an option cannot be used.
 */
export function supervise<C, In, Out>(
  kind: ClientKind<C, In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<C>,
): Supervision<C>;
export function supervise<In, Out = In>(
  kind: ProtocolDefinition<In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<AsyncProtocol<In, Out>>,
): Supervision<AsyncProtocol<In, Out>>;
export function supervise<C, In, Out>(
  kind: ClientKind<C, In, Out> | ProtocolDefinition<In, Out>,
  address: AddressSource,
  options: SuperviseOptions<C & AsyncProtocol<In, Out>> = {},
): Supervision<unknown> {
  return 'codec' in kind ? begin(plainKind(kind), address, options) : begin(kind, address, options);
}

function begin<C, In, Out>(
  kind: ClientKind<C, In, Out>,
  source: AddressSource,
  options: SuperviseOptions<C>,
): Supervision<C> {
  const logger = options.logger && harmless(options.logger);
  const chart = createSupervisorChart(kind.createMachine(options), {
    ...policyOf(options),
    locate: async (attempt, cause) =>
      typeof source === 'function' ? source(attempt, cause) : source,
    // There is a client long before there is a session.
    synchronize:
      'onUp' in options ? async (signal) => await options.onUp?.(client, signal) : undefined,
  });
  const ref = createActor(chart, rootOptions(options, logger));
  watch(ref, options);
  const { connection } = ref.getSnapshot().children;
  if (connection === undefined) throw new ClosedError('The supervisor has no connection');
  const client = kind.attach(connection, { clock: options.clock });
  return new Supervision(client, ref);
}

const BACKOFF = { initial: 100, factor: 2, max: 30_000 };
const DEADLINES = { address: 10_000, up: 30_000 };

/** @throws {ArgumentError} When an option cannot be used. */
function policyOf<C>(options: SuperviseOptions<C>): Omit<Policy, 'locate' | 'synchronize'> {
  const { random = Math.random, ...given } = options.backoff ?? {};
  const { initial, factor, max } = resolveNumbers('backoff', BACKOFF, given);
  const { address, up } = resolveNumbers('timeouts', DEADLINES, options.timeouts ?? {});
  const { attempts, stable } = resolveNumbers(
    'supervise',
    { attempts: Infinity, stable: 10_000 },
    options,
  );
  return {
    attempts,
    stable,
    retry: (cause) => attempted(() => (options.retry ?? meritsRetry)(cause), false),
    backoff: (failed) => Math.min(max, initial * factor ** (failed - 1)),
    random: () => Math.min(1, Math.max(0, attempted(random, 1))),
    locateTimeout: address,
    syncTimeout: up,
  };
}

/** What a function of the user's returns; what it is taken to mean when it throws. */
function attempted<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch {
    return otherwise;
  }
}

/** See `SuperviseOptions.retry`. */
function meritsRetry(cause: WirechartError): boolean {
  if (cause instanceof ConnectError) return cause.retryable || cause.cause instanceof HandlerError;
  return !(cause instanceof HandlerError);
}

/** What a facade uses of the supervisor's actor. */
interface SupervisorRef {
  start(): unknown;
  send(event: { type: 'START' } | { type: 'STOP'; force: boolean } | { type: 'RETRY' }): void;
  getSnapshot(): {
    readonly context: {
      readonly cause: WirechartError | undefined;
      readonly reasons: readonly Reason[];
      readonly ups: number;
    };
    matches(state: SupervisorState): boolean;
  };
  subscribe(observer: { next: () => void; error: (error: unknown) => void }): unknown;
}

const STATES: readonly SupervisorState[] = [
  'CONNECTING',
  'UP',
  'WAITING',
  'STOPPING',
  'STOPPED',
  'GIVEN_UP',
];

/** A connection that is kept: see `supervise()`. */
export class Supervision<C> implements AsyncDisposable {
  /** The one client, for all sessions. */
  readonly client: C;

  readonly #ref: SupervisorRef;
  readonly #feed = new Feed<SupervisorState>();
  #waiting: Deferred<undefined>[] = [];
  #stopping: Deferred<undefined>[] = [];
  #state: SupervisorState = 'CONNECTING';

  /** @internal */
  constructor(client: C, ref: SupervisorRef) {
    this.client = client;
    this.#ref = ref;
    ref.subscribe({ next: this.#onSnapshot, error: this.#onSnapshot });
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

  /** Why the last sessions, and attempts, were over: twenty at most, the newest last. */
  get reasons(): readonly Reason[] {
    return this.#ref.getSnapshot().context.reasons;
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
    const waiting = deferQuietly<undefined>();
    if (this.#state === 'STOPPED' || this.#state === 'GIVEN_UP') waiting.reject(this.#end());
    else this.#waiting.push(waiting);
    await abortable(waiting.promise, signal, () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
    });
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
    if (this.#state === 'STOPPED') return;
    const stopping = deferQuietly<undefined>();
    this.#stopping.push(stopping);
    await abortable(stopping.promise, signal);
  }

  /** Every state that is entered from this call on, in order, none left out. */
  states({ signal }: WaitOptions = {}): AsyncIterableIterator<SupervisorState> {
    return this.#feed.values(signal);
  }

  /** `stop()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #onSnapshot = (): void => {
    const snapshot = this.#ref.getSnapshot();
    const state = STATES.find((one) => snapshot.matches(one));
    if (state === undefined || state === this.#state) return;
    this.#state = state;
    this.#feed.push(state);
    if (state === 'UP') for (const one of this.#waiting.splice(0)) one.resolve(undefined);
    if (state !== 'STOPPED' && state !== 'GIVEN_UP') return;
    for (const one of this.#waiting.splice(0)) one.reject(this.#end());
    if (state === 'STOPPED') for (const one of this.#stopping.splice(0)) one.resolve(undefined);
  };

  /** Why there is no session, and will be none. */
  #end(): WirechartError {
    const { cause } = this.#ref.getSnapshot().context;
    const isStopped = this.#state === 'STOPPED' || cause === undefined;
    return isStopped ? new ClosedError('The supervisor was stopped', { expected: true }) : cause;
  }
}

const plainKind = <In, Out>(
  definition: ProtocolDefinition<In, Out>,
): ClientKind<AsyncProtocol<In, Out>, In, Out> => ({
  createMachine: (options) => createProtocolMachine(definition, options),
  attach: (ref) => AsyncProtocol.attach(ref),
});
