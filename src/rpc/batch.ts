/** Several requests and notifications in one message. */

import { type Deferred, deferHandled, rejectHandled } from '../async/deferred.ts';
import { ArgumentError } from '../core/errors.ts';
import type { RpcMessage, RpcRequest } from './messages.ts';

/** Collects the messages of one batch, until it is sent. */
export class Batch {
  readonly #messages: RpcRequest[] = [];
  readonly #sent: Deferred<void> = deferHandled();
  #isOver = false;

  /** Adds a message. The promise settles when the batch has been sent. */
  readonly add = (message: RpcRequest): Promise<void> => {
    if (this.#isOver) {
      return rejectHandled(
        new ArgumentError('The batch was sent when its callback returned; add to it before that'),
      );
    }
    this.#messages.push(message);
    return this.#sent.promise;
  };

  /** Sends all messages as one; nothing if there are none. */
  send(send: (message: RpcMessage) => Promise<void>): void {
    this.#isOver = true;
    if (this.#messages.length === 0) return;
    send(this.#messages).then(this.#sent.resolve, this.#sent.reject);
  }

  /** Sends nothing: all calls fail. */
  fail(reason: unknown): void {
    this.#isOver = true;
    this.#sent.reject(reason);
  }
}
