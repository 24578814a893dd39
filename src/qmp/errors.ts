/** The errors that only QMP has. */

import type { JsonObject, JsonValue } from '../codecs/json.ts';
import { TimeoutError, WirechartError } from '../core/errors.ts';
import { cutText, printable } from '../core/printable.ts';
import { setSaid } from '../core/printed-error.ts';
import type { PeerStanding } from '../core/peer-standing.ts';
import { setUnprinted } from '../core/shape.ts';
import { explainMessage, explainNoGreeting, type Received } from './diagnosis/diagnosis.ts';
import { kept, keptText } from './kept.ts';
import type { ErrorReply } from './types.ts';

export type { Received } from './diagnosis/diagnosis.ts';

/** What a server has said, as a part of a message. */
const shown = (said: string): string => printable(cutText(said));

/** The server replied that the command failed. The session goes on. `message` begins with the command. */
export class ExecuteError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'ExecuteError';

  readonly code = 'ERR_QMP_EXECUTE';
  /** The `class` of the reply: `GenericError`, `CommandNotFound`, `DeviceNotFound`, … */
  declare readonly errorClass: string;
  /**
   * The `desc` of the reply, exactly (of a huge one, the first 16 384 characters): text for a person, not for
   * parsing. In `message` it is cut and escaped.
   */
  declare readonly description: string;
  /** The command's name. */
  readonly command: string;
  /**
   * The command as it was sent, without its id, and with `[redacted]` in place of its secrets; of long arguments the
   * beginning. Printed with the error. Absent from an error that did not come from a command of a client.
   */
  declare readonly request?: JsonObject;

  constructor(command: string, { error }: ErrorReply) {
    super(`${command}: ${shown(error.desc)}`);
    this.command = command;
    setSaid(this, 'errorClass', keptText(error.class));
    setSaid(this, 'description', keptText(error.desc));
  }
}

/**
 * The session ended before the reply arrived, or before the job or the migration that the command started had
 * ended. It is unknown whether the command was executed, or how the job ended. `cause` is the reason why the session
 * ended.
 */
export class ExecInterruptedError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'ExecInterruptedError';

  readonly code = 'ERR_QMP_INTERRUPTED';
  /** The command's name. */
  readonly command: string;
  /** As `ExecuteError.request`. */
  declare readonly request?: JsonObject;
  /** `false` when the command still waited to be sent (`limits.maxInFlight`): it was certainly not executed. */
  readonly sent: boolean;

  /** @param message - Default: says that the reply has not arrived. */
  constructor(command: string, cause: WirechartError, message?: string, sent = true) {
    super(message ?? `The session ended before the reply to ${command}: ${cause.message}`, {
      cause,
    });
    this.command = command;
    this.sent = sent;
  }

  /** @internal The session ended while the command waited to be sent. */
  static ofWaiting(command: string, cause: WirechartError): ExecInterruptedError {
    const text = `${command} was not sent: the session ended first: ${cause.message}`;
    return new ExecInterruptedError(command, cause, text, false);
  }
}

/** The peer's first message is not a greeting (qmp-spec, "Server Greeting"). */
export class GreetingError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'GreetingError';

  readonly code = 'ERR_QMP_GREETING';
  /** The message that arrived instead (of a huge one, the beginning). Not printed with the error: it may hold secrets. */
  declare readonly received: JsonObject;

  constructor(problem: string, received: JsonObject) {
    const explained = 'QMP' in received ? '' : `. ${explainMessage(received)}`;
    super(`The peer's first message is not a QMP greeting: ${problem}${explained}`);
    setUnprinted(this, 'received', kept(received));
  }
}

/** The command `qmp_capabilities` failed (qmp-spec, "Capabilities Negotiation"). */
export class NegotiationError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'NegotiationError';

  readonly code = 'ERR_QMP_NEGOTIATION';
  /** The `class` of the reply; `undefined` when the reply is malformed. */
  declare readonly errorClass: string | undefined;
  /** The `desc` of the reply; `undefined` when the reply is malformed. */
  declare readonly description: string | undefined;

  constructor(problem: string, error?: ErrorReply['error']) {
    super(`The command qmp_capabilities failed: ${shown(problem)}`);
    setSaid(this, 'errorClass', error && keptText(error.class));
    setSaid(this, 'description', error && keptText(error.desc));
  }
}

/** The reply is neither a success nor an error. Only its command rejects; the session goes on. */
export class BadReplyError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'BadReplyError';

  readonly code = 'ERR_QMP_BAD_REPLY';
  /** The command's name. */
  readonly command: string;
  /** The reply (of a huge one, the beginning). Not printed with the error: it may hold secrets. */
  declare readonly received: JsonObject;
  /** As `ExecuteError.request`. */
  declare readonly request?: JsonObject;

  constructor(command: string, received: JsonObject) {
    super(`The reply to ${command} has neither a member "return" nor a well-formed "error"`);
    this.command = command;
    setUnprinted(this, 'received', kept(received));
  }
}

/**
 * The server sent an error without an id: it could not parse its input. If a command is in flight, the one that was
 * sent first rejects with it, and the session goes on: servers report such an error in the order of the commands. If
 * none is, it ends the session.
 */
export class ServerParseError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'ServerParseError';

  readonly code = 'ERR_QMP_SERVER_PARSE';
  /** The member `error` of the reply; of a huge one, the beginning. */
  declare readonly error: JsonValue;
  /** The name of the command that it rejects; `undefined` when it ends the session. */
  readonly command: string | undefined;
  /** As `ExecuteError.request`. */
  declare readonly request?: JsonObject;

  constructor(error: JsonValue, description: string, command?: string) {
    super(`The server could not parse ${command ?? 'its input'}: ${shown(description)}`);
    setSaid(this, 'error', kept(error));
    this.command = command;
  }
}

/**
 * The handshake deadline passed without a greeting; `message` says why, or lists the possible reasons. Most often
 * another client holds the monitor: a QMP monitor serves one client at a time, and leaves the next one
 * connected but without a greeting. For a UNIX socket on Linux it is known whether the program at its other end
 * has accepted the connection.
 */
export class BusyMonitorError extends TimeoutError {
  /** @internal */
  static override readonly name: string = 'BusyMonitorError';

  override readonly code = 'ERR_QMP_BUSY';

  /**
   * @param ms - The deadline.
   * @param received - What arrived in that time.
   * @param standing - What is known of the peer.
   */
  constructor(ms: number, received: Received, standing?: PeerStanding) {
    const reasons = explainNoGreeting(received, standing);
    super('handshake', ms, `No greeting within ${String(ms)} ms: ${reasons}`);
  }
}
