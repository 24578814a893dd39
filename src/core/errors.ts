/**
 * Every error that the library hands to a caller.
 *
 * One root, `WirechartError`, with a closed union of `code`s; the error that caused it is in `cause`.
 * Errors of the operating system and of the user's callbacks never reach a caller bare: they are the
 * `cause` of one of these. (The one exception is asked for: a wait that was given an `AbortSignal`
 * rejects with `signal.reason` itself.)
 */

import type { Runstate } from './runstate.ts';
import type { ServerState } from './server-state.ts';

/** Where an attempt to connect failed: before there was a stream, or on it. */
export type ConnectPhase = 'connection' | 'session';

/** What a deadline was for. `execute` and `wait` are deadlines that a caller set on one call. */
export type TimeoutPhase =
  'connect' | 'accept' | 'handshake' | 'flush' | 'close' | 'drain' | 'execute' | 'wait';

/** The closed union of `WirechartError.code`. */
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
  | 'ERR_PROCESS'
  | 'ERR_QMP_GREETING'
  | 'ERR_QMP_NEGOTIATION'
  | 'ERR_QMP_EXECUTE'
  | 'ERR_QMP_INTERRUPTED'
  | 'ERR_QMP_BAD_REPLY'
  | 'ERR_QMP_SERVER_PARSE'
  | 'ERR_QMP_BUSY';

/** The root of all errors of this library; never thrown itself. */
export abstract class WirechartError extends Error {
  /** Which error this is, for a `switch` that the compiler can check for completeness. */
  abstract readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A method was called in a state that does not allow it. Nothing has changed. */
export class StateError extends WirechartError {
  readonly code = 'ERR_STATE';
  /** The state at the time of the call: of a connection, or of a server. */
  readonly state: Runstate | ServerState;
  /** The state in which the call is legal. */
  readonly required: Runstate | ServerState;

  constructor(message: string, state: StateError['state'], required: StateError['required']) {
    super(message);
    this.state = state;
    this.required = required;
  }
}

/**
 * `connect()`, `listen()` or `accept()` did not lead to a session; the machine is `IDLE` again and
 * `cause` says why. Its code is `ERR_CONNECT_ABORTED` when `disconnect()` or an `AbortSignal`
 * ended the attempt, else `ERR_CONNECT`.
 */
export class ConnectError extends WirechartError {
  readonly code: 'ERR_CONNECT' | 'ERR_CONNECT_ABORTED';
  /** `connection`: dialling, binding, accepting. `session`: the handshake on an open stream. */
  readonly phase: ConnectPhase;
  /**
   * Whether the same attempt may succeed later: `true` for refused, absent, reset and late peers and
   * those that left in the middle of a message, `false` where a retry would meet the same answer (wrong greeting, certificate, address, …).
   */
  readonly retryable: boolean;

  constructor(phase: ConnectPhase, cause: unknown, code: ConnectError['code'] = 'ERR_CONNECT') {
    const why =
      code === 'ERR_CONNECT_ABORTED'
        ? 'the attempt was ended by disconnect(), close() or an AbortSignal'
        : describe(cause);
    super(`Failed to establish ${phase}: ${why}`, { cause });
    this.code = code;
    this.phase = phase;
    this.retryable = code === 'ERR_CONNECT' && isRetryable(cause);
  }
}

/** An address, an option or a stream that cannot be used; `message` says which and why. */
export class ArgumentError extends WirechartError {
  readonly code = 'ERR_ARGUMENT';
}

/** A deadline passed. */
export class TimeoutError extends WirechartError {
  readonly code: 'ERR_TIMEOUT' | 'ERR_QMP_BUSY' = 'ERR_TIMEOUT';
  /** What was waited for. */
  readonly phase: TimeoutPhase;
  /** The deadline, in milliseconds. */
  readonly ms: number;

  constructor(phase: TimeoutPhase, ms: number, message?: string) {
    super(message ?? `The ${phase} deadline of ${String(ms)} ms passed`);
    this.phase = phase;
    this.ms = ms;
  }
}

/** The stream ended: by end-of-file, or by an error of the operating system, kept in `cause`. */
export class ClosedError extends WirechartError {
  readonly code = 'ERR_CLOSED';
  /** Whether this side had asked for the end, or announced it (`disconnect()`, QMP `quit`). */
  readonly expected: boolean;

