/** The types of methods: an interface of functions describes the methods of one side. */

import type { Names } from '../core/options.ts';
import type { JsonValue } from '../codecs/json.ts';
import type { Session, WaitOptions } from '../core/types.ts';
import type { RpcMessage } from './messages.ts';

/**
 * The methods of one side, requests and notifications alike: an interface of functions, for the types of
 * `request()`, `notify()` and `handle()`.
 */
export type RpcMethods = object;

/** Any methods, without types. */
export type AnyMethods = Readonly<Record<string, (params?: unknown) => unknown>>;

/** The names of the methods of an `RpcMethods` interface. */
export type MethodName<Methods extends RpcMethods> = keyof Methods & string;
/** The parameters of a method of an `RpcMethods` interface. */
export type MethodParams<Method> = Method extends (params: infer P) => unknown ? P : unknown;
/** The result of a method of an `RpcMethods` interface. */
export type MethodResult<Method> = Method extends (...args: never) => infer R
  ? Awaited<R>
  : unknown;
/** What `request()` takes after the name; the parameters may be left out where the method says so. */
export type RequestArguments<Method> =
  undefined extends MethodParams<Method>
    ? [params?: MethodParams<Method>, options?: RequestOptions]
    : [params: MethodParams<Method>, options?: RequestOptions];
/** What `notify()` takes after the name. */
export type NotifyArguments<Method> =
  undefined extends MethodParams<Method>
    ? [params?: MethodParams<Method>]
    : [params: MethodParams<Method>];

/** The options of `request()`. */
export interface RequestOptions extends WaitOptions {
  /** A deadline for the reply, in ms. Default: `timeout` of the constructor, or none. */
  readonly timeout?: number | undefined;
  /**
   * Called with each report of progress. The request then asks for them, as `cancel` says; its parameters must
   * be an object or left out. What it throws goes to `onHandlerError`.
   */
  readonly onProgress?: ((value: unknown) => void) | undefined;
}

export const REQUEST_OPTIONS: Names<RequestOptions> = {
  signal: true,
  timeout: true,
  onProgress: true,
};

/**
 * Sends requests and notifications. Both members can be destructured.
 *
 * @typeParam Remote - The methods of the peer.
 */
export interface RpcSender<Remote extends RpcMethods = AnyMethods> {
  /** As `JsonRpc.request()`. */
  readonly request: <Method extends MethodName<Remote>>(
    method: Method,
    ...args: RequestArguments<Remote[Method]>
  ) => Promise<MethodResult<Remote[Method]>>;
  /** As `JsonRpc.notify()`. */
  readonly notify: <Method extends MethodName<Remote>>(
    method: Method,
    ...args: NotifyArguments<Remote[Method]>
  ) => Promise<void>;
}

/**
 * The session of the handshake and the farewell of a class that extends `JsonRpc`: a `Session` that also sends
 * requests and notifications. The messages of the peer go to their handlers meanwhile, so `receive()` rejects
 * with a `StateError`. All members can be destructured.
 *
 * @typeParam Remote - The methods of the peer.
 * @typeParam Negotiated - What the handshake has resolved with; `undefined` in the handshake itself.
 */
export interface RpcSession<Remote extends RpcMethods = AnyMethods, Negotiated = undefined>
  extends Session<JsonValue, RpcMessage, Negotiated>, RpcSender<Remote> {}
