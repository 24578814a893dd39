/** Joins the charts of a server and of its peers with their sockets and ports. */

import { type ActorRefFrom, createActor } from 'xstate';
import { parseAddress } from '../io/address.ts';
import { serve } from '../io/serve.ts';
import { prefixedLogger } from '../core/log.ts';
import { loggerOf, type ProtocolOptions, rootOptions, watch } from '../protocol/machine.ts';
import { serverChart } from '../machines/server.ts';
import type { PeerPort } from '../machines/peer-port.ts';
import { peerSessionChart } from '../machines/peer-session.ts';
import type { ServerPort, Listener } from '../machines/server-port.ts';
import type { Address, Logger } from '../core/types.ts';

/** Rejects as `serve()` does, and where `address` is not one. */
export async function serveAt(
  address: Address,
  onError: (error: Error) => void,
): Promise<Listener> {
  return serve(parseAddress(address), onError);
}

/** A running actor of the server's machine. */
export type ServerRef = ActorRefFrom<typeof serverChart>;

/** Starts an actor of the server's machine; it is IDLE. */
export function startServer(
  port: ServerPort,
  options: ProtocolOptions,
  logger: Logger | undefined,
): ServerRef {
  const ref = createActor(serverChart, { input: port, ...rootOptions(options, logger) });
  watch(ref, options);
  return ref.start();
}

/** Makes actors of the chart of a peer's session, not started, with names in the order of arrival. */
export function peerActors(
  options: ProtocolOptions,
  logger: Logger | undefined,
): (port: PeerPort) => ActorRefFrom<typeof peerSessionChart> {
  const prefix = options.name === undefined ? '' : `${options.name} `;
  let arrivals = 0;
  return (port) => {
    arrivals += 1;
    const named = { ...options, name: `${prefix}connection ${String(arrivals)}` };
    const ref = createActor(peerSessionChart, { input: port, ...rootOptions(named, logger) });
    watch(ref, options);
    return ref;
  };
}

/** A logger that prefixes each record with the name of its owner, if it has one. */
export function loggerFor(
  name: string | undefined,
  logger: Logger | undefined,
): Logger | undefined {
  return loggerOf({
    name,
    logger: logger && name !== undefined ? prefixedLogger(logger, name) : logger,
  });
}
