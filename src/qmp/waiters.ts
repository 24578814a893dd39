/** Who waits for a reply, and what they are given of it. */

import type { JsonValue } from '../codecs/json.ts';
import { ExecuteError } from './errors.ts';
import type { QmpReply } from './types.ts';

/**
 * Called once. An object with two methods and no closures of its own, since there is one for every
 * command.
 */
export interface Waiter {
  /** The command's name. */
  readonly name: string;
  answer(reply: QmpReply): void;
  reject(error: unknown): void;
}

/** Waits for what a command returns. */
export class ReturnWaiter implements Waiter {
  readonly name: string;
  readonly #resolve: (value: JsonValue) => void;
  readonly #reject: (error: unknown) => void;

  constructor(name: string, resolve: (value: JsonValue) => void, reject: (error: unknown) => void) {
    this.name = name;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  answer(reply: QmpReply): void {
    if ('error' in reply) this.#reject(new ExecuteError(this.name, reply));
    else this.#resolve(reply.return);
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}

/** Waits for a whole reply, which has the id that the caller's message had, if any. */
export class ReplyWaiter implements Waiter {
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

  answer(reply: QmpReply): void {
    const outcome = 'error' in reply ? { error: reply.error } : { return: reply.return };
    this.#resolve(this.#id === undefined ? outcome : { ...outcome, id: this.#id });
  }

  reject(error: unknown): void {
    this.#reject(error);
  }
}
