/** What happens when a listener of `on()` or `once()` fails: it is reported, and the session goes on. */

import { describe, isWirechartError } from '../../core/errors.ts';
import { cutText, printable, printableLines } from '../../core/printable.ts';
import { redactText } from '../../core/secrets.ts';
import { memberOf } from '../../core/shape.ts';
import type { Logger } from '../../core/types.ts';
import type { QmpEvent } from '../types.ts';

/**
 * Called with what a listener threw, or with what its promise rejected with, and with the event. What it
 * throws itself is only logged.
 */
export type ListenerErrorHandler = (error: unknown, event: QmpEvent) => void;

/** Where the failures of one client are reported. */
export interface FailureSinks {
  readonly onListenerError?: ListenerErrorHandler | undefined;
  readonly logger?: Logger | undefined;
  /** The client, as `toString()` names it. */
  readonly describe: () => string;
}

/** How much of the name of an event is shown, in characters. */
const MAX_NAME = 256;

/** Codes of errors that a listener gets because its session has ended while it was at work. */
const ENDED: ReadonlySet<string> = new Set(['ERR_STATE', 'ERR_QMP_INTERRUPTED', 'ERR_CLOSED']);

/** Reports failures to the option `onListenerError`, else to the logger, else once as a process warning. */
export class ListenerFailures {
  readonly #sinks: FailureSinks;
  #handler: ListenerErrorHandler | undefined;
  #hasWarned = false;

  constructor(sinks: FailureSinks) {
    this.#sinks = sinks;
    this.#handler = sinks.onListenerError;
  }

  /** Reports to another handler from now on, if one is given. */
  useHandler(handler: ListenerErrorHandler | undefined): void {
    this.#handler = handler ?? this.#handler;
  }

  /** Never throws. */
  readonly report = (error: unknown, event: QmpEvent): void => {
    const handler = this.#handler;
    if (handler === undefined) {
      this.#warn(error, event);
      return;
    }
    try {
      handler(error, event);
    } catch (failure) {
      this.#sinks.logger?.warn(`The option onListenerError threw: ${describe(failure)}`);
      this.#warn(error, event);
    }
  };

  #warn(error: unknown, { event }: QmpEvent): void {
    const { logger } = this.#sinks;
    const name = printable(cutText(event, MAX_NAME));
    const text = `A listener of the event ${name} failed: ${describe(error)}`;
    if (logger !== undefined) logger.warn(`${text}. The session goes on`);
    else if (!this.#hasWarned && !isOfEnd(error)) this.#emitWarning(text, error);
  }

  #emitWarning(text: string, error: unknown): void {
    this.#hasWarned = true;
    const advice = 'The session goes on. Handle such failures with the option onListenerError';
    const stack = stackOf(error);
    const warning = `${text}. ${advice} (client: ${this.#sinks.describe()}).`;
    process.emitWarning(redactText(warning), {
      type: 'WirechartWarning',
      code: 'WIRECHART_LISTENER',
      ...(stack !== undefined && { detail: redactText(stack) }),
    });
  }
}

/** The stack of an error, printable; the lines of a message that quotes a peer do not look like lines of a log. */
function stackOf(error: unknown): string | undefined {
  const stack = memberOf(error, 'stack');
  const message = memberOf(error, 'message');
  if (typeof stack !== 'string') return undefined;
  const shown =
    typeof message === 'string' ? stack.replace(message, () => printable(message)) : stack;
  return printableLines(cutText(shown));
}

/** A listener that executes commands is often interrupted by a `disconnect()`: nothing to warn of. */
const isOfEnd = (error: unknown): boolean => isWirechartError(error) && ENDED.has(error.code);
