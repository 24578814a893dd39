/** One call that waits for its reply. */

import { defer, markHandled } from '../async/deferred.ts';
import { rejectHandedOut } from '../async/rejection.ts';
import { isWirechartError } from '../core/errors.ts';
import type { CallTrace, PendingCall } from './call-options.ts';

const unset = (): void => undefined;

/** Turns a reply into what its call resolves with. */
export type Parse<Reply, Result> = (reply: Reply, name: string) => Result;

/** One object and one promise per call: it is on the path of every request. */
export class PendingReply<Key, Reply, Result = Reply> implements PendingCall<Key> {
  readonly key: Key | undefined;
  readonly name: string | undefined;
  /** What the caller gets. It may be ignored: its rejection is then no unhandled one. */
  readonly promise: Promise<Result>;
  /** Whether the call has been settled, or given up. */
  isSettled = false;
  /** Removes the timer and the listener on the signal. */
  release: (() => void) | undefined;
  readonly #parse: Parse<Reply, Result> | undefined;
  readonly #trace: CallTrace | undefined;
  #resolve: (value: unknown) => void = unset;

  /** @param parse - Must be there if the result is not the reply. */
  constructor(
    key: Key | undefined,
    name: string | undefined,
    parse?: Parse<Reply, Result>,
    trace?: CallTrace,
  ) {
    this.key = key;
    this.name = name;
    this.#parse = parse;
    this.#trace = trace;
    this.promise = new Promise((resolve) => {
      // What `parse` returns is a result.
      this.#resolve = resolve as (value: unknown) => void;
    });
  }

  /** Settles the call with its reply. Returns whether it was accepted. */
  settle(reply: Reply): boolean {
    const parse = this.#parse;
    let result: unknown = reply;
    if (parse !== undefined) {
      try {
        result = parse(reply, this.name ?? 'the request');
      } catch (error) {
        this.reject(error);
        return false;
      }
    }
    this.#end();
    this.#trace?.finish();
    this.#resolve(result);
    return true;
  }

  /** Rejects with an error for this call alone: the stack of one of ours will name the caller. */
  reject(error: unknown): void {
    if (!isWirechartError(error)) {
      this.rejectAsIs(error);
      return;
    }
    this.#end();
    this.#trace?.finish(error);
    rejectHandedOut(this.promise, this.#resolve, error);
  }

  /** Rejects with anything, such as the reason of a signal. */
  rejectAsIs(reason: unknown): void {
    this.#end();
    this.#trace?.finish(reason);
    const rejected = defer<never>();
    rejected.reject(reason);
    void markHandled(this.promise);
    this.#resolve(rejected.promise);
  }

  #end(): void {
    this.isSettled = true;
    this.release?.();
    this.release = undefined;
  }
}
