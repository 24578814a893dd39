/** What calls are given: the options of `Calls` and of each call. */

import type { ClosedError, StateError, TimeoutError } from '../core/errors.ts';
import type { Names } from '../core/options.ts';
import type { SessionOutcome, WaitOptions } from '../core/types.ts';

/** The options of `call()`. */
export interface CallOptions<Key> extends WaitOptions {
  /** What the reply will be found by. Without it, the call is settled in the order of the calls without one. */
  readonly key?: Key | undefined;
  /** A deadline for the reply, in ms. Default: that of the constructor's options, or none. */
  readonly timeout?: number | undefined;
  /** What is called, for error texts: `GET`, `initialize`. */
  readonly name?: string | undefined;
  /** @internal Told how the call ends, just before its caller is. */
  readonly trace?: CallTrace | undefined;
}

/** The options of a call that does not resolve with the reply as it is. */
export interface ParsedCallOptions<Key, Reply, Result> extends CallOptions<Key> {
  /**
   * Turns the reply into what the call resolves with. What it throws rejects this call, and the session goes on.
   * It is called during `settle()`.
   *
   * @param name - That of the call.
   */
  readonly parse: (reply: Reply, name: string) => Result;
}

/** Publishes how a call ends. */
export interface CallTrace {
  /** @param error - Why it has failed. */
  finish(error?: unknown): void;
}

/** A call that waits for its reply, as the callbacks of `CallsOptions` get it. */
export interface PendingCall<Key> {
  /** `CallOptions.name`. */
  readonly name: string | undefined;
  /** `CallOptions.key`. */
  readonly key: Key | undefined;
}

/** The options of `new Calls()`. */
export interface CallsOptions<Key, Reply = never> {
  /** The deadline of calls that are given none, in ms. Default: none; the wait ends with the session. */
  readonly timeout?: number | undefined;
  /**
   * Called when a call with a key was sent and is given up, by its signal or its deadline: the place to send
   * the cancel message of the protocol. What it throws is ignored.
   */
  readonly cancel?: ((key: Key, reason: unknown) => void) | undefined;
  /**
   * Returns the error that a call rejects with, in place of one of the engine: a `TimeoutError` at its deadline, a
   * `StateError` when there is no session to send it in, a `ClosedError` when the session has ended before its
   * reply. With `undefined`, the call rejects with the engine's; if it throws, with that.
   */
  readonly explain?:
    ((error: CallFailure, call: PendingCall<Key>) => Error | undefined) | undefined;
  /**
   * Called for each call that is pending when the session ends. Returns a reply, as if it had arrived, for a
   * request that the peer may answer by ending the stream, such as `QUIT`; or `undefined`, and the call rejects.
   * If it throws, the call rejects with that. Default: all calls reject.
   */
  readonly onEnd?:
    ((call: PendingCall<Key>, outcome: SessionOutcome) => Reply | undefined) | undefined;
}

/** The errors of the engine that a call rejects with. */
export type CallFailure = TimeoutError | StateError | ClosedError;

/** The names of `CallsOptions`. */
export const CALLS_OPTIONS: Names<CallsOptions<unknown>> = {
  timeout: true,
  cancel: true,
  explain: true,
  onEnd: true,
};

/** The names of `CallOptions`. */
export const CALL_OPTIONS: Names<ParsedCallOptions<unknown, never, unknown>> = {
  key: true,
  timeout: true,
  name: true,
  parse: true,
  signal: true,
  trace: true,
};
