/** Joins the charts of a server and of its peers with their sockets and ports. */

import { type ActorRefFrom, createActor } from 'xstate';
import { parseAddress } from '../io/address.ts';
import { serve } from '../io/serve.ts';
import { prefixedLogger } from '../core/log.ts';
import {
  attachInspectors,
  type ProtocolOptions,
  resolveLogger,
  rootOptions,
} from '../protocol/machine.ts';
import { serverChart } from '../machines/server.ts';
import type { PeerPort } from '../machines/peer-port.ts';
import { peerSessionChart } from '../machines/peer-session.ts';
import type { ServerPort, Listener } from '../machines/server-port.ts';
import type { Address, Logger } from '../core/types.ts';

/** Calls `serve()` with a parsed address. Rejects with its errors, or because the address is invalid. */
export async function serveAddress(
  address: Address,
  onError: (error: Error) => void,
): Promise<Listener> {
  return serve(parseAddress(address), onError);
}

/** A running actor of the server's chart. */
export type ServerRef = ActorRefFrom<typeof serverChart>;

/** Starts an actor of the server's chart, which is in IDLE. */
export function startServer(
  port: ServerPort,
  options: ProtocolOptions,
  logger: Logger | undefined,
): ServerRef {
  const ref = createActor(serverChart, { input: port, ...rootOptions(options, logger) });
  attachInspectors(ref, options);
  return ref.start();
}

/** Returns a function that creates actors of a peer's chart, named by number, without starting them. */
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
    attachInspectors(ref, options);
    return ref;
  };
}

/** Returns a logger that never throws, and prefixes each record with `name`, if there is one. */
export function namedLogger(
  name: string | undefined,
  logger: Logger | undefined,
): Logger | undefined {
  return resolveLogger({
    name,
    logger: logger && name !== undefined ? prefixedLogger(logger, name) : logger,
  });
}
