/** The texts of the library's log records, and loggers that prefix records or never throw. */

import { describe, isClosedError, textOf, type WirechartError } from './errors.ts';
import type { Runstate } from './runstate.ts';
import { isBytes } from './shape.ts';
import type { BoundAddress, Logger, SessionOutcome } from './types.ts';

/** The longest text of one message in a record; the rest is cut. */
const MAX_TEXT_CHARACTERS = 2048;

/** Returns one message as the text of a record. */
export function textOfMessage(message: unknown): string {
  const text = fullText(message);
  return text.length <= MAX_TEXT_CHARACTERS
    ? text
    : `${text.slice(0, MAX_TEXT_CHARACTERS)}… (${String(text.length)} characters)`;
}

function fullText(message: unknown): string {
  if (typeof message === 'string') return message;
  if (isBytes(message)) {
    return `${String(message.length)} bytes ${Buffer.from(message.subarray(0, 64)).toString('hex')}`;
  }
  try {
    const text: unknown = JSON.stringify(message, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    return typeof text === 'string' ? text : textOf(message);
  } catch {
    return textOf(message);
  }
}

/** The events that the protocol machine emits about its lifecycle. */
type LifecycleReport =
  | { readonly type: 'runstate'; readonly runstate: Runstate; readonly session: number }
  | { readonly type: 'listening'; readonly address: BoundAddress }
  | { readonly type: 'closed'; readonly outcome: SessionOutcome };

/** Logs one step of the lifecycle; the end of a session only if it has a cause. */
export function logReport(report: LifecycleReport, logger: Logger): void {
  if (report.type === 'runstate') {
    logger.debug(`${report.runstate} (session ${String(report.session)})`);
  } else if (report.type === 'listening') {
    logger.debug(`listening on ${JSON.stringify(report.address)}`);
  } else {
    const { cause } = report.outcome;
    if (cause === undefined) return;
    if (isFailure(cause)) logger.warn(describe(cause));
    else logger.info(cause.message);
  }
}

/** Whether a cause is a failure: the peer's plain end of stream and a requested abort are not. */
export function isFailure(cause: WirechartError): boolean {
  if (cause.code === 'ERR_CONNECT_ABORTED') return false;
  return !isClosedError(cause) || cause.cause !== undefined;
}

/** A logger that prefixes each record with `name`. */
export function prefixedLogger(logger: Logger, name: string): Logger {
  const record = (level: keyof Logger) => (text: string) => {
    logger[level](`${name}: ${text}`);
  };
  return {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  };
}

/** A logger that ignores what `logger` throws, so that a failing logger never harms a session. */
export function safeLogger(logger: Logger): Logger {
  const guarded = (level: keyof Logger) => (text: string) => {
    try {
      logger[level](text);
    } catch {
      // The record is lost.
    }
  };
  return {
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
  };
}
