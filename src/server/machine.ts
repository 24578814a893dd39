/** Where the server's chart and its socket meet: the one module that knows both. */

import { type ActorRefFrom, createActor } from 'xstate';
import { parseAddress } from '../io/address.ts';
import { serve } from '../io/serve.ts';
import { prefixedLogger } from '../core/log.ts';
import { loggerOf, type ProtocolOptions, rootOptions, watch } from '../protocol/machine.ts';
import { serverChart } from '../machines/server.ts';
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

/** A machine of its own, started, in IDLE. */
export function startServer(
  port: ServerPort,
  options: ProtocolOptions,
  logger: Logger | undefined,
): ServerRef {
  const ref = createActor(serverChart, { input: port, ...rootOptions(options, logger) });
  watch(ref, options);
  return ref.start();
}

/** Where somebody's records go; each says whose it is, where they have a name. */
export function loggerFor(
  name: string | undefined,
  logger: Logger | undefined,
): Logger | undefined {
  return loggerOf({
    name,
    logger: logger && name !== undefined ? prefixedLogger(logger, name) : logger,
  });
}