  constructor(message: string, options: { expected?: boolean; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.expected = options.expected ?? false;
  }
}

/** Bytes that are not a message, or a message that cannot be made into bytes. */
export class CodecError extends WirechartError {
  readonly code = 'ERR_CODEC';
  /** The offending bytes (at most the first 1024 of them); empty when a message failed to encode. */
  readonly raw: Uint8Array;

  constructor(message: string, raw: Uint8Array = new Uint8Array(), options?: ErrorOptions) {
    super(message, options);
    // A copy, also of a Buffer, whose slice() is a view that would keep a large memory alive.
    this.raw = new Uint8Array(raw.subarray(0, 1024));
  }
}

/** A buffer would have grown past its bound. */
export class LimitError extends WirechartError {
  readonly code = 'ERR_LIMIT';
  /** The bound: bytes, or entries where the buffer holds entries. */
  readonly limit: number;
  /** What was asked for; at least this much, where the rest has not been seen. */
  readonly actual: number;

  constructor(message: string, limit: number, actual: number) {
    super(message);
    this.limit = limit;
    this.actual = actual;
  }
}

/** A callback of the user's threw, or its promise rejected; `cause` is what it threw. */
export class HandlerError extends WirechartError {
  readonly code = 'ERR_HANDLER';

  /** @param callback - The name of the callback, as the user wrote it (`onMessage`, `inbound`, …). */
  constructor(callback: string, cause: unknown) {
    super(`The callback ${callback} threw: ${describe(cause)}`, { cause });
  }
}

/** How a process ended. Both are `null` when it could not be started. */
export interface ProcessExit {
  /** Its exit code; `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it, or `null`. */
  readonly signal: NodeJS.Signals | null;
  /** The last of what it wrote to its standard error, as far as that was captured. */
  readonly stderr: string;
}

/**
 * A process that we spoke with could not be started (`cause` says why), or has ended; `message` says
 * how, and what it said last. An attempt that failed for it is `retryable` when a signal ended it or
 * the system had run short of something, and is not when the program is missing or has given up with
 * an exit code of its own. A retry needs a new process.
 */
export class ProcessError extends WirechartError implements ProcessExit {
  readonly code = 'ERR_PROCESS';
  /** The program, as it was named. */
  readonly command: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;

  constructor(command: string, exit: ProcessExit, options?: ErrorOptions) {
    const words = exit.stderr.trim();
    super(`${command} ${fateOf(exit, options)}${words && `: ${words}`}`, options);
    this.command = command;
    this.exitCode = exit.exitCode;
    this.signal = exit.signal;
    this.stderr = exit.stderr;
  }
}

function fateOf({ exitCode, signal }: ProcessExit, options: ErrorOptions | undefined): string {
  if (signal !== null) return `was ended by ${signal}`;
  if (exitCode !== null) return `exited with code ${String(exitCode)}`;
  return `could not be started: ${describe(options?.cause)}`;
}

/** What a callback of the user's threw, as the library passes it on: its own errors as they are. */
export function handlerError(callback: string, thrown: unknown): WirechartError {
  return thrown instanceof WirechartError ? thrown : new HandlerError(callback, thrown);
}

const TRANSIENT = new Set([
  'EAGAIN',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENFILE',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What the system lacks for a moment; ENOENT and its like are a missing program, and stay so. */
const SHORTAGES = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

const isShortage = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && SHORTAGES.has(String(cause.code));

/** Whether an attempt that failed with `cause` may succeed when it is made again, unchanged. */
function isRetryable(cause: unknown): boolean {
  if (cause instanceof TimeoutError) return true;
  if (cause instanceof ProcessError) return cause.signal !== null || isShortage(cause.cause);
  // A plain end may be anything; an error that ended the stream says more.
  if (cause instanceof ClosedError) return cause.cause === undefined || isRetryable(cause.cause);
  // A message that was cut is not wrong, only not whole.
  if (cause instanceof CodecError) return cause.cause instanceof ClosedError;
  // What Node throws when every address of a name was tried in vain.
  if (cause instanceof AggregateError) return cause.errors.some(isRetryable);
  return cause instanceof Error && 'code' in cause && TRANSIENT.has(String(cause.code));
}

/** The text of anything that was thrown; the name of its type where it has no text. */
export function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return textOf(thrown);
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map(describe).join('; ') || thrown.name;
  }
  return thrown.message || thrown.name;
}

/** `String(value)`, for values that may have no text (a null prototype, a `toString` that throws). */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `an unprintable ${typeof value}`;
  }
}
