/**
 * Every error that the library rejects or throws with.
 *
 * One root, `WirechartError`, with a `code`. An error of the operating system, or one that a
 * user's callback threw, is the `cause` of one of these and never reaches a caller bare. The one
 * exception: a call that was given an `AbortSignal` rejects with `signal.reason` itself.
 *
 * Each class sets its `name` literally: bundlers rename classes, and the name is shown in messages.
 */

import { describe } from './describe.ts';
import { cutText, MAX_KEPT_CHARACTERS, printable } from './printable.ts';
import { safeCause, withSafeCause } from './printed-error.ts';
import { isAttemptRetryable } from './retryable.ts';
import type { Runstate } from './runstate.ts';
import type { ServerState } from './server-state.ts';
import { memberOf, setUnprinted } from './shape.ts';
import { isWirechartError, WirechartError } from './wirechart-error.ts';

export { describe, textOf } from './describe.ts';
export { ProcessError, type ProcessExit } from './process-error.ts';
export { isWirechartError, type JudgedError, WirechartError } from './wirechart-error.ts';

/** Where an attempt to connect failed: before the stream was open, or in the handshake on it. */
export type ConnectPhase = 'connection' | 'session';

/** What the deadline was for. `execute`, `wait`, `job` and `migration` are deadlines that a caller set on one call. */
export type TimeoutPhase =
  | 'connect'
  | 'accept'
  | 'handshake'
  | 'drain'
  | 'flush'
  | 'close'
  | 'idle'
  | 'firstMessage'
  | 'shutdown'
  | 'execute'
  | 'wait'
  | 'probe'
  | 'job'
  | 'migration';

/** The codes of this library's own errors. The errors of a protocol's author have others. */
export type ErrorCode =
  | 'ERR_STATE'
  | 'ERR_CONNECT'
  | 'ERR_CONNECT_ABORTED'
  | 'ERR_ARGUMENT'
  | 'ERR_TIMEOUT'
  | 'ERR_CLOSED'
  | 'ERR_CODEC'
  | 'ERR_LIMIT'
  | 'ERR_HANDLER'
  | 'ERR_REFUSED'
  | 'ERR_PROCESS'
  | 'ERR_DESCRIPTOR'
  | 'ERR_QMP_GREETING'
  | 'ERR_QMP_NEGOTIATION'
  | 'ERR_QMP_EXECUTE'
  | 'ERR_QMP_INTERRUPTED'
  | 'ERR_QMP_BAD_REPLY'
  | 'ERR_QMP_JOB'
  | 'ERR_QMP_MIGRATION'
  | 'ERR_QMP_SERVER_PARSE'
  | 'ERR_QMP_BUSY'
  | 'ERR_QMP_HEARTBEAT';

/** A method was called in a state that does not allow it. Nothing has changed. */
export class StateError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'StateError';

  readonly code = 'ERR_STATE';
  /** The state at the time of the call: of a connection, or of a server. */
  readonly state: Runstate | ServerState;
  /** The state in which the call is allowed. */
  readonly required: Runstate | ServerState;

  constructor(message: string, state: StateError['state'], required: StateError['required']) {
    super(message);
    this.state = state;
    this.required = required;
  }
}

/**
 * `connect()`, `listen()` or `accept()` failed: there is no session, the machine is `IDLE` again, and
 * `cause` says why. The code is `ERR_CONNECT_ABORTED` when `disconnect()`, `close()` or an
 * `AbortSignal` ended the attempt, else `ERR_CONNECT`.
 */
export class ConnectError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'ConnectError';

  readonly code: 'ERR_CONNECT' | 'ERR_CONNECT_ABORTED';
  /** `connection`: dialing, binding, accepting. `session`: the handshake on the open stream. */
  readonly phase: ConnectPhase;
  /**
   * Whether the same attempt may succeed later: `true`, unless it is known that it would fail in the same
   * way (a wrong greeting, certificate or address, a callback that threw), or you have ended the attempt.
   */
  override readonly retryable: boolean;
  /**
   * What to do when no stream was opened, in one sentence, if the protocol knows that: a QMP client does for the
   * usual system errors. (What it knows of a peer on an open stream is in `message`.) Absent otherwise.
   */
  declare readonly advice?: string;

  /** @param known - What has happened, in place of the text of `cause`, and the `advice`. */
  constructor(
    phase: ConnectPhase,
    cause: unknown,
    code: ConnectError['code'] = 'ERR_CONNECT',
    known: { readonly problem?: string; readonly advice?: string } = {},
  ) {
    const { problem, advice } = known;
    const why =
      code === 'ERR_CONNECT_ABORTED'
        ? 'the attempt was ended by disconnect(), close() or an AbortSignal'
        : (problem ?? describe(cause));
    super(`Failed to establish ${phase}: ${why}`, { cause: safeCause(cause) });
    this.code = code;
    this.phase = phase;
    if (advice !== undefined) this.advice = advice;
    this.retryable = code === 'ERR_CONNECT' && isAttemptRetryable(cause);
  }
}

/** An address, an option or a stream cannot be used; `message` says which and why. */
export class ArgumentError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'ArgumentError';

  readonly code = 'ERR_ARGUMENT';

  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
  }
}

