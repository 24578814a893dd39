/** What the option `logger` accepts, and the records that it gets. */

import type { WirechartError } from './errors.ts';
import type { Runstate } from './runstate.ts';

/** How important a record is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Where log records go as texts; `console`, pino and most other loggers have this shape. Each text begins
 * with the name of its connection, server or supervisor, if that has one: `vm1: RUNNING (session 1)`.
 * Secrets in messages are hidden. What a logger throws, or rejects with, is ignored.
 */
export interface Logger {
  /** Every message, and every step of the lifecycle. */
  debug(text: string): unknown;
  /** Ends that are not failures, such as the peer's end of stream. */
  info(text: string): unknown;
  /** Failures, and messages or peers that were dropped. */
  warn(text: string): unknown;
  /** Not used by the library itself. */
  error(text: string): unknown;
}

/** What is known of a record beside its text. */
export interface LogFields {
  /** The name of the connection, server or supervisor that the record is of. */
  readonly name?: string | undefined;
  /** The number of the session, from 1; 0 before the first. */
  readonly session?: number | undefined;
  /** The state of the connection. */
  readonly runstate?: Runstate | undefined;
  /** The state of the server or of the supervisor. */
  readonly state?: string | undefined;
  /** Whether the record shows a message, and its direction. */
  readonly message?: 'inbound' | 'outbound' | undefined;
  /** The failure, or the reason of an end, that the record is about. */
  readonly error?: WirechartError | undefined;
}

/** A record as a `LogFunction` gets it. */
export interface LogRecord extends LogFields {
  /** How important it is. */
  readonly level: LogLevel;
  /** What has happened, without the name. */
  readonly text: string;
}

/**
 * Gets each record as an object, for loggers with fields. What it throws, or rejects with, is ignored.
 *
 * @example
 * import pino from 'pino';
 *
 * const log = pino();
 * const logger: LogFunction = ({ level, text, error, ...fields }) =>
 *   log[level]({ ...fields, err: error }, text);
 */
export type LogFunction = (record: LogRecord) => unknown;
