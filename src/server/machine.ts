/** Joins the charts of a server and of its peers with their sockets and ports. */

import { type ActorRefFrom, createActor } from 'xstate';
import { parseListenAddress } from '../io/listen-target.ts';
import { serve } from '../io/serve.ts';
import type { Log } from '../core/log.ts';
import { attachInspectors, type ProtocolOptions, rootOptions } from '../protocol/machine.ts';
import { serverChart } from '../machines/server.ts';
import type { PeerPort } from '../machines/peer-port.ts';
import { peerSessionChart } from '../machines/peer-session.ts';
import type { ServerPort, Listener } from '../machines/server-port.ts';
import type { ListenAddress } from '../core/types.ts';

export { adoptStream } from '../io/pending-stream.ts';

/** Calls `serve()` with a parsed address. Rejects with its errors, or because the address is invalid. */
export async function serveAddress(
  address: ListenAddress,
  onError: (error: Error) => void,
  warn?: (text: string) => void,
): Promise<Listener> {
  return serve(parseListenAddress(address), onError, warn);
}

/** A running actor of the server's chart. */
export type ServerRef = ActorRefFrom<typeof serverChart>;

/** Starts an actor of the server's chart, which is in IDLE. */
export function startServer(
  port: ServerPort,
  options: ProtocolOptions,
  logger: Log | undefined,
): ServerRef {
  const ref = createActor(serverChart, { input: port, ...rootOptions(options, logger) });
  attachInspectors(ref, options);
  return ref.start();
}

/** Returns a function that creates actors of a peer's chart, named by number, without starting them. */
export function peerActors(
  options: ProtocolOptions,
  logger: Log | undefined,
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
