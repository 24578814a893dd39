/** What can go wrong in QMP, beyond what can go wrong in any protocol. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { TimeoutError, WirechartError } from '../core/errors.ts';
import type { ErrorReply } from './types.ts';

/** The server did what was asked, and says that it failed. The session goes on. */
export class ExecuteError extends WirechartError {
  readonly code = 'ERR_QMP_EXECUTE';
  /** The wire's `class`: `GenericError`, `CommandNotFound`, `DeviceNotFound`, … */
  readonly errorClass: string;
  /** The wire's `desc`: text for a person, not for parsing. */
  readonly description: string;
  /** The command's name. */
  readonly command: string;

  constructor(command: string, { error }: ErrorReply) {
    super(error.desc);
    this.command = command;
    this.errorClass = error.class;
    this.description = error.desc;
  }
}

/**
 * The session ended before the reply came; whether the command was executed is not known. `cause`
 * is why the session ended.
 */
export class ExecInterruptedError extends WirechartError {
  readonly code = 'ERR_QMP_INTERRUPTED';

  constructor(name: string, cause: WirechartError) {
    super(`The session ended before the reply to ${name}: ${cause.message}`, { cause });
  }
}

/** The peer's first message is not a QMP greeting (qmp-spec, "Server Greeting"). */
export class GreetingError extends WirechartError {
  readonly code = 'ERR_QMP_GREETING';
  /** What came instead. */
  readonly received: JsonObject;

  constructor(problem: string, received: JsonObject) {
    super(`The peer's greeting is not one of QMP: ${problem}`);
    this.received = received;
  }
}

/** The server refused the capabilities (qmp-spec, "Capabilities Negotiation"). */
export class NegotiationError extends WirechartError {
  readonly code = 'ERR_QMP_NEGOTIATION';
  /** The wire's `class`; `undefined` where the reply had none. */
  readonly errorClass: string | undefined;
  /** The wire's `desc`; `undefined` where the reply had none. */
  readonly description: string | undefined;

  constructor(problem: string, error?: ErrorReply['error']) {
    super(`The negotiation of capabilities failed: ${problem}`);
    this.errorClass = error?.class;
    this.description = error?.desc;
  }
}

/** A reply that is neither a success nor an error. Concerns its command only. */
export class BadReplyError extends WirechartError {
  readonly code = 'ERR_QMP_BAD_REPLY';
  /** What came. */
  readonly received: JsonObject;

  constructor(name: string, received: JsonObject) {
    super(`The reply to ${name} has neither a return value nor a well-formed error`);
    this.received = received;
  }
}

/**
 * The server reports an error without an id: it could not parse what it was sent, and nobody knows
 * which command it means. Ends the session.
 */
export class ServerParseError extends WirechartError {
  readonly code = 'ERR_QMP_SERVER_PARSE';
  /** The wire's `error` member. */
  readonly error: JsonValue;

  constructor(error: JsonValue, description: string) {
    super(`The server could not parse its input: ${description}`);
    this.error = error;
  }
}

/**
 * The handshake's deadline passed without a greeting. A QMP monitor serves one client at a time and
 * leaves the next one connected but unanswered, so most often another client holds it.
 */
export class BusyMonitorError extends TimeoutError {
  override readonly code = 'ERR_QMP_BUSY';

  constructor(ms: number) {
    super(
      'handshake',
      ms,
      `No greeting within ${String(ms)} ms: another client may hold this monitor, or the peer does ` +
        'not speak QMP',
    );
  }
}
