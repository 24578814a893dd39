/** Keeps a connection up: starts the supervisor's machine. */

import { createActor } from 'xstate';
import { ClosedError, handlerError } from '../core/errors.ts';
import { sealAddress } from '../core/sealed-address.ts';
import { notEmbedded } from '../protocol/client-definition.ts';
import { resolveLogger } from '../protocol/logging.ts';
import {
  attachInspectors,
  type MachineOptions,
  type ProtocolOptions,
  rootOptions,
} from '../protocol/machine.ts';
import type { AddressSource } from '../machines/supervisor-types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import type {
  ClientConstructor,
  DefinedClient,
  OwnClientOptions,
} from '../protocol/define-client.ts';
import {
  type ClientClass,
  createSupervisorParts,
  type OwnOptions,
  type ProtocolSource,
  toClientClass,
} from './machine.ts';
import { checkSupervised, type SuperviseOptions } from './options.ts';
import { Supervisor } from './supervisor.ts';

/**
 * Connects, and connects again whenever an attempt or a session fails, until it is stopped or another
 * attempt would be pointless. It starts at once.
 *
 * The client is the same object in all sessions. A session that ends cleanly stops the supervisor, unless
 * `restart` is `always`: the client's `disconnect()` during a session or an attempt, QMP's `quit`, and a
 * peer that has announced its shutdown. In WAITING, `disconnect()` has nothing to end; call `stop()`. The
 * client's `connect()` counts as the next attempt. A call without a session rejects as it does without a
 * supervisor; `up()` waits for one.
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
 * @throws {HandlerError} When `kind` is a function that throws.
 */
export function supervise<C, In, Out, Options extends ProtocolOptions>(
  kind: ClientConstructor<C, Options> & DefinedClient<In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<C> & OwnClientOptions<Options>,
): Supervisor<C>;
export function supervise<C, In, Out, Options extends MachineOptions>(
  kind: ClientClass<C, In, Out, Options> & { readonly isDefined?: never },
  address: AddressSource,
  options?: SuperviseOptions<C> & OwnOptions<Options>,
): Supervisor<C>;
export function supervise<In, Out = In>(
  kind: ProtocolSource<In, Out>,
  address: AddressSource,
  options?: SuperviseOptions<AsyncProtocol<In, Out>>,
): Supervisor<AsyncProtocol<In, Out>>;
export function supervise<C, In, Out>(
  kind:
    | (ClientConstructor<C> & DefinedClient<In, Out>)
    | ClientClass<C, In, Out>
    | ProtocolSource<In, Out>,
  address: AddressSource,
  options: SuperviseOptions<C & AsyncProtocol<In, Out>> = {},
): Supervisor<unknown> {
  checkSupervised('supervise()', kind, options);
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
  const { machine, clientOf } = createSupervisorParts(kind, options);
  // Inspectors see the input.
  const input = { address: typeof address === 'function' ? address : sealAddress(address) };
  const ref = createActor(machine, { input, ...rootOptions(options, logger) });
  attachInspectors(ref, options);
  const { connection } = ref.getSnapshot().children;
  if (connection === undefined) throw new ClosedError('The supervisor has no connection');
  const { status, error } = connection.getSnapshot();
  if (status === 'error') throw handlerError('definition', error);
  const client = clientOf(connection);
  if (typeof client === 'object' && client !== null) notEmbedded(client);
  return new Supervisor(client, ref, { name: options.name, logger });
}
