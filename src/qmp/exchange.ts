/** Commands out, replies in: ids, and what a `quit` means for the end of the session. */

import type { JsonObject } from '../codecs/json.ts';
import { ClosedError } from '../core/errors.ts';
import { ACCEPTED } from '../async/deferred.ts';
import type { Clock } from '../core/types.ts';
import type { AsyncProtocol } from '../protocol/async-protocol.ts';
import { checkTimeout } from '../async/timer.ts';
import type { SessionOutcome } from '../core/types.ts';
import { Replies, type ReplyOptions } from './replies.ts';
import type { QmpCommand } from './types.ts';
import type { Waiter } from './waiters.ts';

/** See the module's comment. */
export class Exchange {
  readonly #protocol: AsyncProtocol<JsonObject, QmpCommand>;
  readonly #replies: Replies;
  /** Makes the ids of commands. */
  readonly nextId: () => number;

  constructor(
    protocol: AsyncProtocol<JsonObject, QmpCommand>,
    nextId: () => number,
    clock: Clock | undefined,
  ) {
    this.#protocol = protocol;
    this.nextId = nextId;
    this.#replies = new Replies(clock);
  }

  /**
   * Sends a command that has the id, and waits for its reply.
   *
   * @throws {ArgumentError} When the timeout cannot be used.
   * @throws `signal.reason`, when the signal was aborted.
   */
  send(id: number, message: QmpCommand, waiter: Waiter, options: ReplyOptions | undefined): void {
    options?.signal?.throwIfAborted();
    checkTimeout(options?.timeout);
    const isQuit = waiter.name === 'quit';
    if (isQuit) this.#protocol.expectEnd();
    this.#replies.expect(id, isQuit ? this.#obedient(waiter) : waiter, options);
    const sent = this.#protocol.send(message);
    // Nearly all are, and another promise for each would cost as much as the sending.
    if (sent === ACCEPTED) return;
    sent.catch((error: unknown) => {
      // An error of the session interrupts all commands alike, when it has ended: also this one, which
      // was accepted, and waited for room.
      if (error instanceof ClosedError || error === this.#protocol.outcome?.cause) return;
      if (isQuit) this.#protocol.expectEnd(false);
      this.#replies.reject(id, error);
    });
  }

  /** Gives a message to the command that it answers; says whether there was one. */
  settle(message: JsonObject): boolean {
    return this.#replies.settle(message['id'], message);
  }

  /** The end that comes now is ours: it answers nothing. */
  dismissQuit(): void {
    this.#replies.dismissQuit();
  }

  /** The session is over: the commands that wait are interrupted. */
  end({ cause }: SessionOutcome): void {
    const ended = new ClosedError('The session was disconnected', { expected: true });
    this.#replies.end(cause ?? ended, cause === undefined);
  }

  /** The end that was announced does not come from a server that refuses. */
  #obedient(waiter: Waiter): Waiter {
    return {
      name: waiter.name,
      reject: (error) => {
        waiter.reject(error);
      },
      answer: (reply) => {
        if ('error' in reply) this.#protocol.expectEnd(false);
        waiter.answer(reply);
      },
    };
  }
}
