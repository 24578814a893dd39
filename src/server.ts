/** Where the server's chart and its socket meet: the one module that knows both. */

import { type ActorRefFrom, createActor } from 'xstate';
import { parseAddress } from './io/address.ts';
import { serve } from './io/serve.ts';
import { prefixed } from './log.ts';
import { loggerOf, type ProtocolOptions, rootOptions, watch } from './machine.ts';
import { serverChart } from './machines/server.ts';
import type { Reception, Service } from './reception.ts';
import type { Address, Logger } from './types.ts';

export type { ServerEmitted } from './machines/server-vocabulary.ts';

/** Rejects as `serve()` does, and where `address` is not one. */
export async function serveAt(address: Address, onError: (error: Error) => void): Promise<Service> {
  return serve(parseAddress(address), onError);
}

/** A running actor of the server's machine. */
export type ServerRef = ActorRefFrom<typeof serverChart>;

/** A machine of its own, started, in IDLE. */
export function startServer(
  reception: Reception,
  options: ProtocolOptions,
  logger: Logger | undefined,
): ServerRef {
  const ref = createActor(serverChart, { input: reception, ...rootOptions(options, logger) });
  watch(ref, options);
  return ref.start();
}

/** Where somebody's records go; each says whose it is, where they have a name. */
export function loggerFor(
  name: string | undefined,
  logger: Logger | undefined,
): Logger | undefined {
  return loggerOf({ name, logger: logger && name !== undefined ? prefixed(logger, name) : logger });
}
