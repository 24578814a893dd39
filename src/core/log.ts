/** Log records: their texts and fields, and the logger that every part of the library writes to. */

import { describe, isClosedError, type WirechartError } from './errors.ts';
import type { Runstate } from './runstate.ts';
import { cutText, printable } from './printable.ts';
import { redactText } from './secrets.ts';
import { isThenable } from './shape.ts';
import type {
  BoundAddress,
  LogFields,
  LogFunction,
  Logger,
  LogLevel,
  SessionOutcome,
} from './types.ts';

/**
 * Writes to a user's logger: adds the owner's name and fields, hides secrets in texts, makes each text one
 * printable line of bounded length, and ignores what the logger throws, or rejects with, so that a failing
 * logger never harms a session.
 */
export class Log implements Logger {
  readonly #target: Logger | LogFunction;
  readonly #name: string | undefined;
  readonly #fields: (() => LogFields | undefined) | undefined;

  /**
   * @param name - The owner's name: the field `name`, and the prefix of texts for a logger without fields.
   * @param fields - Returns fields that all records have; called for a logger with fields only.
   */
  constructor(
    target: Logger | LogFunction,
    name: string | undefined,
    fields?: () => LogFields | undefined,
  ) {
    this.#target = #target in target ? target.#target : target;
    this.#name = name;
    this.#fields = fields;
  }

  debug(text: string, fields?: LogFields): void {
    this.#record('debug', cutText(text), fields);
  }

  info(text: string, fields?: LogFields): void {
    this.#record('info', redactText(cutText(text)), fields);
  }

  warn(text: string, fields?: LogFields): void {
    this.#record('warn', redactText(cutText(text)), fields);
  }

  error(text: string, fields?: LogFields): void {
    this.#record('error', redactText(cutText(text)), fields);
  }

  #record(level: LogLevel, unsafe: string, fields: LogFields | undefined): void {
    const text = printable(unsafe);
    try {
      const written = hasLevels(this.#target)
        ? this.#target[level](this.#prefixed(text))
        : this.#target({ level, text, ...this.#nameField(), ...this.#fields?.(), ...fields });
      if (isThenable(written)) written.then(undefined, ignore);
    } catch {
      // The record is lost.
    }
  }

  #prefixed(text: string): string {
    return this.#name === undefined ? text : `${printable(this.#name)}: ${text}`;
  }

  #nameField(): { readonly name?: string } {
    return this.#name === undefined ? {} : { name: this.#name };
  }
}

const ignore = () => undefined;

/** Some loggers are functions that also have the levels as methods. */
const hasLevels = (target: Logger | LogFunction): target is Logger =>
  typeof target !== 'function' || ('debug' in target && 'warn' in target);

/** The events that the protocol machine emits about its lifecycle. */
type LifecycleReport =
  | { readonly type: 'runstate'; readonly runstate: Runstate; readonly session: number }
  | { readonly type: 'listening'; readonly address: BoundAddress }
  | { readonly type: 'closed'; readonly outcome: SessionOutcome };

/** Logs one step of the lifecycle; the end of a session only if it has a cause. */
export function logReport(report: LifecycleReport, log: Log): void {
  if (report.type === 'runstate') {
    log.debug(`${report.runstate} (session ${String(report.session)})`);
  } else if (report.type === 'listening') {
    log.debug(`listening on ${JSON.stringify(report.address)}`);
  } else {
    const { cause } = report.outcome;
    if (cause === undefined) return;
    if (isFailure(cause)) log.warn(describe(cause), { error: cause });
    else log.info(cause.message, { error: cause });
  }
}

/** Whether a cause is a failure: the peer's plain end of stream and a requested abort are not. */
export function isFailure(cause: WirechartError): boolean {
  if (cause.code === 'ERR_CONNECT_ABORTED') return false;
  return !isClosedError(cause) || cause.cause !== undefined;
}
