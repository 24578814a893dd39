/** The supervisor as a machine: where its chart meets a class of clients, and what the user decides. */

import type { ActorRefFrom } from 'xstate';
import {
  ArgumentError,
  isConnectError,
  isHandlerError,
  type WirechartError,
} from '../core/errors.ts';
import { resolveNumbers } from '../core/limits.ts';
import { destroyStream } from '../io/link.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../machines/protocol-machine.ts';
import {
  type AttachOptions,
  createProtocolMachine,
  loggerOf,
  type MachineOptions,
  type ProtocolOptions,
} from '../protocol/machine.ts';
import type { Policy } from '../machines/supervisor-setup.ts';
import { createSupervisorChart } from '../machines/supervisor.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import type { Address, ProtocolDefinition, Timeouts } from '../core/types.ts';

/** Where the peer is: an address, or a function that is asked before each attempt, for failover. */
export type AddressSource = Address | AddressFunction;

/**
 * Says where the peer is.
 *
 * @param attempt - Counts the attempts in a row, from 1.
 * @param cause - Why the last session, or attempt, was over; `undefined` before the first.
 */
export type AddressFunction = (
  attempt: number,
  cause: WirechartError | undefined,
) => Address | Promise<Address>;

/**
 * How long to wait between attempts, in ms: before the second one anything from 0 to `initial`, and each
 * time `factor` times as much, up to `max`. That the whole of it is random ("full jitter") keeps a
 * thousand clients of one peer from coming back at the same moment; therefore also the first one after
 * a session that has lasted waits as the second one does.
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
  /** The waits between attempts. */
  readonly backoff?: Backoff | undefined;
  /** How many attempts may fail in a row before it gives up. Default `Infinity`. */
  readonly attempts?: number | undefined;
  /** How long a session must last, in ms, for the attempts before it to be forgotten. Default 10 000. */
  readonly stable?: number | undefined;
  /**
   * Whether the end of a session, or of an attempt, merits another attempt. Default: a `ConnectError`
   * that is `retryable`, an address function that threw, and every failure of a session but a
   * `HandlerError`, which would come again. Where it throws, it does not.
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

/** The protocol that is spoken; a function makes one for each connection. */
export type ProtocolSource<In, Out> =
  ProtocolDefinition<In, Out> | (() => ProtocolDefinition<In, Out>);

/** A class of clients that can be supervised, such as `QmpClient`. */
export interface ClientClass<C, In, Out> {
  /** The machine of such a client. */
  createMachine(options: MachineOptions): ProtocolMachine<In, Out>;
  /** A client over an actor of that machine. */
  attach(ref: ProtocolActorRef<In, Out>, options: AttachOptions): C;
}

/** The machine that `createSupervisorMachine()` makes. */
export interface SupervisorMachine<In, Out = In> extends ReturnType<
  typeof createSupervisorChart<In, Out>
> {}

/** A running actor of it. Its child `connection` is the actor of the connection. */
export type SupervisorActorRef<In, Out = In> = ActorRefFrom<SupervisorMachine<In, Out>>;

/**
 * A connection that is kept, as a machine, to be invoked or spawned in any XState 5 chart. It begins at
 * once; send it STOP, START and RETRY; read its state and its tags (`up` in UP, `busy` on the way to it
 * and from it), or listen to what it emits (`SupervisorEmitted`). Stopping its actor, or leaving the
 * state that invokes it, frees its socket at once.
 *
 * A client is given to `onUp`; others get theirs from the actor's child, as by
 * `QmpClient.attach(ref.getSnapshot().children.connection)`.
 *
 * @param kind - The protocol to speak (a function makes one for each actor); or a class of clients, such
 *   as `QmpClient`.
 * @param address - Where the peer is, or a function that says so before each attempt.
 * @param options - As for `supervise()`; `inspect` is the parent's and is ignored here, and `clock`
 *   measures the client's own deadlines only.
 * @throws {ArgumentError} When an option cannot be used.
 */
export function createSupervisorMachine<C, In, Out>(
  kind: ClientClass<C, In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<C>,
): SupervisorMachine<In, Out>;
export function createSupervisorMachine<In, Out = In>(
  kind: ProtocolSource<In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<AsyncProtocol<In, Out>>,
): SupervisorMachine<In, Out>;
export function createSupervisorMachine<C, In, Out>(
  kind: ClientClass<C, In, Out> | ProtocolSource<In, Out>,
  address: AddressSource,
  options: SuperviseOptions<C & AsyncProtocol<In, Out>> = {},
): SupervisorMachine<In, Out> {
  return 'createMachine' in kind
    ? createSupervisor(kind, address, options).machine
    : createSupervisor(clientClassOf(kind), address, options).machine;
}

