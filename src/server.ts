/** Where the server's chart and its socket meet: the one module that knows both. */

import { debuglog } from 'node:util';
import { type ActorRefFrom, createActor, type InspectionEvent } from 'xstate';
import { describe } from './errors.ts';
import { ambientInspects } from './inspect/ambient.ts';
import type { Inspect } from './inspect/feed.ts';
import { parseAddress } from './io/address.ts';
import { serve } from './io/serve.ts';
import { harmless, prefixed } from './log.ts';
import type { InspectionListener, ProtocolOptions } from './machine.ts';
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
  { inspect, clock, name }: ProtocolOptions,
  logger: Logger | undefined,
): ServerRef {
  const attached = isAttachable(inspect) ? inspect : undefined;
  const called = attached === undefined ? inspect : undefined;
  const ref = createActor(serverChart, {
    input: reception,
    ...(name !== undefined && { id: name }),
    ...(called && { inspect: isolated(called, logger) }),
    ...(clock && { clock }),
  });
  attached?.attach(ref);
  for (const { attach } of ambientInspects()) attach(ref);
  return ref.start();
}

/** Whether it can watch an actor without being called for each of its events. */
const isAttachable = (inspect: InspectionListener | undefined): inspect is Inspect =>
  inspect !== undefined && 'attach' in inspect && typeof inspect.attach === 'function';

/** An inspector that throws would break the machine that it watches. */
const isolated =
  (inspect: InspectionListener, logger: Logger | undefined) =>
  (event: InspectionEvent): void => {
    try {
      if (typeof inspect === 'function') inspect(event);
      else inspect.next?.(event);
    } catch (error) {
      logger?.warn(`The callback inspect threw: ${describe(error)}`);
    }
  };

/** Where somebody's records go: to the user's logger, or where `NODE_DEBUG=wirechart` shows them. */
export function loggerFor(
  name: string | undefined,
  logger: Logger | undefined,
): Logger | undefined {
  const records = logger === undefined ? debugLogger() : harmless(logger);
  return records && name !== undefined ? prefixed(records, name) : records;
}

function debugLogger(): Logger | undefined {
  const log = debuglog('wirechart');
  if (!log.enabled) return undefined;
  const record = (text: string) => {
    log('%s', text);
  };
  return { debug: record, info: record, warn: record, error: record };
}
