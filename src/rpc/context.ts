/** What a handler is given beside the parameters. */

import type { RpcDialect } from './dialects.ts';
import type { RpcId } from './messages.ts';

/** What a handler may do beside returning its result. All members can be destructured. */
export interface HandlerContext {
  /** The id of the request; `undefined` for a notification. */
  readonly id: RpcId | undefined;
  /** The method that was called. */
  readonly method: string;
  /**
   * Aborted when the peer cancels the request, and when the session ends; its reason is an `AbortError`, or the
   * cause of the end.
   */
  readonly signal: AbortSignal;
  /** Reports progress, if the request asks for it; in MCP the value is an object. Never throws. */
  readonly progress: (value: unknown) => void;
}

/** How a context reports progress. */
export interface ContextOptions {
  readonly dialect: RpcDialect | undefined;
  readonly notify: (method: string, params: object) => void;
}

/** The context of one call. */
export class RunningContext implements HandlerContext {
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly #params: unknown;
  readonly #options: ContextOptions;
  #controller: AbortController | undefined;
  #abortReason: { readonly reason: unknown } | undefined;
  #isCancelled = false;
  #isOver = false;

  constructor(id: RpcId | undefined, method: string, params: unknown, options: ContextOptions) {
    this.id = id;
    this.method = method;
    this.#params = params;
    this.#options = options;
  }

  /** The id of a request. */
  get requestId(): RpcId {
    return this.id ?? null;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Whether the session has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Created when it is asked for: an `AbortController` is expensive, and most handlers need none. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason.reason);
    return this.#controller.signal;
  }

  readonly progress = (value: unknown): void => {
    const { dialect, notify } = this.#options;
    const token = dialect?.tokenIn(this.#params);
    if (dialect === undefined || token === undefined || this.#isOver) return;
    notify(dialect.progressMethod, dialect.progressParams(token, value));
  };

  abort(reason: Error): void {
    this.#isCancelled = true;
    this.#abortReason = { reason };
    this.#controller?.abort(reason);
  }

  end(reason: unknown): void {
    this.#isOver = true;
    this.#abortReason ??= { reason };
    this.#controller?.abort(reason);
  }

  throwIfCancelled(): void {
    if (this.#abortReason !== undefined) throw this.#abortReason.reason;
  }
}
