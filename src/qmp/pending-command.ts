/** A command that waits for its reply, in two forms: for `execute()` and for `executeMessage()`. */

import { defer, markHandled } from '../async/deferred.ts';
import { rejectHandedOut } from '../async/rejection.ts';
import type { JsonValue } from '../codecs/json.ts';
import type { WirechartError } from '../core/errors.ts';
import { ExecuteError } from './errors.ts';
import type { QmpReply } from './types.ts';

/** Settled once, by one of its methods. */
export interface PendingCommand {
  /** The command's name. */
  readonly name: string;
  settle(reply: QmpReply): void;
  /** Rejects with an error that was created for this command alone: its stack will name the caller. */
  fail(error: WirechartError): void;
  /** Rejects with an error as it is: one that was created during the call, or by the caller. */
  reject(error: unknown): void;
}

const unset = (): void => undefined;

/** One object and one promise per command: it is on the path of every command. */
abstract class Pending<T> implements PendingCommand {
  readonly name: string;
  /** What the caller gets. It may be ignored: its rejection is then no unhandled one. */
  readonly promise: Promise<T>;
  protected resolve: (value: T | PromiseLike<T>) => void = unset;

  constructor(name: string) {
    this.name = name;
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  abstract settle(reply: QmpReply): void;

  fail(error: WirechartError): void {
    rejectHandedOut(this.promise, this.resolve, error);
  }

  reject(error: unknown): void {
    const rejected = defer<never>();
    rejected.reject(error);
    void markHandled(this.promise);
    this.resolve(rejected.promise);
  }
}

/** Resolves with the return value; an error reply rejects with an `ExecuteError`. */
export class PendingReturn extends Pending<JsonValue> {
  settle(reply: QmpReply): void {
    if ('error' in reply) this.fail(new ExecuteError(this.name, reply));
    else this.resolve(reply.return);
  }
}

/** Resolves with the whole reply, under the id of the caller's message, if it had one. */
export class PendingReply extends Pending<QmpReply> {
  readonly #id: JsonValue | undefined;

  constructor(name: string, id: JsonValue | undefined) {
    super(name);
    this.#id = id;
  }

  settle(reply: QmpReply): void {
    const outcome = 'error' in reply ? { error: reply.error } : { return: reply.return };
    this.resolve(this.#id === undefined ? outcome : { ...outcome, id: this.#id });
  }
}
