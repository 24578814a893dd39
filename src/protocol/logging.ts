/** Where the records of a connection, a server or a supervisor go. */

import { debuglog } from 'node:util';
import { describe } from '../core/errors.ts';
import { Log, logReport } from '../core/log.ts';
import type { LogFields, LogFunction, Logger, ProtocolDefinition } from '../core/types.ts';
import { textOfMessage } from '../inspect/message-text.ts';
import type { Tap } from '../machines/link.ts';
import type { ProtocolEmitted } from '../machines/protocol-types.ts';

/** The options that say where records go. */
export interface LoggingOptions {
  readonly name?: string | undefined;
  readonly logger?: Logger | LogFunction | undefined;
}

/**
 * Returns a logger that never throws and adds the name; without an option `logger`, the one of
 * `NODE_DEBUG`.
 *
 * @param fields - Returns fields that all records have.
 */
export function resolveLogger(
  { name, logger = debugLogger() }: LoggingOptions,
  fields?: () => LogFields | undefined,
): Log | undefined {
  return logger && new Log(logger, name, fields);
}

/** A logger to standard error, if `NODE_DEBUG=wirechart` is set. */
function debugLogger(): Logger | undefined {
  const log = debuglog('wirechart');
  if (!log.enabled) return undefined;
  const record = (text: string) => {
    log('%s', text);
  };
  return { debug: record, info: record, warn: record, error: record };
}

/** Returns a function that logs a warning; `undefined` without a logger. */
export const warnTo = (log: Log | undefined): ((text: string) => void) | undefined =>
  log &&
  ((text) => {
    log.warn(text);
  });

/** Logs what a machine has emitted: the steps of its lifecycle, and messages that were not sent. */
export function logEmitted(emitted: ProtocolEmitted, log: Log): void {
  if (emitted.type === 'sendFailed') {
    log.warn(`SEND failed: ${describe(emitted.error)}`, { error: emitted.error });
  } else if (emitted.type !== 'message') logReport(emitted, log);
}

/** Returns a tap that logs every message, without its secrets. */
export const messageTap =
  <In, Out>(log: Log, definition: ProtocolDefinition<In, Out, unknown>): Tap =>
  (arrow, message) => {
    const direction = arrow === '<--' ? 'inbound' : 'outbound';
    log.debug(`${arrow} ${textOfMessage(message, definition)}`, { message: direction });
  };