/** A machine, and the client of an actor's connection: the one that `onUp` gets. */
export interface SupervisorParts<C, In, Out> {
  readonly machine: SupervisorMachine<In, Out>;
  readonly clientOf: (connection: ProtocolActorRef<In, Out>) => C;
}

/** @throws {ArgumentError} When an option cannot be used. */
export function createSupervisor<C, In, Out>(
  kind: ClientClass<C, In, Out>,
  source: AddressSource,
  options: SuperviseOptions<C>,
): SupervisorParts<C, In, Out> {
  const attached = { name: options.name, logger: loggerOf(options), clock: options.clock };
  const clients = new WeakMap<ProtocolActorRef<In, Out>, { readonly client: C }>();
  const clientOf = (connection: ProtocolActorRef<In, Out>): C => {
    const known = clients.get(connection) ?? { client: kind.attach(connection, attached) };
    clients.set(connection, known);
    return known.client;
  };
  const machine = createSupervisorChart(kind.createMachine(options), {
    ...policyOf(options),
    destroyStream,
    locate: typeof source === 'function' ? source : () => source,
    synchronize:
      options.onUp && ((connection, signal) => options.onUp?.(clientOf(connection), signal)),
  });
  return { machine, clientOf };
}

/** What is spoken, as a class of clients without anything of its own. */
export const clientClassOf = <In, Out>(
  definition: ProtocolSource<In, Out>,
): ClientClass<AsyncProtocol<In, Out>, In, Out> => ({
  createMachine: (options) => createProtocolMachine(definition, options),
  attach: (ref, options) => AsyncProtocol.attach(ref, options),
});

/** Of each option that is a number. */
export const DEFAULTS = {
  backoff: { initial: 100, factor: 2, max: 30_000 },
  timeouts: { address: 10_000, up: 30_000 },
  supervise: { attempts: Infinity, stable: 10_000 },
} as const;

type Settled = Omit<Policy<never, never>, 'locate' | 'destroyStream' | 'synchronize'>;

function policyOf<C>(options: SuperviseOptions<C>): Settled {
  const { random = Math.random, ...given } = options.backoff ?? {};
  const { retry = meritsRetry } = options;
  const { initial, factor, max } = resolveNumbers('backoff', DEFAULTS.backoff, given);
  const { address, up } = resolveNumbers('timeouts', DEFAULTS.timeouts, options.timeouts ?? {});
  const { attempts, stable } = resolveNumbers('supervise', DEFAULTS.supervise, options);
  if (attempts !== Infinity && !Number.isInteger(attempts)) {
    throw new ArgumentError(`supervise.attempts must be a whole number, not ${String(attempts)}`);
  }
  requireFunctions({
    'backoff.random': typeof random,
    'supervise.retry': typeof retry,
    ...(options.onUp && { 'supervise.onUp': typeof options.onUp }),
  });
  return {
    attempts,
    retry: (cause) => callOr(() => retry(cause), false),
    backoff: (made) => Math.min(max, initial * factor ** Math.max(0, made - 1)),
    random: () => clampFraction(callOr(random, 1)),
    deadlines: { locate: address, sync: up, stable },
  };
}

function requireFunctions(types: Readonly<Record<string, string>>): void {
  for (const [name, type] of Object.entries(types)) {
    if (type !== 'function') throw new ArgumentError(`${name} must be a function, not ${type}`);
  }
}

/** What is no number from 0 to 1 is taken for 1, as an error is. */
const clampFraction = (value: number): number => (value >= 0 && value <= 1 ? value : 1);

/** What a function of the user's returns; what it is taken to mean when it throws. */
function callOr<T>(run: () => T, otherwise: T): T {
  try {
    return run();
  } catch {
    return otherwise;
  }
}

/** See `SuperviseOptions.retry`. */
function meritsRetry(cause: WirechartError): boolean {
  if (!isConnectError(cause)) return !isHandlerError(cause);
  // An address function may know better next time; a handshake that throws would throw again.
  return cause.retryable || (cause.phase === 'connection' && isHandlerError(cause.cause));
}
