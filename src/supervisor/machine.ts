/** Joins the supervisor's chart with a class of clients and with the user's options. */

import { checkKinds } from '../core/options.ts';
import { destroyStream } from '../io/destroy.ts';
import type { ProtocolActorRef, ProtocolMachine } from '../machines/protocol-machine.ts';
import {
  type AttachOptions,
  createProtocolMachine,
  type MachineOptions,
  type ProtocolOptions,
} from '../protocol/machine.ts';
import type { SupervisorMachine } from '../machines/supervisor-interface.ts';
import { createSupervisorMachineOf } from '../machines/supervisor-machine.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import type {
  ClientConstructor,
  DefinedClient,
  OwnClientOptions,
} from '../protocol/define-client.ts';
import { resolveLogger } from '../protocol/logging.ts';
import { checkFailWith, refuseOfSystem } from '../protocol/options.ts';
import type { ProtocolDefinition } from '../core/types.ts';
import { resolveLiveness } from './liveness.ts';
import { SourceLocator } from './locator.ts';
import {
  checkSupervised,
  connectionOptions,
  type Ending,
  resolvePolicy,
  SUPERVISOR_MACHINE_OPTIONS,
  type SuperviseOptions,
  type SupervisorMachineOptions,
} from './options.ts';

export { DEFAULTS } from './options.ts';

/** A protocol, or a function that makes one for each connection. */
export type ProtocolSource<In, Out> =
  ProtocolDefinition<In, Out, unknown> | (() => ProtocolDefinition<In, Out, unknown>);

/**
 * A class of clients that can be supervised, such as `QmpClient`.
 *
 * @typeParam Options - The options of its machine. Those that not every machine has are options of
 *   `supervise()`, too.
 */
export interface ClientClass<C, In, Out, Options extends MachineOptions = MachineOptions> {
  /** Returns the machine of such a client. A supervisor always passes options. */
  createMachine(options?: Options): ProtocolMachine<In, Out>;
  /** Returns a client over an actor of that machine. */
  attach(ref: ProtocolActorRef<In, Out>, options: AttachOptions): C;
}

/** The options that only one class of clients has. */
export type OwnOptions<Options extends MachineOptions> = Omit<Options, keyof MachineOptions>;

export type { SupervisorMachine } from '../machines/supervisor-interface.ts';

/**
 * Returns the machine of `supervise()`, to be invoked or spawned in any XState 5 chart.
 *
 * The input of an actor is `{ address }` (`SupervisorInput`), so that one machine serves any number of peers.
 * The actor starts to connect at once. Send it STOP, START, RETRY and FAIL (`SupervisorEvent`). Read its
 * state and its tags (`up` in UP; `busy` in CONNECTING, FAILING, WAITING and STOPPING; `idle` in STOPPED and
 * GIVEN_UP; `failed` in GIVEN_UP), or listen to what it emits (`SupervisorEmitted`). Stopping the actor, or
 * leaving the state that invokes it, destroys its socket at once.
 *
 * `getPersistedSnapshot()` of an actor, or of its parent, is plain JSON. A restored actor connects again, unless
 * it had stopped or given up. An address that is a function, or has TLS options or a stream, is not stored: a
 * restored actor has then given up.
 *
 * `onUp` is called with the client. To use a client elsewhere, attach one to the child of the actor:
 * `QmpClient.attach(ref.getSnapshot().children.connection)`.
 *
 * @example
 * const machine = createSupervisorMachine(QmpClient);
 * createActor(machine, { input: { address: '/run/vm1/qmp.sock' } }).start();
 *
 * @param kind - A protocol, or a function that makes one for each actor, for an `AsyncProtocol`; or a class
 *   of clients, such as `QmpClient`.
 * @param options - As for `supervise()`, without `inspect`: that of the parent applies. `clock` applies to the
 *   deadlines of the client's own calls only: all others run on the parent's clock.
 * @throws {ArgumentError} When an option is invalid.
 */
export function createSupervisorMachine<C, In, Out, Options extends ProtocolOptions>(
  kind: ClientConstructor<C, Options> & DefinedClient<In, Out>,
  options?: SupervisorMachineOptions<C> & OwnClientOptions<Options>,
): SupervisorMachine<In, Out>;
export function createSupervisorMachine<C, In, Out, Options extends MachineOptions>(
  kind: ClientClass<C, In, Out, Options> & { readonly isDefined?: never },
  options?: SupervisorMachineOptions<C> & OwnOptions<Options>,
): SupervisorMachine<In, Out>;
export function createSupervisorMachine<In, Out = In>(
  kind: ProtocolSource<In, Out>,
  options?: SupervisorMachineOptions<AsyncProtocol<In, Out>>,
): SupervisorMachine<In, Out>;
export function createSupervisorMachine<C, In, Out>(
  kind:
    | (ClientConstructor<C> & DefinedClient<In, Out>)
    | ClientClass<C, In, Out>
    | ProtocolSource<In, Out>,
  options: SupervisorMachineOptions<C & AsyncProtocol<In, Out>> = {},
): SupervisorMachine<In, Out> {
  const owner = 'createSupervisorMachine()';
  refuseOfSystem(owner, options, 'inspect');
  checkSupervised(owner, kind, options, SUPERVISOR_MACHINE_OPTIONS);
  checkKinds(owner, options, { once: 'boolean' });
  checkFailWith(owner, options);
  return 'createMachine' in kind
    ? createSupervisorParts(kind, options, options).machine
    : createSupervisorParts(toClientClass(kind), options, options).machine;
}

/** A supervisor's machine, and its clients. */
export interface SupervisorParts<C, In, Out> {
  readonly machine: SupervisorMachine<In, Out>;
  /** Returns the client of a connection: the one that `onUp` is called with. */
  readonly clientOf: (connection: ProtocolActorRef<In, Out>) => C;
}

/**
 * Creates the parts of a supervisor.
 *
 * @param ending - Whether, and how, an actor ends: those of `supervise()` do not.
 * @throws {ArgumentError} When an option is invalid.
 */
export function createSupervisorParts<C, In, Out>(
  kind: ClientClass<C, In, Out>,
  options: SuperviseOptions<C>,
  ending: Ending = {},
): SupervisorParts<C, In, Out> {
  const settings = { name: options.name, logger: resolveLogger(options), clock: options.clock };
  const clients = new WeakMap<ProtocolActorRef<In, Out>, { readonly client: C }>();
  const clientOf = (connection: ProtocolActorRef<In, Out>): C => {
    const known = clients.get(connection) ?? { client: kind.attach(connection, settings) };
    clients.set(connection, known);
    return known.client;
  };
  const policy = resolvePolicy(options);
  const liveness = resolveLiveness(options.liveness, kind);
  const machine = createSupervisorMachineOf(kind.createMachine(connectionOptions(options)), {
    ...policy,
    once: ending.once,
    failWith: ending.failWith,
    destroyStream,
    createLocator: (input) => new SourceLocator(input?.address, input?.lost),
    liveness: liveness && {
      ...liveness,
      probe: (connection, signal) => liveness.probe(clientOf(connection), signal),
    },
    synchronize:
      options.onUp && ((connection, signal) => options.onUp?.(clientOf(connection), signal)),
  });
  return { machine, clientOf };
}

/** Returns the class of clients whose clients are instances of `AsyncProtocol`. */
export const toClientClass = <In, Out>(
  definition: ProtocolSource<In, Out>,
): ClientClass<AsyncProtocol<In, Out>, In, Out> => ({
  createMachine: (options) => createProtocolMachine(definition, options),
  attach: (ref, options) => AsyncProtocol.attach(ref, options),
});