/** A deadline passed. */
export class TimeoutError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'TimeoutError';

  readonly code: 'ERR_TIMEOUT' | 'ERR_QMP_BUSY' = 'ERR_TIMEOUT';
  /** What the deadline was for. */
  readonly phase: TimeoutPhase;
  /** The deadline, in milliseconds. */
  readonly ms: number;
  /** Of a command of QMP: as `ExecuteError.request`. Absent otherwise. */
  declare readonly request?: object;

  constructor(phase: TimeoutPhase, ms: number, message?: string, options?: ErrorOptions) {
    super(message ?? `The ${phase} deadline of ${String(ms)} ms passed`, options);
    this.phase = phase;
    this.ms = ms;
  }
}

/** The stream ended: by end-of-file, or by an error of the operating system, kept in `cause`. */
export class ClosedError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'ClosedError';

  readonly code = 'ERR_CLOSED';
  /** Whether this side asked for the end, or announced it (`disconnect()`, QMP `quit`). */
  readonly expected: boolean;

  constructor(message: string, options: { expected?: boolean; cause?: unknown } = {}) {
    super(message, withSafeCause(options));
    this.expected = options.expected ?? false;
  }
}

/** Bytes that are not a message, or a message that cannot be encoded. */
export class CodecError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'CodecError';

  readonly code = 'ERR_CODEC';
  /**
   * The first 1024 of the offending bytes; empty when a message could not be encoded. Not printed with the
   * error: they may hold secrets.
   */
  declare readonly raw: Uint8Array;

  constructor(message: string, raw: Uint8Array = new Uint8Array(), options?: ErrorOptions) {
    super(printable(message), withSafeCause(options));
    // A copy: a view would keep the whole chunk in memory.
    setUnprinted(this, 'raw', new Uint8Array(raw.subarray(0, 1024)));
  }
}

/** A buffer would have exceeded its bound. */
export class LimitError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'LimitError';

  readonly code = 'ERR_LIMIT';
  /** The bound: bytes, or entries where the buffer holds entries. */
  readonly limit: number;
  /** The size that was needed; a lower bound when the message has not been received completely. */
  readonly actual: number;

  constructor(message: string, limit: number, actual: number) {
    super(printable(message));
    this.limit = limit;
    this.actual = actual;
  }
}

/** A user's callback threw, or its promise rejected; `cause` is what it threw. */
export class HandlerError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'HandlerError';

  readonly code = 'ERR_HANDLER';

  /** @param callback - The name of the callback, as the user knows it (`onMessage`, `inbound`, …). */
  constructor(callback: string, cause: unknown) {
    super(`The callback ${callback} threw: ${describe(cause)}`, { cause: keptReason(cause) });
  }
}

/**
 * The peer cannot be used at the moment, by the rules of the protocol. Throw it in a callback when the peer
 * refuses you ("the database system is starting up"), or give it to `fail()` when the peer breaks the
 * rules ("no heartbeat"). The session, or the attempt, ends with it, and `supervise()` tries again if it is
 * `retryable`. `fail()` makes one of anything that is not a `WirechartError`.
 *
 * @example
 * throw new RefusedError('The password is wrong', { retryable: false });
 */
export class RefusedError extends WirechartError {
  /** @internal */
  static override readonly name: string = 'RefusedError';

  readonly code = 'ERR_REFUSED';
  /** Whether the peer may accept later what it has refused now. */
  override readonly retryable: boolean;

  /** @param options - `retryable`: default true. `cause`: what caused it. */
  constructor(message: string, options: ErrorOptions & { readonly retryable?: boolean } = {}) {
    super(printable(message), 'cause' in options ? { cause: options.cause } : undefined);
    this.retryable = options.retryable ?? true;
  }
}

/** What a user's callback threw: an error of this library as it is, anything else as a `HandlerError`. */
export function handlerError(callback: string, thrown: unknown): WirechartError {
  return isWirechartError(thrown) ? thrown : new HandlerError(callback, thrown);
}

/**
 * Why `fail()` ends a session: an error of this library as it is, anything else as a `RefusedError`, which
 * is retryable unless the reason itself says that it is not.
 */
export function toFailure(reason: unknown): WirechartError {
  if (isWirechartError(reason)) return reason;
  const text = reason === undefined ? 'The session was failed, without a reason' : describe(reason);
  const retryable = memberOf(reason, 'retryable') !== false;
  return new RefusedError(text, { cause: keptReason(reason), retryable });
}

/** What was thrown, or a reason, as a `cause`: cut if it is a huge text. */
const keptReason = (thrown: unknown): unknown =>
  typeof thrown === 'string' ? cutText(thrown, MAX_KEPT_CHARACTERS) : thrown;

/** Whether a value is a `ConnectError` of any copy of the package; so for the other classes below. */
export const isConnectError = (value: unknown): value is ConnectError =>
  isWirechartError(value) && (value.code === 'ERR_CONNECT' || value.code === 'ERR_CONNECT_ABORTED');

export const isCodecError = (value: unknown): value is CodecError =>
  isWirechartError(value) && value.code === 'ERR_CODEC';

export const isStateError = (value: unknown): value is StateError =>
  isWirechartError(value) && value.code === 'ERR_STATE';

export const isClosedError = (value: unknown): value is ClosedError =>
  isWirechartError(value) && value.code === 'ERR_CLOSED';

export const isHandlerError = (value: unknown): value is HandlerError =>
  isWirechartError(value) && value.code === 'ERR_HANDLER';
