/** Creates the peers of a server from its definition and its options. */

import { BOUND_NAMES, DEADLINE_NAMES } from '../core/limits.ts';
import type { Log } from '../core/log.ts';
import { pickOptions } from '../core/options.ts';
import type { Remote } from '../core/remote.ts';
import type { ProtocolDefinition } from '../core/types.ts';
import { AsyncProtocol } from '../protocol/async-protocol.ts';
import {
  type ClientConstructor,
  createClientOn,
  type DefinedClient,
} from '../protocol/define-client.ts';
import { startEngine } from '../protocol/machine.ts';
import { resolveLogger, warnTo } from '../protocol/logging.ts';
import { peerActors, serveAddress } from './machine.ts';
import {
  type ProtocolServerOptions,
  resolveServerDeadlines,
  resolveServerLimits,
} from './options.ts';
import { Peers } from './peers.ts';

/**
 * Returns the definition of one peer. If it throws, the peer fails.
 *
 * @param peerNumber - Counts the admitted peers of the server, from 1.
 * @param peer - Returns the peer's `AsyncProtocol`, so that the definition's callbacks can use it. Throws a
 *   `StateError` while the definition is being made.
 * @param remote - Who the peer is: its address and, with TLS, its certificate.
 */
export type PeerDefinition<In, Out = In> = (
  peerNumber: number,
  peer: () => AsyncProtocol<In, Out>,
  remote: Remote,
) => ProtocolDefinition<In, Out, unknown>;

/** What a server makes its peers from. */
export type PeerSource<In, Out> =
  | ProtocolDefinition<In, Out, unknown>
  | PeerDefinition<In, Out>
  | (ClientConstructor<unknown> & DefinedClient<In, Out>);

const isClientClass = <In, Out>(
  definition: PeerDefinition<In, Out> | (ClientConstructor<unknown> & DefinedClient<In, Out>),
): definition is ClientConstructor<unknown> & DefinedClient<In, Out> =>
  'createMachine' in definition;

/** The options of a server that its peers have, too. */
function peerOptions(options: ProtocolServerOptions): ProtocolServerOptions {
  const { limits = {}, timeouts = {} } = options;
  return {
    ...options,
    limits: pickOptions(limits, BOUND_NAMES),
    timeouts: pickOptions(timeouts, DEADLINE_NAMES),
  };
}

/**
 * Creates the peers of a server, of which there are none yet.
 *
 * @throws {ArgumentError} When a deadline or a bound is invalid.
 */
export function createPeers<In, Out>(
  definition: PeerSource<In, Out>,
  options: ProtocolServerOptions,
  logger: Log | undefined,
): Peers<In, Out> {
  const { onPeer, onPeerError, ...ofPeers } = options;
  const shared = peerOptions(ofPeers);
  const pull = onPeer !== undefined;
  const nameOf = (number: number): string => `${options.name ?? ''}#${String(number)}`;
  const loggerOf = (number: number) => resolveLogger({ ...options, name: nameOf(number) });
  return new Peers<In, Out>({
    serve: (address, onError) => serveAddress(address, onError, warnTo(logger)),
    createProtocol: ({ number, name, remote }, peer, share) => {
      const named = { ...shared, name };
      const create = (made: ProtocolDefinition<In, Out, unknown>): AsyncProtocol<In, Out> =>
        new AsyncProtocol<In, Out>(made, named, startEngine(made, named, { share, pull }));
      if (typeof definition !== 'function') return create(definition);
      return isClientClass(definition)
        ? createClientOn(definition, named, create)
        : create(definition(number, peer, remote));
    },
    nameOf,
    deadlines: resolveServerDeadlines(options.timeouts),
    bounds: resolveServerLimits(options.limits),
    createActor: peerActors(options, logger),
    onPeer,
    onPeerError,
    logger,
    loggerOf,
  });
}
