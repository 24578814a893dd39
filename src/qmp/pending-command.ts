/** A command that waits for its reply, in two forms: for `execute()` and for `executeMessage()`. */

import type { JsonValue } from '../codecs/json.ts';
import { ExecuteError } from './errors.ts';
import type { QmpReply } from './types.ts';

/** Settled once, by one of its methods. Classes implement it, not closures: one is created per command. */
export interface PendingCommand {
  /** The command's name. */
  readonly name: string;
  settle(reply: QmpReply): void;
  reject(error: unknown): void;
}

/** Resolves with the return value; an error reply rejects with an `ExecuteError`. */
export class PendingReturn implements PendingCommand {
  readonly name: string;
  readonly #resolve: (value: JsonValue) => void;
  readonly #reject: (error: unknown) => void;

  constructor(name: string, resolve: (value: JsonValue) => void, reject: (error: unknown) => void) {
    this.name = name;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(reply: QmpReply): void {
    if ('error' in reply) this.#reject(new ExecuteError(this.name, reply));
    else this.#resolve(reply.return);
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}

/** Resolves with the whole reply, under the id of the caller's message, if it had one. */
export class PendingReply implements PendingCommand {
  readonly name: string;
  readonly #id: JsonValue | undefined;
  readonly #resolve: (reply: QmpReply) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    name: string,
    id: JsonValue | undefined,
    resolve: (reply: QmpReply) => void,
    reject: (error: unknown) => void,
  ) {
    this.name = name;
    this.#id = id;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  settle(reply: QmpReply): void {
    const outcome = 'error' in reply ? { error: reply.error } : { return: reply.return };
    this.#resolve(this.#id === undefined ? outcome : { ...outcome, id: this.#id });
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}
